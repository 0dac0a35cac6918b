"""The whole way from a folder of videos with subtitles to a corpus of clips: the order of the steps."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from hdvila.corpus.choice.balance import CategoryHours
from hdvila.corpus.choice.choose import choose
from hdvila.corpus.cutting import cut_into, store_for
from hdvila.corpus.describe import describe
from hdvila.corpus.failures import (
    STEPS,
    Failure,
    StepSummary,
    merge_failures,
    read_failures,
    summarise,
)
from hdvila.corpus.ledger import record_run
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sentences import SentenceNotes, Sentences
from hdvila.corpus.sources.collect import collect
from hdvila.corpus.sources.fetch import Downloader
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.stored import KNOWN, as_before
from hdvila.errors import require
from hdvila.progress import SILENT, Reporter

_DEFAULTS = CorpusOptions()


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What came of a build.

    Attributes:
        videos: found in the source (with `retry_failed` only those that are stored or tried again).
        added, unchanged, changed: put into the corpus by this run; there before; there before, but the source has now
            another file under that id, so that it is among the failures too.
        clips, hours: of the whole corpus now.
        failures: videos that are not in the corpus, each with step and reason; also those left out on purpose.
        steps: how many videos went into and came out of each step, and why the rest did not.
        sentences: what became of those of all videos in the corpus.
        categories: hours before and after the balance, where one was asked for.
        contaminated: videos that are in the corpus and should not be: they were excluded after they had been stored.
        remarked: videos whose words this run took from another file than the first (`passed_over`), of whose words
            something was left out or guessed (`notes`), or of which the source gives bounds that bound nothing
            (`refused_clips`).
    """

    videos: int
    added: int
    unchanged: int
    changed: int
    clips: int
    hours: float
    failures: tuple[Failure, ...]
    steps: tuple[StepSummary, ...] = ()
    sentences: Sentences = field(default_factory=Sentences)
    categories: tuple[CategoryHours, ...] = ()
    contaminated: tuple[Failure, ...] = ()
    remarked: tuple[SourceVideo, ...] = ()

    @property
    def failed(self) -> int:
        """Videos with which something is wrong."""
        return sum(failure.is_fault for failure in self.failures)

    @property
    def left_out(self) -> int:
        """Good videos that were left out: excluded, too many of their category, or without subtitles."""
        return len(self.failures) - self.failed


def build_corpus(
    source: str | os.PathLike[str],
    into: str | os.PathLike[str],
    *,
    options: CorpusOptions = _DEFAULTS,
    retry_failed: bool = False,
    download: Downloader | None = None,
    reporter: Reporter = SILENT,
) -> BuildReport:
    """Cut the videos of a folder or manifest into clips with text, and store both resolutions of each.

    Videos that are in the corpus already are left alone, so a job that was killed goes on where it was, with the same
    result, and new videos are added. A video that cannot be used is listed in ``failures.parquet`` with its reason, and
    tried again the next time. What shapes clips and pictures is fixed by the first build of a corpus; which videos are
    taken may differ from build to build, and ``build.json`` keeps an account of it. With more than one worker, a script
    that calls this needs the usual ``if __name__ == "__main__":``.

    Args:
        source: a folder of videos, or a manifest (see `hdvila.corpus.sources.collect`).
        into: the corpus folder; made if it is not there, continued if it is.
        options: what is taken, lengths, sizes, rates and the number of processes.
        retry_failed: take only the videos that ``failures.parquet`` lists.
        download: what fetches a url where `options.downloads` is given; default: yt-dlp.
        reporter: hears of each video.

    Raises:
        UsageError: the source or a list of excluded videos cannot be read.
        MissingDependency: an optional package is needed for what is asked.
        StoreError: the corpus cannot be written, was built with other settings, or another process writes to it.
    """
    root = Path(into)
    require("jinja2", extra="corpus")  # its last step needs it; without matplotlib the report alone is left out
    videos, failures = collect(source, options.root, options.downloads, options.track)
    with store_for(root, options) as (writer, options):
        known = writer.videos(KNOWN)
        if Path(source).is_dir():
            videos = as_before(videos, known)
        if retry_failed:
            failed = {failure.video for failure in read_failures(root)}
            failures = [failure for failure in failures if failure.video in failed]
            videos = [video for video in videos if video.video_id in failed | writer.done_videos]
        looked_at = {video.video_id for video in videos} | {failure.video for failure in failures}
        found = len(videos) + len(failures)
        choice = choose(videos, root, known, options, download, reporter)
        failures += [*choice.changed, *choice.failures]
        others = {"stored": len(choice.stored), "failed": sum(failure.is_fault for failure in failures)}
        failures += cut_into(writer, choice.fresh, options, reporter, **others)
    failures.sort(key=lambda failure: failure.video)
    merge_failures(root, failures, looked_at, writer.done_videos)
    sentences = SentenceNotes(root).publish(writer.done_videos)
    steps = summarise(found, failures, _steps(options))
    name = Path(source).resolve().name
    wrong = record_run(root, name, options, steps, choice.contaminated, writer.done_videos)
    stats = describe(root, reporter=reporter)
    unchanged = len(choice.stored) - len(choice.changed)
    return BuildReport(
        videos=found,
        added=found - len(failures) - unchanged,
        unchanged=unchanged,
        changed=len(choice.changed),
        clips=stats["clips"],
        hours=stats["hours"],
        failures=tuple(failures),
        steps=steps,
        sentences=sentences,
        categories=choice.categories,
        contaminated=tuple(wrong),
        remarked=tuple(video for video in choice.fresh if video.passed_over or video.notes or video.refused_clips),
    )


def _steps(options: CorpusOptions) -> list[str]:
    """The steps that a build with these options takes."""
    asked = {
        "fetch": options.downloads is not None,
        "exclude": bool(options.exclude or options.exclude_like),
        "balance": options.hours_per_category is not None,
    }
    return [step for step in STEPS if asked.get(step, True)]

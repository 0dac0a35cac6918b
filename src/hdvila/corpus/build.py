"""The whole way from a folder of videos with subtitles to a corpus of clips: the order of the steps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from hdvila.corpus.choice.balance import CategoryHours
from hdvila.corpus.choice.choose import choose
from hdvila.corpus.cluster import on_cluster
from hdvila.corpus.cut import CutVideo, cut_to_file, read_cut
from hdvila.corpus.describe import describe
from hdvila.corpus.failures import (
    STEPS,
    WANTED,
    Failure,
    StepSummary,
    died,
    merge_failures,
    read_failures,
    summarise,
)
from hdvila.corpus.ledger import fix_settings, record_run
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sentences import SentenceNotes, Sentences
from hdvila.corpus.sources.collect import collect
from hdvila.corpus.sources.fetch import Downloader
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.stored import as_before
from hdvila.media.container import usable_cores
from hdvila.processes import Died, in_order
from hdvila.progress import SILENT, Reporter
from hdvila.store import CorpusWriter

_SPOOL = ".cutting"  # where processes leave cut videos until they are stored
_BEYOND = 10.0  # seconds of words after the end of a video from which on that is said
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

    @property
    def failed(self) -> int:
        """Videos with which something is wrong."""
        return sum(failure.step not in WANTED for failure in self.failures)

    @property
    def left_out(self) -> int:
        """Good videos that were left out because that was asked for: excluded, or too many of their category."""
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
    videos, failures = collect(source, options.root, options.downloads)
    with CorpusWriter(
        root, options.clips_per_shard, options.lr_fps, options.hr_fps, options.quality, form=options.form
    ) as writer:
        fix_settings(root, options, empty=not len(writer))
        known = writer.videos()
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
        total = len(choice.fresh) + len(choice.stored)
        with reporter.task("cutting videos", total=total, done=len(choice.stored)) as bar:
            for outcome in _cut_all(choice.fresh, writer, options):
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                elif outcome.sentences.beyond > _BEYOND:
                    beyond = f"{outcome.sentences.beyond:.0f} s after its end"
                    reporter.note(f"{outcome.video_id}: its words go on until {beyond}; is the video broken off?")
                bar.advance(note=f"{len(writer)} clips" + (f", {len(failures)} failed" if failures else ""))
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
    )


def _engine(options: CorpusOptions) -> Callable[..., Any]:
    """What runs jobs and gives back their results in order: processes of this machine, or a cluster."""
    if options.cluster is not None:
        return partial(on_cluster, address=options.cluster)
    return partial(in_order, workers=options.workers or usable_cores())


def _steps(options: CorpusOptions) -> list[str]:
    """The steps that a build with these options takes."""
    asked = {
        "fetch": options.downloads is not None,
        "exclude": bool(options.exclude or options.exclude_like),
        "balance": options.hours_per_category is not None,
    }
    return [step for step in STEPS if asked.get(step, True)]


def _cut_all(
    videos: Sequence[SourceVideo], writer: CorpusWriter, options: CorpusOptions
) -> Iterator[CutVideo | Failure]:
    """Cut in many processes, store in the order of the videos, so that the same videos give the same corpus.

    Yields for each video what it gave, or why it gave nothing.
    """
    spool = writer.root / _SPOOL
    shutil.rmtree(spool, ignore_errors=True)  # of a run that was killed
    spool.mkdir()
    notes = SentenceNotes(writer.root)
    jobs = [(video, spool / f"{number}.clips") for number, video in enumerate(videos)]
    try:
        for (video, file), outcome in _engine(options)(partial(cut_to_file, options=options, form=options.form), jobs):
            if isinstance(outcome, Died):
                yield died(video, "cut", outcome.exit_code)
            else:
                if isinstance(outcome, CutVideo):
                    notes.add(video.video_id, outcome.sentences)
                    attributes = video.attributes | video.prints()
                    for cut in read_cut(file):
                        writer.add(cut.clip, cut.hr, cut.lr, attributes)
                yield outcome
            file.unlink(missing_ok=True)
    finally:
        shutil.rmtree(spool, ignore_errors=True)

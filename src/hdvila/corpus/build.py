"""The whole way from a folder of videos with subtitles to a corpus of clips: the order of the steps."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hdvila.corpus.choice.balance import CategoryHours, balance
from hdvila.corpus.choice.exclude import ExcludedIds, exclude
from hdvila.corpus.choice.filter import filter_videos, remember_durations
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.corpus.cut import cut_into, store_for
from hdvila.corpus.describe import describe
from hdvila.corpus.failures import STEPS, Failure, Sentences, StepSummary, read_failures, summarise
from hdvila.corpus.ledger import Ledger
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.resume import KNOWN, Stored, as_before, changed, contaminated
from hdvila.corpus.sources.collect import collect
from hdvila.corpus.sources.fetch import Downloader, fetch, youtube_dl
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import require
from hdvila.progress import SILENT, Reporter

_DEFAULTS = CorpusOptions()


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The result of a build.

    Attributes:
        videos: found in the source; with `retry_failed` only those that are stored or tried again.
        added: videos that this run put into the corpus.
        unchanged: videos that were in the corpus before.
        changed: videos that were in the corpus before, and whose id belongs to another file of the source now. They
            are among the failures too.
        clips, hours: of the whole corpus.
        failures: videos that are not in the corpus, with step and reason, including those left out on purpose.
        steps: how many videos went into and came out of each step, and why the others did not.
        sentences: what became of the sentences of all videos in the corpus.
        categories: hours before and after balancing, where that was asked for.
        contaminated: videos of the corpus that should not be in it: they were excluded after they were stored.
        remarked: new videos with a remark: words taken from another file than the first (`passed_over`), words left
            out or guessed (`notes`), or given bounds without a span (`refused_clips`).
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
        """The number of videos with a fault."""
        return sum(failure.is_fault for failure in self.failures)

    @property
    def left_out(self) -> int:
        """The number of good videos left out: excluded, above the cap of their category, or without subtitles."""
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

    Videos that are in the corpus already are left alone: a build that was killed continues where it stopped, with the
    same result, and new videos are added. A video that cannot be used is listed in ``failures.parquet`` with its reason
    and tried again by the next build. The first build of a corpus fixes what shapes clips and frames. Which videos are
    taken may differ from build to build, and ``build.json`` records it. With more than one worker, a script that calls
    this function needs ``if __name__ == "__main__":``.

    Args:
        source: a folder of videos, or a manifest (see `hdvila.corpus.sources.collect`).
        into: the corpus folder; made if it is not there, continued if it is.
        options: which videos are taken; lengths, sizes, rates; number of processes.
        retry_failed: take only the videos that ``failures.parquet`` lists.
        download: fetches a url where `options.downloads` is given; default: yt-dlp.
        reporter: shows progress, a step per video.

    Raises:
        UsageError: the source or a list of excluded videos cannot be read.
        MissingDependency: the options need an optional package that is not installed.
        StoreError: the corpus cannot be written, was built with other settings, or another process writes to it.
    """
    root, ledger = Path(into), Ledger(Path(into))
    require("jinja2", extra="corpus")  # for the last step, which leaves out what other packages are missing for
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
        choice = _choose(videos, root, known, options, download, reporter)
        failures += [*choice.changed, *choice.failures]
        others = {"stored": len(choice.stored), "failed": sum(failure.is_fault for failure in failures)}
        failures += cut_into(writer, choice.fresh, options, reporter, **others)
    failures.sort(key=lambda failure: failure.video)
    ledger.merge_failures(failures, looked_at, writer.done_videos)
    sentences = ledger.publish_sentences(writer.done_videos)
    steps = summarise(found, failures, _steps(options))
    name = Path(source).resolve().name
    wrong = ledger.record_run(name, options, steps, choice.contaminated, writer.done_videos)
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


@dataclass(frozen=True, slots=True)
class _Choice:
    """What a build does with the videos of a source.

    Attributes:
        fresh: videos to cut, in the order of the source.
        stored: videos that are in the corpus already.
        changed: those of `stored` whose id belongs to another file now, as failures.
        failures: why the other videos are not cut.
        contaminated: videos of the corpus, from any source, that are excluded now.
        categories: hours before and after balancing, where that was asked for.
    """

    fresh: tuple[SourceVideo, ...]
    stored: tuple[SourceVideo, ...]
    changed: tuple[Failure, ...]
    failures: tuple[Failure, ...]
    contaminated: tuple[Failure, ...]
    categories: tuple[CategoryHours, ...]


def _choose(
    videos: Sequence[SourceVideo],
    corpus: Path,
    known: Stored,
    options: CorpusOptions,
    download: Downloader | None = None,
    reporter: Reporter = SILENT,
) -> _Choice:
    """Exclude, fetch, filter and balance the videos that a corpus does not have, and check those that it has."""
    journal = Ledger(corpus).filtered
    ids = ExcludedIds(options.exclude)
    look_alikes = LookAlikes.of(options.exclude_like, reporter) if options.exclude_like else None
    stored = [video for video in videos if video.video_id in known]
    stored = remember_durations(stored, options, look_alikes, journal)
    compared = {video.video_id for video in stored if video.duration is not None}
    wrong = contaminated(corpus, known, ids, look_alikes, compared, reporter)
    fresh, failures = exclude([video for video in videos if video.video_id not in known], ids)
    if options.downloads is not None:
        download = download or youtube_dl(options.language, options.min_height)
        fresh, lost = fetch(fresh, download, language=options.track, reporter=reporter)
        failures += lost
    fresh, lost = filter_videos(fresh, options, look_alikes=look_alikes, journal=journal, reporter=reporter)
    failures += lost
    categories: list[CategoryHours] = []
    if options.hours_per_category is not None:
        kept, lost, categories = balance([*stored, *fresh], options.hours_per_category, options.seed, known)
        failures += [failure for failure in lost if failure.video not in known]
        fresh = [video for video in kept if video.video_id not in known]
    other = changed(stored, known)
    return _Choice(tuple(fresh), tuple(stored), tuple(other), tuple(failures), tuple(wrong), tuple(categories))


def _steps(options: CorpusOptions) -> list[str]:
    """The steps that a build with these options takes."""
    asked = {
        "fetch": options.downloads is not None,
        "exclude": bool(options.exclude or options.exclude_like),
        "balance": options.hours_per_category is not None,
    }
    return [step for step in STEPS if asked.get(step, True)]

"""The whole way from a folder of videos with subtitles to a corpus of clips: the order of the steps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from hdvila.corpus.choice.balance import CategoryHours, balance
from hdvila.corpus.choice.exclude import ExcludedIds, exclude
from hdvila.corpus.choice.filter import filter_videos, remember_durations
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.corpus.cluster import on_cluster
from hdvila.corpus.cut import CutVideo, cut_to_file, read_cut
from hdvila.corpus.describe import describe
from hdvila.corpus.failures import STEPS, WANTED, Failure, StepSummary, read_failures, summarise, write_failures
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sentences import SentenceNotes, Sentences
from hdvila.corpus.sources.collect import SourceVideo, collect
from hdvila.corpus.sources.fetch import Downloader, fetch, youtube_dl
from hdvila.media.container import usable_cores
from hdvila.processes import Died, in_order
from hdvila.progress import SILENT, Reporter
from hdvila.store import CorpusWriter

_SPOOL = ".cutting"  # where processes leave cut videos until they are stored
_JOURNAL = ".filtered.jsonl"
_BEYOND = 10.0  # seconds of words after the end of a video from which on that is said
_DEFAULTS = CorpusOptions()
_OF_THE_MACHINE = frozenset({"root", "downloads", "workers", "cluster"})


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What came of a build.

    Attributes:
        videos: found in the source (with `retry_failed` only those that are stored or tried again).
        added, unchanged: put into the corpus by this run, and there before.
        clips, hours: of the whole corpus now.
        failures: videos that are not in the corpus, each with step and reason; also those left out on purpose.
        steps: how many videos went into and came out of each step, and why the rest did not.
        sentences: what became of those of all videos in the corpus.
        categories: hours before and after the balance, where one was asked for.
    """

    videos: int
    added: int
    unchanged: int
    clips: int
    hours: float
    failures: tuple[Failure, ...]
    steps: tuple[StepSummary, ...] = ()
    sentences: Sentences = field(default_factory=Sentences)
    categories: tuple[CategoryHours, ...] = ()

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
    tried again the next time. With more than one worker, a script that calls this needs the usual
    ``if __name__ == "__main__":``.

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
        StoreError: the corpus cannot be written, is of other rates, or another process writes to it.
    """
    root = Path(into)
    videos, failures = collect(source, options.root, options.downloads)
    with CorpusWriter(
        root, options.clips_per_shard, options.lr_fps, options.hr_fps, options.quality, form=options.form
    ) as writer:
        if retry_failed:
            failed = {failure.video for failure in read_failures(root)}
            failures = [failure for failure in failures if failure.video in failed]
            videos = [video for video in videos if video.video_id in failed | writer.done_videos]
        found = len(videos) + len(failures)
        stored = [video for video in videos if video.video_id in writer.done_videos]
        chosen, lost, categories = _choose(videos, stored, options, root / _JOURNAL, download, reporter)
        failures += lost
        with reporter.task("cutting videos", total=len(chosen) + len(stored), done=len(stored)) as bar:
            for outcome in _cut_all(chosen, writer, options):
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                elif outcome.sentences.beyond > _BEYOND:
                    beyond = f"{outcome.sentences.beyond:.0f} s after its end"
                    reporter.note(f"{outcome.video_id}: its words go on until {beyond}; is the video broken off?")
                bar.advance(note=f"{len(writer)} clips" + (f", {len(failures)} failed" if failures else ""))
    failures.sort(key=lambda failure: failure.video)
    write_failures(root, failures)
    sentences = SentenceNotes(root).publish(writer.done_videos)
    steps = summarise(found, failures, _steps(options))
    stats = describe(root, run=_facts(options, steps), reporter=reporter)
    return BuildReport(
        videos=found,
        added=found - len(failures) - len(stored),
        unchanged=len(stored),
        clips=stats["clips"],
        hours=stats["hours"],
        failures=tuple(failures),
        steps=steps,
        sentences=sentences,
        categories=tuple(categories),
    )


def _choose(
    videos: Sequence[SourceVideo],
    stored: Sequence[SourceVideo],
    options: CorpusOptions,
    journal: Path,
    download: Downloader | None,
    reporter: Reporter,
) -> tuple[list[SourceVideo], list[Failure], list[CategoryHours]]:
    """The videos to be cut, why the others are not, and the hours of each category."""
    ids = ExcludedIds(options.exclude)
    look_alikes = LookAlikes.of(options.exclude_like, reporter) if options.exclude_like else None
    there = {video.video_id for video in stored}
    todo, failures = exclude([video for video in videos if video.video_id not in there], ids)
    for _, late in zip(range(3), exclude(stored, ids)[1], strict=False):
        reporter.note(
            f"{late.video} was put into the corpus before it was excluded ({late.reason}); build a new corpus"
        )
    if options.downloads is not None:
        todo, lost = fetch(todo, download or youtube_dl(options.language, options.min_height), reporter=reporter)
        failures += lost
    todo, lost = filter_videos(todo, options, look_alikes=look_alikes, journal=journal, reporter=reporter)
    failures += lost
    if options.hours_per_category is None:
        return todo, failures, []
    stored = remember_durations(stored, options, look_alikes, journal)
    kept, lost, categories = balance([*stored, *todo], options.hours_per_category, options.seed, there)
    failures += [failure for failure in lost if failure.video not in there]
    return [video for video in kept if video.video_id not in there], failures, categories


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


def _facts(options: CorpusOptions, steps: Sequence[StepSummary]) -> dict[str, Any]:
    """What is to be known of a build: nothing of the machine that it ran on, or equal builds would differ."""
    said = {name: value for name, value in asdict(options).items() if name not in _OF_THE_MACHINE}
    said |= {name: [path.name for path in said[name]] for name in ("exclude", "exclude_like")}
    said["punctuation"] = options.punctuation.name if options.punctuation else "built in"
    return {
        "options": said,
        "steps": [{"name": step.step, "in": step.came_in, "out": step.came_out} for step in steps],
    }


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
                why = f"{video.path}: the process that read it died (exit status {outcome.exit_code}); the file is bad"
                yield Failure(video.video_id, "cut", why)
            else:
                if isinstance(outcome, CutVideo):
                    notes.add(video.video_id, outcome.sentences)
                    for cut in read_cut(file):
                        writer.add(cut.clip, cut.hr, cut.lr, video.attributes)
                yield outcome
            file.unlink(missing_ok=True)
    finally:
        shutil.rmtree(spool, ignore_errors=True)

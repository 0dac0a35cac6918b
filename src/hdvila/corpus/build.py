"""The whole way from a folder of videos with subtitles to a corpus of clips."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hdvila.corpus.collect import SourceVideo, collect
from hdvila.corpus.cut import cut_to_file, read_cut
from hdvila.corpus.failures import Failure, write_failures
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.parallel import Died, in_order
from hdvila.corpus.stats import corpus_stats, write_stats
from hdvila.media.container import usable_cores
from hdvila.progress import SILENT, Reporter
from hdvila.store import Corpus, CorpusWriter

_SPOOL = ".cutting"  # where processes leave cut videos until they are stored
_DEFAULTS = CorpusOptions()


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What came of a build.

    Attributes:
        videos: found in the source.
        added, unchanged: put into the corpus by this run, and there before.
        clips, hours: of the whole corpus now.
        failures: videos that are not in the corpus, each with step and reason.
    """

    videos: int
    added: int
    unchanged: int
    clips: int
    hours: float
    failures: tuple[Failure, ...]


def build_corpus(
    source: str | os.PathLike[str],
    into: str | os.PathLike[str],
    *,
    options: CorpusOptions = _DEFAULTS,
    reporter: Reporter = SILENT,
) -> BuildReport:
    """Cut the videos of a folder or manifest into clips with text, and store both resolutions of each.

    Videos that are in the corpus already are left alone, so a job that was killed goes on where it was, with the same
    result, and new videos are added. A video that cannot be used is listed in ``failures.parquet`` with its reason, and
    tried again the next time. With more than one worker, a script that calls this needs the usual
    ``if __name__ == "__main__":``.

    Args:
        source: a folder of videos, or a manifest (see `hdvila.corpus.collect`).
        into: the corpus folder; made if it is not there, continued if it is.
        options: lengths, sizes, rates and the number of processes.
        reporter: hears of each video.

    Raises:
        UsageError: the source cannot be read as folder or manifest.
        StoreError: the corpus cannot be written, is of other rates, or another process writes to it.
    """
    root = Path(into)
    videos, failures = collect(source)
    with CorpusWriter(root, options.clips_per_shard, options.lr_fps, options.hr_fps, options.quality) as writer:
        todo = [video for video in videos if video.video_id not in writer.done_videos]
        unchanged = len(videos) - len(todo)
        with reporter.task("cutting videos", total=len(videos), done=unchanged) as bar:
            for outcome in _cut_all(todo, writer, options):
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                bar.advance(note=f"{len(writer)} clips" + (f", {len(failures)} failed" if failures else ""))
    failures.sort(key=lambda failure: failure.video)
    write_failures(root, failures)
    stats = corpus_stats(Corpus(root))
    write_stats(root, {**stats, "failed": len(failures)})
    added = len(todo) - sum(failure.step != "collect" for failure in failures)
    found = len(videos) + sum(failure.step == "collect" for failure in failures)
    return BuildReport(found, added, unchanged, stats["clips"], stats["hours"], tuple(failures))


def _cut_all(videos: Sequence[SourceVideo], writer: CorpusWriter, options: CorpusOptions) -> Iterator[int | Failure]:
    """Cut in many processes, store in the order of the videos, so that the same videos give the same corpus.

    Yields for each video how many clips it gave, or why it gave none.
    """
    spool = writer.root / _SPOOL
    shutil.rmtree(spool, ignore_errors=True)  # of a run that was killed
    spool.mkdir()
    jobs = [(video, spool / f"{number}.clips") for number, video in enumerate(videos)]
    try:
        for (video, file), outcome in in_order(
            partial(cut_to_file, options=options), jobs, options.workers or usable_cores()
        ):
            if isinstance(outcome, Died):
                why = f"{video.path}: the process that read it died (exit status {outcome.exit_code}); the file is bad"
                yield Failure(video.video_id, "cut", why)
            else:
                if isinstance(outcome, int):
                    for cut in read_cut(file):
                        writer.add(cut.clip, cut.hr, cut.lr, video.attributes)
                yield outcome
            file.unlink(missing_ok=True)
    finally:
        shutil.rmtree(spool, ignore_errors=True)

"""Videos into a store: cut in many processes or on a cluster, stored in the order of the videos."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hdvila.corpus.cluster import on_cluster
from hdvila.corpus.cut import CutVideo, cut_to_file, read_cut
from hdvila.corpus.failures import Failure, died, merge_failures
from hdvila.corpus.ledger import fix_settings
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sentences import SentenceNotes, Sentences
from hdvila.corpus.sources.video import SourceVideo
from hdvila.media.container import usable_cores
from hdvila.processes import Died, in_order
from hdvila.progress import SILENT, Reporter
from hdvila.store import CorpusWriter

_SPOOL = ".cutting"  # where processes leave cut videos until they are stored
_BEYOND = 10.0  # seconds of words after the end of a video from which on that is said
_DEFAULTS = CorpusOptions()


def cut_videos(
    videos: Sequence[SourceVideo],
    into: str | os.PathLike[str],
    options: CorpusOptions = _DEFAULTS,
    reporter: Reporter = SILENT,
) -> tuple[Sentences, list[Failure]]:
    """Cut videos, whatever they are, and store their clips; those that are stored already are left alone.

    Args:
        videos: as `hdvila.corpus.collect` or a later step gives them. Neither size nor language is looked at.
        into: the corpus folder; made if it is not there, continued if it is.
        options: lengths, sizes, rates and the number of processes.
        reporter: hears of each video.

    Returns:
        What became of the sentences of all videos in the corpus, and why videos gave no clips.

    Raises:
        StoreError: the corpus cannot be written, was built with other settings, or another process writes to it.
    """
    root = Path(into)
    with store_for(root, options) as writer:
        fresh = [video for video in videos if video.video_id not in writer.done_videos]
        failures = cut_into(writer, fresh, options, reporter, stored=len(videos) - len(fresh))
    merge_failures(root, failures, {video.video_id for video in videos}, writer.done_videos)
    return SentenceNotes(root).publish(writer.done_videos), failures


@contextmanager
def store_for(root: Path, options: CorpusOptions) -> Iterator[CorpusWriter]:
    """The store of a corpus, whose clips are all made as these options say.

    Raises:
        StoreError: it cannot be written, was built with other settings, or another process writes to it.
    """
    rates = options.lr_fps, options.hr_fps
    with CorpusWriter(root, options.clips_per_shard, *rates, options.quality, form=options.form) as writer:
        fix_settings(root, options, empty=not len(writer))
        yield writer


def cut_into(
    writer: CorpusWriter,
    videos: Sequence[SourceVideo],
    options: CorpusOptions,
    reporter: Reporter = SILENT,
    *,
    stored: int = 0,
    failed: int = 0,
) -> list[Failure]:
    """Cut videos and store their clips; why some gave none. `stored`, `failed`: others that the reporter is told of."""
    failures: list[Failure] = []
    with reporter.task("cutting videos", total=len(videos) + stored, done=stored) as bar:
        for outcome in _cut_all(videos, writer, options):
            if isinstance(outcome, Failure):
                failures.append(outcome)
            elif outcome.sentences.beyond > _BEYOND:
                beyond = f"{outcome.sentences.beyond:.0f} s after its end"
                reporter.note(f"{outcome.video_id}: its words go on until {beyond}; is the video broken off?")
            lost = failed + len(failures)
            bar.advance(note=f"{len(writer)} clips" + (f", {lost} failed" if lost else ""))
    return failures


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


def _engine(options: CorpusOptions) -> Callable[..., Any]:
    """What runs jobs and gives back their results in order: processes of this machine, or a cluster."""
    if options.cluster is not None:
        return partial(on_cluster, address=options.cluster)
    return partial(in_order, workers=options.workers or usable_cores())

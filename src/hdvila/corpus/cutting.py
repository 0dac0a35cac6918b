"""Videos into a store: cut in many processes or on a cluster, stored in the order of the videos."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from hdvila.corpus.cut import CutVideo, cut_to_file
from hdvila.corpus.failures import Failure, died_on, merge_failures
from hdvila.corpus.ledger import fix_settings
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sentences import SentenceNotes, Sentences
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.sources.words import words_of
from hdvila.corpus.spool import store_all
from hdvila.errors import TranscriptError
from hdvila.processes import Died
from hdvila.progress import SILENT, Reporter
from hdvila.store import CorpusWriter

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
    with store_for(root, options) as (writer, options):
        fresh = [_settled(video, options) for video in videos if video.video_id not in writer.done_videos]
        failures = cut_into(writer, fresh, options, reporter, stored=len(videos) - len(fresh))
    merge_failures(root, failures, {video.video_id for video in videos}, writer.done_videos)
    return SentenceNotes(root).publish(writer.done_videos), failures


def _settled(video: SourceVideo, options: CorpusOptions) -> SourceVideo:
    """With the one file of its words, which its clips will name; where none can be read, cutting says so."""
    with suppress(TranscriptError):
        return words_of(video, options.track)[1] if video.others else video
    return video


@contextmanager
def store_for(root: Path, options: CorpusOptions) -> Iterator[tuple[CorpusWriter, CorpusOptions]]:
    """The store of a corpus, whose clips are all made as these options say; and the options with its targets.

    Raises:
        StoreError: it cannot be written, was built with other settings, or another process writes to it.
    """
    rates = options.lr_fps, options.hr_fps
    with CorpusWriter(root, options.clips_per_shard, *rates, options.quality, form=options.form) as writer:
        yield writer, fix_settings(root, options, empty=not len(writer))


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
    notes = SentenceNotes(writer.root)
    cut = partial(cut_to_file, options=options, form=options.form)
    kept = store_all(
        cut,
        videos,
        writer,
        workers=options.workers,
        cluster=options.cluster,
        attributes=lambda video: video.attributes | video.prints(),
    )
    for video, outcome in kept:
        if isinstance(outcome, Died):
            yield died_on(video, "cut", outcome)
        else:
            if isinstance(outcome, CutVideo):
                notes.add(video.video_id, outcome.sentences)
            yield outcome

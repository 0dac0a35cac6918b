"""Videos into a store of clips: workers cut each into a temporary file, and one process stores them in order."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hdvila.corpus.clips import ClipPlan, clips_of
from hdvila.corpus.cluster_parts import store_on_cluster
from hdvila.corpus.failures import Attempt, Failure, Sentences, died_on
from hdvila.corpus.ledger import Ledger
from hdvila.corpus.options import CorpusOptions, stored_streams
from hdvila.corpus.sources.transcripts import words_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.temp_files import store_all, write_clips
from hdvila.media import ClipStreams, Packing, clip_streams, probe
from hdvila.processes import Died
from hdvila.progress import SILENT, Reporter
from hdvila.store import CorpusWriter
from hdvila.types import Clip

_DAMAGED, _NO_SPAN = "damaged pictures", "no span"
_BEYOND = 10.0  # seconds of words after the end of a video above which the reporter notes it
_DEFAULTS = CorpusOptions()


@dataclass(frozen=True, slots=True)
class CutVideo:
    """A video that gave clips: the file of its words, how many clips, and what became of its sentences.

    ``transcript`` is None where the words are inside the video.
    """

    video_id: str
    transcript: Path | None
    clips: int
    sentences: Sentences


def plan_video(video: SourceVideo, options: CorpusOptions) -> ClipPlan | Failure:
    """The clips that a video gives, without cutting them; or why it gives none."""
    with Attempt(video, "transcript") as attempt:
        return _plan(video, options, attempt)[0]
    return attempt.failure


def cut_videos(
    videos: Sequence[SourceVideo],
    into: str | os.PathLike[str],
    options: CorpusOptions = _DEFAULTS,
    reporter: Reporter = SILENT,
) -> tuple[Sentences, list[Failure]]:
    """Cut videos of any size and language, and store their clips. Videos that are stored already are left alone.

    Args:
        videos: as `hdvila.corpus.collect` or a later step gives them.
        into: the corpus folder; made if it is not there, continued if it is.
        options: lengths, sizes, rates and the number of processes.
        reporter: shows progress, a step per video.

    Returns:
        What became of the sentences of all videos in the corpus, and why videos gave no clips.

    Raises:
        StoreError: the corpus cannot be written, was built with other settings, or another process writes to it.
    """
    ledger = Ledger(Path(into))
    with store_for(ledger.root, options) as (writer, options):
        fresh = [video for video in videos if video.video_id not in writer.done_videos]
        failures = cut_into(writer, fresh, options, reporter, stored=len(videos) - len(fresh))
    ledger.merge_failures(failures, {video.video_id for video in videos}, writer.done_videos)
    return ledger.publish_sentences(writer.done_videos), failures


@contextmanager
def store_for(root: Path, options: CorpusOptions) -> Iterator[tuple[CorpusWriter, CorpusOptions]]:
    """Open the store of a corpus for clips shaped by `options`; also gives the options with the corpus's targets.

    Raises:
        StoreError: it cannot be written, was built with other settings, or another process writes to it.
    """
    streams = stored_streams(options.streams, options.form)
    with CorpusWriter(root, streams, clips_per_shard=options.clips_per_shard, quality=options.quality) as writer:
        yield writer, Ledger(root).fix_settings(options, empty=not len(writer))


def cut_into(
    writer: CorpusWriter,
    videos: Sequence[SourceVideo],
    options: CorpusOptions,
    reporter: Reporter = SILENT,
    *,
    stored: int = 0,
    failed: int = 0,
) -> list[Failure]:
    """Cut videos and store their clips in the order of the videos, so that equal videos give equal corpora.

    Args:
        writer: of the corpus.
        videos: to cut.
        options: see `CorpusOptions`.
        reporter: shows progress, a step per video.
        stored, failed: numbers of other videos, to be added to the progress.

    Returns:
        Why some videos gave no clips.
    """
    ledger, failures = Ledger(writer.root), list[Failure]()
    store: Callable[..., Any] = partial(store_all, workers=options.workers)
    if options.cluster is not None:
        store = partial(store_on_cluster, address=options.cluster)
    cut = partial(cut_to_file, options=options)
    outcomes = store(cut, videos, writer, attributes=_attributes)
    with reporter.task("cutting videos", total=len(videos) + stored, done=stored) as bar:
        for video, outcome in outcomes:
            if isinstance(outcome, CutVideo):
                ledger.note_sentences(video.video_id, outcome.sentences)
                if outcome.sentences.beyond > _BEYOND:
                    beyond = f"{outcome.sentences.beyond:.0f} s after its end"
                    reporter.note(f"{video.video_id}: its words go on until {beyond}; is the video cut short?")
            else:
                failures.append(died_on(video, "cut", outcome) if isinstance(outcome, Died) else outcome)
            lost = failed + len(failures)
            bar.advance(note=f"{len(writer)} clips" + (f", {lost} failed" if lost else ""))
    return failures


def _attributes(video: SourceVideo, outcome: CutVideo | Failure) -> dict[str, str]:
    """What its clips keep of a video: its facts, and the files that they were cut from."""
    if isinstance(outcome, CutVideo):
        video = replace(video, transcript=outcome.transcript)
    return video.attributes | video.prints()


def cut_to_file(job: tuple[SourceVideo, Path], options: CorpusOptions) -> CutVideo | Failure:
    """Cut a video into the file of the job (see `hdvila.corpus.temp_files`), without clips whose frames are damaged.

    Returns:
        What it gave, or why it gave nothing.

    Raises:
        StoreError: the file cannot be written, which says nothing about the video.
    """
    video, target = job
    with Attempt(video, "transcript") as attempt:
        plan, transcript = _plan(video, options, attempt)
        attempt.step = "cut"
        sound = write_clips(target, plan.clips, _decode(video.path, plan.clips, options))
        if not any(sound):
            attempt.refuse(f"the frames of all its {len(sound)} clips are damaged; fetch it again", kind=_DAMAGED)
        return CutVideo(video.video_id, transcript, sum(sound), _sentences(plan, sound))
    return attempt.failure


def _plan(video: SourceVideo, options: CorpusOptions, attempt: Attempt) -> tuple[ClipPlan, Path | None]:
    """The clips of a video, and the file of its words; None: they are inside the video."""
    transcript, taken = words_of(video, options.track)
    attempt.step = "filter"
    info = probe(video.path)
    attempt.step = "clips"
    plan = clips_of(transcript, video.video_id, info.duration, options, video.clips)
    if video.refused_clips:
        plan = replace(plan, left_out={**plan.left_out, _NO_SPAN: len(video.refused_clips)})
    if not plan.clips:
        what = "sentences" if video.clips is None else "given clips"
        counts = ", ".join(f"{number} {reason}" for reason, number in plan.left_out.items())
        why = f"nothing is said within its {info.duration:.1f} s that makes a clip"
        attempt.refuse(f"{why} ({what}: {counts or 'none'})", kind=f"none of its {what} makes a clip")
    return plan, taken.transcript


def _decode(path: Path, clips: Sequence[Clip], options: CorpusOptions) -> Iterator[ClipStreams]:
    spans = [(clip.start, clip.end) for clip in clips]
    return clip_streams(path, spans, options.streams, Packing(options.form, options.quality))


def _sentences(plan: ClipPlan, sound: list[bool]) -> Sentences:
    """What became of the sentences of a plan of which only some clips are `sound`."""
    left_out = Counter(plan.left_out)
    left_out[_DAMAGED] = sum(number for number, good in zip(plan.sentences, sound, strict=True) if not good)
    in_clips = sum(plan.sentences) - left_out[_DAMAGED]
    reasons = {why: number for why, number in left_out.items() if number}
    return Sentences(in_clips + sum(reasons.values()), in_clips, reasons, plan.beyond)

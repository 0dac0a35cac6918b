"""One video into clips with pictures: read its words, lay the bounds, decode once, encode both streams."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hdvila.corpus.clips import ClipPlan, clips_of
from hdvila.corpus.failures import Attempt, Failure
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sentences import Sentences
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.sources.words import words_of
from hdvila.errors import StoreError
from hdvila.media import ClipStreams, Form, Packed, Packing, clip_streams, probe
from hdvila.types import Clip

DAMAGED, NO_SPAN = "damaged pictures", "no span"


@dataclass(frozen=True, slots=True)
class CutClip:
    """A clip with its pictures, ready to be stored."""

    clip: Clip
    hr: Packed
    lr: Packed


@dataclass(frozen=True, slots=True)
class CutVideo:
    """What a video gave: so many clips, and what became of its sentences."""

    video_id: str
    clips: int
    sentences: Sentences


def plan_video(video: SourceVideo, options: CorpusOptions) -> ClipPlan | Failure:
    """The clips that a video gives, without cutting them; or why it gives none."""
    with Attempt(video, "transcript") as attempt:
        return _plan(video, options, attempt)
    return attempt.failure


def cut_to_file(job: tuple[SourceVideo, Path], options: CorpusOptions, form: Form = "jpeg") -> CutVideo | Failure:
    """Cut a video into the file of the job (see `read_cut`), without the clips whose pictures are damaged.

    Returns:
        What it gave, or why it gave nothing.

    Raises:
        StoreError: the file cannot be written: that is no fault of the video.
    """
    video, target = job
    with Attempt(video, "transcript") as attempt:
        plan = _plan(video, options, attempt)
        attempt.step = "cut"
        sound = write_cut(target, plan.clips, _cut(video.path, plan.clips, options, form))
        if not any(sound):
            attempt.refuse(f"the pictures of all its {len(sound)} clips are damaged; fetch it again", kind=DAMAGED)
        return CutVideo(video.video_id, sum(sound), _sentences(plan, sound))
    return attempt.failure


def _plan(video: SourceVideo, options: CorpusOptions, attempt: Attempt) -> ClipPlan:
    transcript, _ = words_of(video, options.track)
    attempt.step = "filter"
    info = probe(video.path)
    attempt.step = "clips"
    plan = clips_of(transcript, video.video_id, info.duration, options, video.clips)
    if video.refused_clips:
        plan = replace(plan, left_out={**plan.left_out, NO_SPAN: len(video.refused_clips)})
    if not plan.clips:
        what = "sentences" if video.clips is None else "given clips"
        counts = ", ".join(f"{number} {reason}" for reason, number in plan.left_out.items())
        why = f"nothing is said within its {info.duration:.1f} s that makes a clip"
        attempt.refuse(f"{why} ({what}: {counts or 'none'})", kind=f"none of its {what} makes a clip")
    return plan


def _sentences(plan: ClipPlan, sound: list[bool]) -> Sentences:
    """What became of them, where some clips of the plan were not `sound`."""
    left_out = Counter(plan.left_out)
    left_out[DAMAGED] = sum(number for number, good in zip(plan.sentences, sound, strict=True) if not good)
    in_clips = sum(plan.sentences) - left_out[DAMAGED]
    reasons = {why: number for why, number in left_out.items() if number}
    return Sentences(in_clips + sum(reasons.values()), in_clips, reasons, plan.beyond)


def read_cut(source: Path) -> Iterator[CutClip]:
    """The clips that `write_cut` wrote, one after another."""
    with source.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        while stream.tell() < size:
            yield pickle.load(stream)


def _cut(path: Path, clips: tuple[Clip, ...], options: CorpusOptions, form: Form) -> Iterator[ClipStreams]:
    spans = [(clip.start, clip.end) for clip in clips]
    sizes = options.hr_fps, options.lr_fps, options.hr_height, options.lr_lines
    packing = Packing(form, options.quality)
    return clip_streams(path, spans, *sizes, packing)


def write_cut(target: Path, clips: Sequence[Clip], cuts: Iterator[ClipStreams]) -> list[bool]:
    """Write the clips whose pictures are sound, as they come; which of them are. Where making them fails, there is no
    file.

    Raises:
        StoreError: the file cannot be written.
    """
    sound = []
    try:
        stream = target.open("wb")
    except OSError as error:
        raise _no_room(target, error) from error
    try:
        for clip, (hr, lr, spoiled) in zip(clips, cuts, strict=True):
            sound.append(not spoiled)
            if spoiled:
                continue
            data = pickle.dumps(CutClip(clip, hr, lr), pickle.HIGHEST_PROTOCOL)
            try:
                stream.write(data)
                stream.flush()
            except OSError as error:
                raise _no_room(target, error) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        with suppress(OSError):  # a full disk refuses again what is still buffered
            stream.close()
    return sound


def _no_room(target: Path, error: OSError) -> StoreError:
    return StoreError(f"{target}: cut clips cannot be written ({error.strerror}); make room and start again")

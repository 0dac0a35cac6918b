"""One video into clips with pictures: read its words, lay the bounds, decode once, encode both streams."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hdvila.corpus.clips import clips_of
from hdvila.corpus.failures import Attempt, Failure
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import StoreError
from hdvila.media import Form, Packed, Packing, clip_streams, probe
from hdvila.text import read_transcript
from hdvila.types import Clip


@dataclass(frozen=True, slots=True)
class CutClip:
    """A clip with its pictures, ready to be stored."""

    clip: Clip
    hr: Packed
    lr: Packed


def cut_to_file(job: tuple[SourceVideo, Path], options: CorpusOptions, form: Form = "jpeg") -> int | Failure:
    """Cut a video into the file of the job (see `read_cut`); the number of clips, or why there are none, and no file.

    Raises:
        StoreError: the file cannot be written: that is no fault of the video.
    """
    video, target = job
    with Attempt(video, "transcript") as attempt:
        transcript = read_transcript(video.transcript or video.path, language=options.track)
        attempt.step = "filter"
        info = probe(video.path)
        attempt.step = "clips"
        plan = clips_of(transcript, video.video_id, info.duration, options, video.clips)
        if not plan.clips:
            what = "sentences" if video.clips is None else "given clips"
            why = f"nothing is said within its {info.duration:.1f} s that makes a clip"
            attempt.refuse(f"{why} ({what} left out: {plan.left_out})", kind=f"none of its {what} makes a clip")
        attempt.step = "cut"
        write_cut(target, _cut(video.path, plan.clips, options, form))
        return len(plan.clips)
    return attempt.failure


def read_cut(source: Path) -> Iterator[CutClip]:
    """The clips that `write_cut` wrote, one after another."""
    with source.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        while stream.tell() < size:
            yield pickle.load(stream)


def _cut(path: Path, clips: tuple[Clip, ...], options: CorpusOptions, form: Form) -> Iterator[CutClip]:
    spans = [(clip.start, clip.end) for clip in clips]
    sizes = options.hr_fps, options.lr_fps, options.hr_height, options.lr_height
    packing = Packing(form, options.quality)
    for clip, (hr, lr) in zip(clips, clip_streams(path, spans, *sizes, packing), strict=True):
        yield CutClip(clip, hr, lr)


def write_cut(target: Path, cuts: Iterable[CutClip]) -> None:
    """Write clips as they come; where making them fails, there is no file.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        stream = target.open("wb")
    except OSError as error:
        raise _no_room(target, error) from error
    try:
        for cut in cuts:
            data = pickle.dumps(cut, pickle.HIGHEST_PROTOCOL)
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


def _no_room(target: Path, error: OSError) -> StoreError:
    return StoreError(f"{target}: cut clips cannot be written ({error.strerror}); make room and start again")

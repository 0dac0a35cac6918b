"""One file of a benchmark into the clips that lie in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdvila.annotations.records import Part
from hdvila.corpus.cut import write_cut
from hdvila.corpus.failures import Failure, one_line
from hdvila.errors import HdvilaError, StoreError, UsageError
from hdvila.media import ClipStreams, Preprocess, clip_streams, official_streams, probe
from hdvila.media.official import Rule
from hdvila.media.view import RATIO, ZOOM
from hdvila.types import Clip

_FEWEST_LINES = 720


@dataclass(frozen=True, slots=True)
class Preparation:
    """How videos become clips.

    Attributes:
        lr_fps, hr_fps: frames a second of the two streams.
        hr_height: lines on the short side of HR; LR has a quarter. Smaller videos keep their size.
        official: instead, the released code's preparation by this rule (`hdvila.media.official_streams`).
    """

    lr_fps: float = 6.0
    hr_fps: float = 2.0
    hr_height: int = _FEWEST_LINES
    official: Rule | None = None

    @classmethod
    def of(cls, settings: Iterable[Preprocess], official: Rule | None = None) -> Preparation:
        """A store that all `settings` can read: with the lines of the largest window, and the part around it.

        Raises:
            UsageError: their rates differ.
        """
        chosen = list(settings)
        rates = {(one.fps, one.hr_every) for one in chosen}
        if len(rates) != 1:
            raise UsageError(f"settings of different rates (fps, hr_every) {sorted(rates)} cannot read one store")
        ((fps, hr_every),) = rates
        lines = max(math.ceil(one.height * ZOOM / RATIO) * RATIO for one in chosen)
        return cls(fps, fps / hr_every, max(lines, _FEWEST_LINES), official)


@dataclass(frozen=True, slots=True)
class BenchmarkFile:
    """A file and the clips that lie in it."""

    path: Path
    parts: tuple[Part, ...]
    texts: tuple[str, ...]


def all_failed(job: BenchmarkFile, reason: str) -> list[Failure]:
    """One reason for all parts of a file."""
    return [Failure(part.video_id, "cut", reason) for part in job.parts]


def prepare_to_file(job: tuple[BenchmarkFile, Path], preparation: Preparation) -> list[Failure]:
    """Cut the parts of a file into the file of the job; why some, or all of them, could not be.

    Raises:
        StoreError: the file cannot be written: that is no fault of the video.
    """
    file, target = job
    try:
        duration = probe(file.path).duration
        clips, failures = _clips(file, duration)
        if clips:
            sound = write_cut(target, clips, _cut(file.path, clips, preparation))
            why = f"{file.path}: its pictures are damaged; fetch it again"
            failures += [Failure(c.video_id, "cut", why) for c, good in zip(clips, sound, strict=True) if not good]
    except StoreError:
        raise
    except HdvilaError as error:
        return all_failed(file, one_line(error))
    except Exception as error:  # a defect of ours or of a decoder costs one video, and is listed as what it is
        return all_failed(file, f"{file.path}: unexpected {type(error).__name__}: {one_line(error)}")
    return failures


def _clips(file: BenchmarkFile, duration: float) -> tuple[list[Clip], list[Failure]]:
    """The clips of a file, by their start, and parts that lie outside it."""
    clips, failures = [], []
    for part, text in zip(file.parts, file.texts, strict=True):
        start = max(part.start or 0.0, 0.0)
        end = duration if part.end is None else min(part.end, duration)
        if start < end:
            clips.append(Clip(part.video_id, part.video_id, start, end, text, "cue"))
        else:
            why = (
                f"{file.path}: plays {duration:.1f} s, the part at {part.start}..{part.end} s lies outside; replace it"
            )
            failures.append(Failure(part.video_id, "cut", why))
    return sorted(clips, key=lambda clip: clip.start), failures


def _cut(path: Path, clips: Sequence[Clip], preparation: Preparation) -> Iterator[ClipStreams]:
    spans = [(clip.start, clip.end) for clip in clips]
    if preparation.official is not None:
        return official_streams(path, spans, preparation.official, preparation.hr_fps, preparation.lr_fps)
    height = preparation.hr_height
    return clip_streams(path, spans, preparation.hr_fps, preparation.lr_fps, height, height // RATIO)

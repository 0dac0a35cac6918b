"""One file of a benchmark into the clips that lie in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdvila.annotations.records import BenchmarkVideo
from hdvila.corpus.cut import write_cut
from hdvila.corpus.failures import Failure, died_on, failure_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import HdvilaError, StoreError, UsageError
from hdvila.media import ClipStreams, Preprocess, clip_streams, official_streams, probe
from hdvila.media.official import Rule
from hdvila.media.view import RATIO, ZOOM
from hdvila.processes import Died
from hdvila.types import Clip

_FEWEST_LINES = 720
_CUT = "cut"  # the step at which what is read here fails


@dataclass(frozen=True, slots=True)
class Preparation:
    """How videos become clips.

    Attributes:
        lr_fps, hr_fps: frames a second of the two streams.
        hr_height: lines on the short side of HR. LR has a quarter of that number, whatever HR has of a smaller video.
            Nothing is enlarged.
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
        rates = {(one.fps, one.hr_every) for one in chosen if not one.enlarged}  # such a one reads no HR
        if len(rates) != 1 or len({one.fps for one in chosen}) != 1:
            every = sorted({(one.fps, one.hr_every) for one in chosen})
            raise UsageError(f"settings of different rates (fps, hr_every) {every} cannot read one store")
        ((fps, hr_every),) = rates
        lines = max(math.ceil(one.height * (ZOOM if one.fit == "crop" else 1) / RATIO) * RATIO for one in chosen)
        return cls(fps, fps / hr_every, max(lines, _FEWEST_LINES), official)


@dataclass(frozen=True, slots=True)
class BenchmarkFile:
    """A file, the clips that lie in it, and the folder of the videos, below which failures name it."""

    path: Path
    parts: tuple[BenchmarkVideo, ...]
    texts: tuple[str, ...]
    root: Path

    def video(self, part_id: str) -> SourceVideo:
        """A part, as failures speak of it."""
        return SourceVideo(part_id, self.path, None, root=self.root)

    def failures(self, error: Exception) -> list[Failure]:
        """One error for all parts."""
        return [failure_of(self.video(part.video_id), _CUT, error) for part in self.parts]

    def died(self, outcome: Died) -> list[Failure]:
        """The process that read the file died."""
        return [died_on(self.video(part.video_id), _CUT, outcome) for part in self.parts]


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
            damage = HdvilaError(f"{file.path}: its pictures are damaged; fetch it again")
            spoiled = (clip for clip, good in zip(clips, sound, strict=True) if not good)
            failures += [failure_of(file.video(clip.video_id), _CUT, damage) for clip in spoiled]
    except StoreError:
        raise
    except Exception as error:  # a defect of ours or of a decoder costs one video, and is listed as what it is
        return file.failures(error)
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
            outside = HdvilaError(why, kind="the part lies outside its file")
            failures.append(failure_of(file.video(part.video_id), _CUT, outside))
    return sorted(clips, key=lambda clip: clip.start), failures


def _cut(path: Path, clips: Sequence[Clip], preparation: Preparation) -> Iterator[ClipStreams]:
    spans = [(clip.start, clip.end) for clip in clips]
    if preparation.official is not None:
        return official_streams(path, spans, preparation.official, preparation.hr_fps, preparation.lr_fps)
    height = preparation.hr_height
    return clip_streams(path, spans, preparation.hr_fps, preparation.lr_fps, height, height // RATIO, full_lr=True)

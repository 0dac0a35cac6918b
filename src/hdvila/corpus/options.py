"""The options of a corpus build."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hdvila.corpus.paper import HD_VILA_100M
from hdvila.errors import UsageError
from hdvila.media import Form, FrameStream, Packing
from hdvila.media.streams import stream_ratio
from hdvila.store import Stream

_BUILT_IN = "built in"
BEFORE_TARGETS = {"target_seconds": 0.0, "target_words": 0.0}
"""The targets of a corpus that is older than targets."""
_SMALLER = 4
"""HR is by default so many times the height and width of LR."""
_OF_THE_MACHINE = frozenset({"root", "downloads", "workers", "cluster"})
_CHOOSING = frozenset(
    {"min_height", "language", "exclude", "exclude_like", "hours_per_category", "seed", "clips_per_shard"}
)


@dataclass(frozen=True, slots=True)
class CorpusOptions:
    """Which videos are taken, and how they become clips.

    Attributes:
        min_height: pixels that a video must have on its short side, as displayed (after rotation).
        language: of the words, detected in the text: an ISO 639-1 code, or ``any``.
        exclude: annotation files or lists of ids of downstream test sets, whose videos are left out.
        exclude_like: videos, or folders of videos, whose near-duplicates are left out.
        hours_per_category: a category with more hours is sampled down to this (30,000 in the paper); None: no cap.
            Videos without a known category are all taken.
        seed: of that sample.
        root: the folder of the videos of a manifest, if not its own.
        downloads: a folder into which videos with only a url are fetched; None: nothing is fetched.
        punctuation: a folder with a model that punctuates captions; None: the built-in restorer.
        target_seconds, target_words: length of a clip that joining sentences aims at, padding included. 0: no target;
            with both 0, as many clips as the sentences allow. None: the target that the corpus began with (0 in a
            corpus older than targets); in a new corpus 0 if the other is given, else the mean of HD-VILA-100M
            (`hdvila.corpus.paper`).
        min_seconds, min_words: a shorter sentence is joined with a neighbour.
        max_seconds, max_words: a longer sentence is split where a break is most likely, and nothing is joined beyond
            this length. No clip is longer, padding included.
        padding: seconds of silence that a clip includes before its first and after its last word.
        hr_fps, lr_fps: frames per second of the two streams; `lr_fps` is a whole multiple of `hr_fps`.
        hr_height: pixels of the short side of HR; a smaller video keeps its size.
        lr_height: the same of LR where HR has `hr_height`; None: a quarter of it. HR is larger than LR by the same
            factor in every video.
        form: of stored frames: ``jpeg``, or ``h264``, which takes a third to a tenth of the space.
        quality: of the JPEGs, 1..100; H.264 of about the same quality.
        clips_per_shard: a shard is closed after the video with which it reaches that many clips.
        workers: processes that read videos; None: one per core. The result does not depend on it.
        cluster: address of a Ray cluster that cuts and stores instead (``auto``: the one of this machine). It gives the
            same clips in the same order, in other shards.
    """

    min_height: int = 720
    language: str = "en"
    exclude: tuple[Path, ...] = ()
    exclude_like: tuple[Path, ...] = ()
    hours_per_category: float | None = None
    seed: int = 0
    root: Path | None = None
    downloads: Path | None = None
    punctuation: Path | None = None
    target_seconds: float | None = None
    target_words: float | None = None
    min_seconds: float = 2.0
    min_words: int = 4
    max_seconds: float = 30.0
    max_words: int = 80
    padding: float = 0.3
    hr_fps: float = 2.0
    lr_fps: float = 10.0
    hr_height: int = 720
    lr_height: int | None = None
    form: Form = "jpeg"
    quality: int = 90
    clips_per_shard: int = 256
    workers: int | None = None
    cluster: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.min_seconds < self.max_seconds:
            raise UsageError(
                f"clips of {self.min_seconds:g} to {self.max_seconds:g} s: min must be 0 or more, below max"
            )
        if not 0 <= self.min_words < self.max_words:
            raise UsageError(f"clips of {self.min_words} to {self.max_words} words: min must be 0 or more, below max")
        for name, target in (("target_seconds", self.target_seconds), ("target_words", self.target_words)):
            if target is not None and not 0 <= target < float("inf"):
                raise UsageError(f"{name}={target:g}: give 0 or more, where 0 means no target")
        if self.padding < 0 or self.min_height < 0:
            raise UsageError(f"padding={self.padding:g}, min_height={self.min_height}: give 0 or more")
        if self.longest <= 0:
            raise UsageError(f"max_seconds={self.max_seconds:g}: leaves no time between paddings of {self.padding:g} s")
        if self.hours_per_category is not None and not self.hours_per_category >= 0:
            raise UsageError(f"hours_per_category={self.hours_per_category:g}: give 0 or more, or None for no cap")
        whole = {"hr_height": self.hr_height, "lr_height": self.lr_lines, "clips_per_shard": self.clips_per_shard}
        for name, value in whole.items():
            if value < 1:
                raise UsageError(f"{name}={value}: give 1 or more")
        Packing(self.form, self.quality)
        stream_ratio(self.lr_fps, self.hr_fps, "frames a second (lr_fps, hr_fps)")
        stream_ratio(self.hr_height, self.lr_lines, "lines (hr_height, lr_height)")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers={self.workers}: give at least 1, or None for one per core")

    @property
    def track(self) -> str | None:
        """The language of the subtitle track to take where a video has several."""
        return None if self.language == "any" else self.language

    @property
    def lr_lines(self) -> int:
        """`lr_height`, or its default."""
        return self.hr_height // _SMALLER if self.lr_height is None else self.lr_height

    @property
    def streams(self) -> dict[str, FrameStream]:
        """The streams of the corpus, in the order in which they are stored."""
        return {"hr": FrameStream(self.hr_fps, self.hr_height, "lr"), "lr": FrameStream(self.lr_fps, self.lr_lines)}

    @property
    def targets(self) -> tuple[float, float]:
        """Seconds and words that a clip of a new corpus should have; 0: no target."""
        if self.target_seconds is None and self.target_words is None:
            return HD_VILA_100M.clip_seconds, HD_VILA_100M.sentence_words
        return float(self.target_seconds or 0), float(self.target_words or 0)

    @property
    def longest(self) -> float:
        """Seconds that may be spoken in a clip."""
        return self.max_seconds - 2 * self.padding

    def with_targets(self, begun: Mapping[str, Any]) -> CorpusOptions:
        """With the targets that hold: as given here, or else as a corpus `begun` with these settings has them."""
        seconds, words = self.targets
        if begun:
            seconds = begun["target_seconds"] if self.target_seconds is None else self.target_seconds
            words = begun["target_words"] if self.target_words is None else self.target_words
        return replace(self, target_seconds=float(seconds), target_words=float(words))

    def shaping(self) -> dict[str, Any]:
        """What shapes the clips of a corpus, as plain values. The first build of a corpus fixes it."""
        return self._plain(frozenset(asdict(self)) - _OF_THE_MACHINE - _CHOOSING)

    def choosing(self) -> dict[str, Any]:
        """What chooses the videos of a run, as plain values."""
        return self._plain(_CHOOSING)

    def _plain(self, names: Collection[str]) -> dict[str, Any]:
        """Options as plain values, files by their names alone."""
        values: dict[str, Any] = {name: value for name, value in asdict(self).items() if name in names}
        for name in ("exclude", "exclude_like"):
            if name in values:
                values[name] = [path.resolve().name for path in values[name]]
        if "lr_height" in values:
            values["lr_height"] = self.lr_lines
        if "punctuation" in values:
            values["punctuation"] = self.punctuation.resolve().name if self.punctuation else _BUILT_IN
        return values


def how_to_give(name: str, value: Any) -> str:
    """What a person types to give the shaping setting `name` a `value`, as `CorpusOptions.shaping` has it."""
    option = f"--{name.replace('_', '-')}"
    if name == "punctuation" and value == _BUILT_IN:
        return f"leave out {name} ({option})"
    if name == "punctuation":
        return f"give {name}, the folder of the model {value} ({option} FOLDER/{value})"
    return f"give {name}={value} ({option} {value})"


def stored_streams(streams: Mapping[str, FrameStream], form: Form = "jpeg") -> dict[str, Stream]:
    """The streams of a store for these frames."""
    return {name: Stream(float(one.fps), form, one.at) for name, one in streams.items()}

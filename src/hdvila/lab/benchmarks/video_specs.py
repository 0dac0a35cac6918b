"""What a benchmark is here: its videos, their splits, and the captions that people might have written about them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from random import Random

from hdvila.annotations.records import Split as BenchmarkSplit
from hdvila.miniature.categories import BY_SLUG
from hdvila.miniature.narration import draw_told, tell
from hdvila.miniature.script import Event, Script, write_script
from hdvila.miniature.world import Shares, Split, WorldConfig

__all__ = ["Benchmark", "VideoSpec", "caption", "sentence", "youtube_id"]

_MENTIONED = Shares(phrase=0.1, place=0.4, mark=0.3, aside=0.0, silent=0.0)
"""How often a caption mentions each attribute; those not named here have the shares of narration."""


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """One video of a benchmark: its number from 0, its file name without ending, its split, and its script."""

    number: int
    stem: str
    split: BenchmarkSplit
    script: Script


@dataclass(frozen=True, slots=True)
class Benchmark:
    """How one benchmark's videos are chosen and its annotation files written.

    Attributes:
        first_script: number of its first script in the world; benchmarks are far enough apart to share no video.
        stem: (number, script) -> the video's file name without ending.
        files: (videos, seed) -> name and text of each annotation file.
        config: settings of the world.
        fits: scripts for which this is false are skipped.
        most: the largest number of videos, or None.
    """

    first_script: int
    stem: Callable[[int, Script], str]
    files: Callable[[Sequence[VideoSpec], int], dict[str, str]]
    config: WorldConfig
    fits: Callable[[Script], bool] = lambda script: True
    most: int | None = None

    def video_specs(self, videos: int, seed: int) -> list[VideoSpec]:
        """The videos: training, then validation (a tenth), then test (a fifth).

        Test videos show attribute combinations that no video of the other two splits shows, as everywhere in the world;
        validation videos draw from the combinations of training.

        Args:
            videos: how many, 10 or more.
            seed: the world's.
        """
        videos = min(videos, self.most or videos)
        test, validation = videos // 5, videos // 10
        learning = self._scripts("train", videos - test, seed)
        sizes: dict[BenchmarkSplit, int] = {"train": videos - test - validation, "validation": validation, "test": test}
        parts = [part for part, size in sizes.items() for _ in range(size)]
        scripts = [*learning, *self._scripts("test", test, seed)]
        return [
            VideoSpec(number, self.stem(number, script), part, script)
            for number, (part, script) in enumerate(zip(parts, scripts, strict=True))
        ]

    def _scripts(self, split: Split, wanted: int, seed: int) -> Iterator[Script]:
        scripts = (write_script(seed, number, self.config, split) for number in count(self.first_script))
        return islice(filter(self.fits, scripts), wanted)


def caption(category: str, event: Event, rng: Random) -> str:
    """One caption of an event, lower case, without a full stop; each draw mentions other attributes."""
    thing = event.object, event.colour, event.texture
    told = draw_told(_MENTIONED, rng)
    return tell(BY_SLUG[category], thing, event.mark, event.place, event.action, told, rng).lower()


def sentence(category: str, event: Event, rng: Random) -> str:
    """A `caption` with a capital letter and a full stop."""
    text = caption(category, event, rng)
    return f"{text[0].upper()}{text[1:]}."


def youtube_id(text: str) -> str:
    """An id like YouTube's, a hash of `text`: eleven letters, digits, dashes and underscores, in any position."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())[:11].decode()

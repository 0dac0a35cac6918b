"""The miniature world's settings and its vocabulary of attributes.

Every clip shows one object of one category in one place. What can be said of it is of three kinds, by the frames that
show it:

    one LR frame     object, colour, place
    one HR frame     texture (period 4 px, so that LR frames show its mean colour), mark (7 px)
    several frames   direction and speed, change of colour, how many times, which came first
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from hdvila.errors import UsageError
from hdvila.settings import override

WIDTH, HEIGHT = 216, 144
"""Pixels of a frame: an eighth more than 192x128, for random crops."""

FPS = 10
"""Frames a second, constant."""

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (205, 46, 50),
    "orange": (209, 122, 46),
    "yellow": (209, 198, 52),
    "green": (58, 160, 60),
    "blue": (48, 88, 207),
    "purple": (138, 56, 178),
    "pink": (209, 112, 172),
    "white": (205, 205, 200),
}
"""Saturated, and at least 46 grey levels from black and white, the room that textures need."""

TEXTURES = ("plain", "striped", "banded", "slanted", "checked", "dotted", "zigzag")
"""Patterns of equal mean colour: `striped` is vertical, `banded` horizontal, `slanted` diagonal."""

MARKS = ("plus", "cross", "ring", "sun", "dots", "bars")
"""Signs on the badge of every object, with equal mean and spread of brightness."""

STEPS = ("jumps", "grows", "blinks", "glows")
"""What an object can do on the spot, about 0.6 s each."""

COUNTS = {2: "twice", 3: "three times", 4: "four times"}
DIRECTIONS = {"left": "to the left", "right": "to the right", "up": "upwards", "down": "downwards"}
SPEEDS = ("slowly", "quickly")

TELLABLE = ("phrase", "object", "colour", "place", "texture", "mark", "action")
"""What narration can tell; ``phrase`` is wording that only one category has."""

Split = Literal["train", "test"]
Captions = Literal["rolling", "plain"]


@dataclass(frozen=True, slots=True)
class Shares:
    """How often narration mentions each attribute, and how often it is about something else; all 0..1.

    One frame shows `phrase` (wording of the category), `object`, `colour` and `place`; only detail shows `texture` and
    `mark`; only time shows `action`. `aside` is the share of events with speech about something else, `silent` that of
    events without speech.
    """

    phrase: float = 0.2
    object: float = 0.7
    colour: float = 0.9
    place: float = 0.25
    texture: float = 0.9
    mark: float = 0.2
    action: float = 0.8
    aside: float = 0.05
    silent: float = 0.08

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 <= value <= 1:
                raise UsageError(f"share {name}={value}: give a probability from 0 to 1")
        if self.aside + self.silent > 1:
            raise UsageError(
                f"shares aside={self.aside} and silent={self.silent} add up to more than 1; lower one of them"
            )


@dataclass(frozen=True, slots=True)
class ActionMix:
    """Relative weights of the six kinds of action (`hdvila.miniature.actions`), narrated or not."""

    move: float = 0.4
    turn: float = 0.2
    repeat: float = 0.2
    order: float = 0.2
    cycle: float = 0.0
    tour: float = 0.0

    def __post_init__(self) -> None:
        weights = asdict(self).values()
        if min(weights) < 0 or sum(weights) <= 0:
            raise UsageError(f"{self}: weights of actions must not be negative, and one must be above 0")


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """Everything that shapes the world besides its seed.

    Attributes:
        shares: how often narration mentions each attribute.
        actions: how often objects do each kind of action.
        events: fewest and most events of a video.
        trimmed: seconds of every event, without speech and without margins before the first and after the last one;
            0: events last as long as their narration.
        test_share: share of the attribute combinations (and of the videos) held out for testing.
        captions: ``rolling`` automatic captions with word times, or ``plain`` cues of one line without them.
        categories: how many of the fifteen categories have videos.
        jitter: standard deviation of caption times in seconds.
        crf: x264 quality; at 20 the textures keep most of their contrast.
    """

    shares: Shares = field(default_factory=Shares)
    actions: ActionMix = field(default_factory=ActionMix)
    events: tuple[int, int] = (6, 10)
    trimmed: float = 0.0
    test_share: float = 0.2
    captions: Captions = "rolling"
    categories: int = 15
    jitter: float = 0.05
    crf: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.events[0] <= self.events[1] <= 40:
            raise UsageError(f"events={self.events}: give the fewest and most events of a video, from 1 to 40")
        if self.trimmed and not 3 <= self.trimmed <= 60:
            raise UsageError(f"trimmed={self.trimmed}: give the seconds of an event, from 3 to 60, or 0")
        if not 0.01 <= self.test_share <= 0.99:
            raise UsageError(f"test_share={self.test_share}: give 0.01 to 0.99, so that both splits have combinations")
        if self.captions not in ("rolling", "plain"):
            raise UsageError(f"captions={self.captions!r}: choose rolling or plain")
        if not 1 <= self.categories <= 15:
            raise UsageError(f"categories={self.categories}: give 1 to 15")
        if not 0 <= self.jitter <= 0.5:
            raise UsageError(f"jitter={self.jitter} s: give 0 to 0.5; with more, words lose their order")
        if not 0 <= self.crf <= 51:
            raise UsageError(f"crf={self.crf}: give 0 (lossless) to 51")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {**asdict(self), "events": list(self.events)}


def config_from(settings: dict[str, str]) -> WorldConfig:
    """A configuration from texts by key, such as ``{"shares.texture": "0.5", "events": "6-10", "captions": "plain"}``.

    Raises:
        UsageError: a key is unknown, or a value of the wrong type or out of range.
    """
    texts = dict(settings)
    if span := re.fullmatch(r"(\d+)(?:-(\d+))?", texts.get("events", "")):
        texts["events"] = f"{span[1]},{span[2] or span[1]}"
    return override(WorldConfig(), texts, "the miniature world")

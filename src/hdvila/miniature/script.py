"""The script of a video: its events, their times, and what is said: a function of seed, number, split and settings."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from hdvila.miniature.actions import Action, draw_action
from hdvila.miniature.categories import CATEGORIES, Category
from hdvila.miniature.motion import Path, play
from hdvila.miniature.narration import Spoken, narrate, say
from hdvila.miniature.world import COLOURS, FPS, MARKS, TEXTURES, Split, WorldConfig

_SHORTEST = 2.4  # seconds of an event


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens in a video.

    Attributes:
        start, end: seconds of the video.
        place, object, colour, texture, mark, action: what happens.
        path: how the action is played.
        sentence: what is said; empty for silence.
        narrated: whether the sentence is about the event (neither silence nor an aside).
        told: the attributes that the sentence mentions.
        speech: the spoken words with their times.
    """

    start: float
    end: float
    place: str
    object: str
    colour: str
    texture: str
    mark: str
    action: Action
    path: Path
    sentence: str
    narrated: bool
    told: tuple[str, ...]
    speech: tuple[Spoken, ...]

    def truth(self) -> dict[str, Any]:
        """The event's object in ``truth.jsonl``."""
        attributes = {name: getattr(self, name) for name in ("object", "colour", "place", "texture", "mark")}
        action = {name: value for name, value in asdict(self.action).items() if name != "kind"}
        said = (self.speech[0].start, self.speech[-1].end) if self.speech else (None, None)
        return {
            "start": self.start,
            "end": self.end,
            "sentence": self.sentence,
            "attributes": attributes | {"action": self.action.kind} | {k: v for k, v in action.items() if v},
            "narrated": self.narrated,
            "told": list(self.told),
            "speech_start": None if said[0] is None else round(said[0], 3),
            "speech_end": None if said[1] is None else round(said[1], 3),
        }


@dataclass(frozen=True, slots=True)
class Script:
    """One video: name (of its files, without ending), category, split, length in seconds, events in order of time."""

    name: str
    category: str
    split: Split
    length: float
    events: tuple[Event, ...]

    def truth(self) -> dict[str, Any]:
        """The video's object in ``truth.jsonl``."""
        return {
            "video": f"{self.name}.mp4",
            "category": self.category,
            "split": self.split,
            "duration": self.length,
            "events": [event.truth() for event in self.events],
        }


def combination(name: str, colour: str, texture: str, action: str) -> str:
    """The key of an attribute combination. No combination is in both splits."""
    return f"{name}|{colour}|{texture}|{action}"


def split_of(key: str, test_share: float) -> Split:
    """The split of a combination, by a hash of its key, the same for every seed."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    return "test" if number < test_share else "train"


def write_script(seed: int, number: int, config: WorldConfig, split: Split | None = None) -> Script:
    """The script of video `number` (from 0), which does not depend on other videos.

    Args:
        seed: the world's seed.
        number: which video.
        config: the world's settings.
        split: whose combinations to draw; None assigns `test_share` of the videos to the test split, the rest to train.
    """
    if split is None:
        share = config.test_share
        split = "test" if int((number + 1) * share + 1e-9) > int(number * share + 1e-9) else "train"
    rng = Random(f"hdvila miniature {seed} {split} {number}")
    category = CATEGORIES[rng.randrange(config.categories)]
    used: set[str] = set()
    events: list[Event] = []
    now = 0.0 if config.trimmed else rng.uniform(0.3, 0.8)
    for _ in range(rng.randint(*config.events)):
        event = _draw_event(_on_grid(now), category, split, used, config, rng)
        events.append(event)
        now = event.end + rng.uniform(0.5, 1.1)
    length = events[-1].end if config.trimmed else _on_grid(now)
    return Script(f"{number:05d}-{category.slug}", category.slug, split, length, tuple(events))


def _on_grid(time: float) -> float:
    """The time of the next frame, so that the bounds of events are exact in the video."""
    return -(-round(time * FPS, 6) // 1) / FPS


def _draw_event(
    start: float, category: Category, split: Split, used: set[str], config: WorldConfig, rng: Random
) -> Event:
    while True:
        thing = rng.choice(list(category.objects)), rng.choice(list(COLOURS)), rng.choice(TEXTURES)
        action = draw_action(rng, config.actions, thing[1])
        key = combination(*thing, action.name)
        if key not in used and split_of(key, config.test_share) == split:
            used.add(key)
            break
    place, mark = rng.choice(category.places), rng.choice(MARKS)
    if config.trimmed:
        length = config.trimmed
        path = play(action, length, (0.0, length), rng)
        return Event(start, _on_grid(start + length), place, *thing, mark, action, path, "", False, (), ())
    sentence, narrated, told = narrate(category, thing, mark, place, action, config.shares, rng)
    lead = rng.uniform(0.15, 0.4)
    speech = say(sentence.rstrip(".").replace("I ", "i ").lower(), start + lead, rng) if sentence else ()
    said = speech[-1].end - start if speech else lead + rng.uniform(2.5, 4.0)
    end = _on_grid(max(start + said + rng.uniform(0.15, 0.4), start + _SHORTEST))
    path = play(action, end - start, (lead, said), rng)
    return Event(start, end, place, *thing, mark, action, path, sentence, narrated, told, speech)

"""Six searches with known right answers: two for what any frame shows, two for detail, two for time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hdvila.lab.corpora import World
from hdvila.media.codecs import encode_jpeg
from hdvila.media.video import open_video
from hdvila.miniature.actions import Action
from hdvila.miniature.categories import CATEGORIES
from hdvila.types import Moment

VERBS = {thing: verb for category in CATEGORIES for thing, verb in category.objects.items()}
ASKED = (
    (("colour",), "a colour: every small frame shows it"),
    (("place",), "a place: every small frame shows it"),
    (("texture",), "a texture: only the large frame shows it"),
    (("texture", "colour"), "texture and colour: it takes both resolutions"),
    (("action", "move"), "a movement: only several frames show it"),
    (("action", "repeat"), "a count: only several frames show it"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a search is for: its words, and the attributes of a right answer."""

    words: str
    asks_for: str
    wanted: dict[str, Any]

    def is_answered_by(self, moment: Moment, truth: Sequence[dict[str, Any]]) -> bool:
        """Whether the event that overlaps this moment most has all attributes that were asked for."""
        name = Path(moment.file).name
        events = [event for video in truth if video["video"] == name for event in video["events"]]
        shared = [min(moment.end, event["end"]) - max(moment.start, event["start"]) for event in events]
        if not shared or max(shared) <= 0:
            return False
        attributes = events[shared.index(max(shared))]["attributes"]
        return all(attributes.get(name) == value for name, value in self.wanted.items())


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search, with frames of it (JPEG), and whether it is right."""

    moment: Moment
    frames: tuple[bytes, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One search: its words, what they ask for (``"a texture: ..."``), and the hits, best first."""

    words: str
    asks_for: str
    hits: tuple[Hit, ...]

    def facts(self) -> dict[str, Any]:
        """The search's object in ``report.json``."""
        hits = [
            asdict(hit.moment) | {"copies": list(hit.moment.copies), "rank": rank, "right": hit.right}
            for rank, hit in enumerate(self.hits, 1)
        ]
        return {"words": self.words, "asks_for": self.asks_for, "hits": hits}


def draw_questions(truth: Sequence[dict[str, Any]]) -> list[Question]:
    """One question of each kind in `ASKED`, each about a different object; kinds that no video shows are left out."""
    used: set[str] = set()
    questions = []
    for asked, asks_for in ASKED:
        found = next((attributes for attributes in _attributes(truth, asked) if attributes["object"] not in used), None)
        if found is not None:
            used.add(found["object"])
            questions.append(_question(found, asked, asks_for))
    return questions


def _attributes(truth: Sequence[dict[str, Any]], asked: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for video in truth:
        for event in video["events"]:
            told = event["narrated"] and asked[0] in event["told"]
            if told and (asked[0] != "action" or event["attributes"]["action"] == asked[1]):
                yield event["attributes"]


def _question(attributes: dict[str, Any], asked: tuple[str, ...], asks_for: str) -> Question:
    thing = attributes["object"]
    if asked[0] == "action":
        parts: dict[str, Any] = {
            name: attributes[name] for name in ("direction", "speed", "first", "second", "count") if name in attributes
        }
        words = f"the {thing} {Action(attributes['action'], **parts).in_words(VERBS[thing])}"
        return Question(words, asks_for, {"object": thing, "action": attributes["action"], **parts})
    if asked[0] == "place":
        place = attributes["place"]
        return Question(f"the {thing} at the {place}", asks_for, {"object": thing, "place": place})
    named = [name for name in ("colour", "texture") if name in asked]
    words = " ".join(["the", *(attributes[name] for name in named), thing])
    return Question(words, asks_for, {"object": thing} | {name: attributes[name] for name in named})


def judge(moments: Sequence[Moment], question: Question, world: World) -> Query:
    """The search for `question`: its answers with frames of their videos, and whether each is right."""
    hits = []
    for moment in moments:
        # Before the middle of the clip, in the middle and after it, so that movement shows.
        times = [moment.start + (moment.end - moment.start) * part for part in (0.25, 0.5, 0.75)]
        with open_video(world.videos / moment.file) as video:
            frames = tuple(encode_jpeg(rgb, quality=88) for rgb in video.at(times).rgb)
        shown = replace(moment, file=Path(moment.file).name)
        hits.append(Hit(shown, frames, question.is_answered_by(moment, world.truth)))
    return Query(question.words, question.asks_for, tuple(hits))

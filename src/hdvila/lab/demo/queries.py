"""Six searches whose right answers the miniature world knows: two for each kind of sight."""

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
    """What is asked for: words, and the attributes that a right answer has."""

    words: str
    asks_for: str
    wanted: dict[str, Any]

    def is_answered_by(self, moment: Moment, truth: Sequence[dict[str, Any]]) -> bool:
        """Whether the event that fills most of this moment has all that was asked for."""
        name = Path(moment.file).name
        events = [event for video in truth if video["video"] == name for event in video["events"]]
        shared = [min(moment.end, event["end"]) - max(moment.start, event["start"]) for event in events]
        if not shared or max(shared) <= 0:
            return False
        shown = events[shared.index(max(shared))]["attributes"]
        return all(shown.get(name) == value for name, value in self.wanted.items())


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search, with frames of it (JPEG) and whether it shows what was asked."""

    moment: Moment
    pictures: tuple[bytes, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One search: the words, what they ask for (``"a texture"``), and the hits, best first."""

    words: str
    asks_for: str
    hits: tuple[Hit, ...]

    def facts(self) -> dict[str, Any]:
        """The search as it stands in ``report.json``."""
        hits = [
            asdict(hit.moment) | {"copies": list(hit.moment.copies), "rank": rank, "right": hit.right}
            for rank, hit in enumerate(self.hits, 1)
        ]
        return {"words": self.words, "asks_for": self.asks_for, "hits": hits}


def draw_questions(truth: Sequence[dict[str, Any]]) -> list[Question]:
    """A question of each kind in `ASKED`, each about another object; a kind that the videos do not show is left out."""
    used: set[str] = set()
    questions = []
    for asked, asks_for in ASKED:
        shown = next((shown for shown in _shown(truth, asked) if shown["object"] not in used), None)
        if shown is not None:
            used.add(shown["object"])
            questions.append(_question(shown, asked, asks_for))
    return questions


def _shown(truth: Sequence[dict[str, Any]], asked: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for video in truth:
        for event in video["events"]:
            told = event["narrated"] and asked[0] in event["told"]
            if told and (asked[0] != "action" or event["attributes"]["action"] == asked[1]):
                yield event["attributes"]


def _question(shown: dict[str, Any], asked: tuple[str, ...], asks_for: str) -> Question:
    thing = shown["object"]
    if asked[0] == "action":
        parts: dict[str, Any] = {
            name: shown[name] for name in ("direction", "speed", "first", "second", "count") if name in shown
        }
        words = f"the {thing} {Action(shown['action'], **parts).told(VERBS[thing])}"
        return Question(words, asks_for, {"object": thing, "action": shown["action"], **parts})
    if asked[0] == "place":
        return Question(f"the {thing} at the {shown['place']}", asks_for, {"object": thing, "place": shown["place"]})
    looks = [name for name in ("colour", "texture") if name in asked]
    words = " ".join(["the", *(shown[name] for name in looks), thing])
    return Question(words, asks_for, {"object": thing} | {name: shown[name] for name in looks})


def judge(moments: Sequence[Moment], question: Question, world: World) -> Query:
    """A search with its answers, each with frames of its video and whether it is right."""
    hits = []
    for moment in moments:
        # The middle of the clip and what is before and after it: a movement shows.
        times = [moment.start + (moment.end - moment.start) * part for part in (0.25, 0.5, 0.75)]
        with open_video(world.videos / moment.file) as video:
            pictures = tuple(encode_jpeg(rgb, quality=88) for rgb in video.at(times).rgb)
        shown = replace(moment, file=Path(moment.file).name)
        hits.append(Hit(shown, pictures, question.is_answered_by(moment, world.truth)))
    return Query(question.words, question.asks_for, tuple(hits))

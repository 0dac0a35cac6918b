"""Questions with answers about a rendered world, in the forms of the two public data sets.

TGIF-QA (Jang et al. 2017): ``tgif_action`` and ``tgif_transition`` with five options each, ``tgif_count``, and
``tgif_frameqa`` with an open answer of type 0 object, 2 color or 3 location (type 1, number, is left out: one object is
shown at a time). MSRVTT-QA (Xu et al. 2017): ``msrvtt_qa`` with open one-word answers to what, who, how, where, when.

A clip's name is the video's and the number of the event in it, ``00012-music.3``; `video`, `start` and `end` say where
it is. Whatever is asked is shown; whether narration mentions it plays no part.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from hdvila.miniature.world import COUNTS, DIRECTIONS, STEPS

FAMILIES = ("tgif_action", "tgif_transition", "tgif_count", "tgif_frameqa", "msrvtt_qa")

OBJECT, COLOR, LOCATION = 0, 2, 3
"""Types of frame questions, as TGIF-QA numbers them."""

BEINGS = frozenset({"cat", "fish", "duck", "ghost", "robot", "snowman", "clown"})
"""Objects one asks ``who`` about."""

Question = dict[str, Any]
_NUMBERS = {2: "two", 3: "three", 4: "four"}


def questions(truth: Sequence[Mapping[str, Any]], seed: int = 0) -> dict[str, list[Question]]:
    """All questions about all events, by family (`FAMILIES`).

    Args:
        truth: videos as in ``truth.jsonl``.
        seed: draws wrong options and their order.
    """
    asked: dict[str, list[Question]] = {family: [] for family in FAMILIES}
    for video in truth:
        stem = str(video["video"]).removesuffix(".mp4")
        for number, event in enumerate(video["events"]):
            clip = f"{stem}.{number}"
            where = {"video": video["video"], "start": event["start"], "end": event["end"], "split": video["split"]}
            rng = Random(f"hdvila questions {seed} {clip}")
            for family, question in _about(event["attributes"], rng):
                asked[family].append(_record(family, question, clip, len(asked[family])) | where)
    return asked


def write_questions(folder: str | os.PathLike[str], truth: Sequence[Mapping[str, Any]], seed: int = 0) -> list[Path]:
    """Write ``questions/FAMILY-SPLIT.jsonl`` below a world's folder, an object a question; returns the files."""
    target = Path(folder) / "questions"
    target.mkdir(exist_ok=True)
    files = []
    for family, asked in questions(truth, seed).items():
        for split in ("train", "test"):
            path = target / f"{family}-{split}.jsonl"
            path.write_text("".join(json.dumps(q) + "\n" for q in asked if q["split"] == split), encoding="utf-8")
            files.append(path)
    return files


def _record(family: str, question: Question, clip: str, number: int) -> Question:
    if family == "msrvtt_qa":
        return question | {"video_id": clip, "id": number}
    prefix = {"tgif_action": "ACTION", "tgif_transition": "TRANS", "tgif_count": "COUNT", "tgif_frameqa": "FRAMEQA"}
    return {"gif_name": clip} | question | {"question_id": f"{prefix[family]}{number}"}


def _about(attributes: Mapping[str, Any], rng: Random) -> Iterator[tuple[str, Question]]:
    thing = attributes["object"]
    if attributes["action"] == "repeat":
        step, count = _do(attributes["first"]), attributes["count"]
        yield "tgif_action", _options(f"What does the {thing} do {count} times ?", step, set(), rng)
        yield "tgif_count", {"question": f"How many times does the {thing} {step} ?", "answer": count}
    if attributes["action"] == "order":
        first, second = _do(attributes["first"]), _do(attributes["second"])
        yield "tgif_transition", _options(f"What does the {thing} do after {first} ?", second, {first}, rng)
        yield "tgif_transition", _options(f"What does the {thing} do before {second} ?", first, {second}, rng)
    colour, place = attributes["colour"], attributes["place"]
    if attributes["action"] == "turn":
        yield "msrvtt_qa", _open_question(f"what color does the {thing} turn?", attributes["turns"])
        yield "msrvtt_qa", _open_question(f"what color is the {thing} first?", colour)
        return  # what follows asks for one color
    frame = (
        (f"what is {colour} at the {place} ?", thing, OBJECT),
        (f"what is the color of the {thing} ?", colour, COLOR),
        (f"where is the {colour} {thing} ?", place, LOCATION),
    )
    for text, answer, kind in frame:
        yield "tgif_frameqa", {"question": text, "answer": answer, "type": kind}
    for text, answer in _open(attributes):
        yield "msrvtt_qa", _open_question(text, answer)


def _open_question(text: str, answer: str) -> Question:
    return {"question": text, "answer": answer, "answer_type": text.split()[0]}


def _open(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    thing, place = attributes["object"], attributes["place"]
    yield (f"who is at the {place}?" if thing in BEINGS else f"what is at the {place}?"), thing
    yield f"what color is the {thing}?", attributes["colour"]
    yield f"what pattern does the {thing} have?", attributes["texture"]
    yield f"what is on the badge of the {thing}?", attributes["mark"]
    yield f"where is the {thing}?", place
    if attributes["action"] == "move":
        yield f"how does the {thing} move?", attributes["speed"]
        yield f"where does the {thing} go?", attributes["direction"]
    elif attributes["action"] == "repeat":
        yield f"how many times does the {thing} {_do(attributes['first'])}?", _NUMBERS[attributes["count"]]
        yield f"what does the {thing} do?", _do(attributes["first"])
    else:
        yield f"when does the {thing} {_do(attributes['first'])}?", "first"
        yield f"when does the {thing} {_do(attributes['second'])}?", "last"


def _options(question: str, answer: str, forbidden: set[str], rng: Random) -> Question:
    """Five options ``a1`` to ``a5`` and the number of the right one, from 0; `forbidden` ones are not offered."""
    others = [_do(step) for step in STEPS] + [f"move {way}" for way in DIRECTIONS.values()]
    wrong = rng.sample([option for option in others if option != answer and option not in forbidden], 4)
    right = rng.randrange(5)
    wrong.insert(right, answer)
    return {"question": question, **{f"a{n}": option for n, option in enumerate(wrong, start=1)}, "answer": right}


def _do(step: str) -> str:
    return step.removesuffix("s")


assert set(_NUMBERS) == set(COUNTS)

"""Questions with answers about a rendered world, in the forms of two public data sets.

TGIF-QA (Jang et al. 2017): ``tgif_action`` and ``tgif_transition`` with five options each, ``tgif_count``, and
``tgif_frameqa`` with an open answer and a type: 0 object, 2 color and 3 location, as TGIF-QA numbers them (without its
1, number, since one object is shown at a time), and two of our own that only detail answers, 4 pattern and 5 badge.
MSRVTT-QA (Xu et al. 2017): ``msrvtt_qa`` with open one-word answers to what, who, how, where, when.

Questions are about what the video shows, whether or not narration mentions it. No question reveals its answer: objects
and places belong to categories, so no question about one names the other.

Questions about the actions ``cycle`` and ``tour`` need frames in order, since all options are equally visible. Of a
``repeat`` or an ``order``, as default worlds have them, a single frame may show the answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from hdvila.miniature.actions import VERBS
from hdvila.miniature.folder import as_lines
from hdvila.miniature.world import COUNTS, DIRECTIONS, STEPS

FAMILIES = ("tgif_action", "tgif_transition", "tgif_count", "tgif_frameqa", "msrvtt_qa")

OBJECT, COLOR, LOCATION, PATTERN, BADGE = 0, 2, 3, 4, 5
"""Types of frame questions; the last two are our own."""

BEINGS = frozenset({"cat", "fish", "duck", "ghost", "robot", "snowman", "clown"})
"""Objects that questions ask ``who`` about."""

Question = dict[str, Any]
_NUMBERS = {2: "two", 3: "three", 4: "four"}


def questions(truth: Sequence[Mapping[str, Any]], seed: int = 0) -> dict[str, list[Question]]:
    """All questions about all events, by family (`FAMILIES`).

    A clip is named by its video and the number of its event, ``00012-music.3``; `video`, `start` and `end` locate it.

    Args:
        truth: videos as in ``truth.jsonl``.
        seed: of the wrong options and their order.
    """
    asked: dict[str, list[Question]] = {family: [] for family in FAMILIES}
    for video in truth:
        stem = str(video["video"]).removesuffix(".mp4")
        for number, event in enumerate(video["events"]):
            clip = f"{stem}.{number}"
            where = {"video": video["video"], "start": event["start"], "end": event["end"], "split": video["split"]}
            for family, question in questions_about(event["attributes"], f"{seed} {clip}"):
                asked[family].append(_record(family, question, clip, len(asked[family])) | where)
    return asked


def questions_about(attributes: Mapping[str, Any], key: str) -> Iterator[tuple[str, Question]]:
    """(family, question) of one event.

    A question has `question` and `answer`; frame questions also ``type``, those of MSRVTT-QA ``answer_type``. Questions
    with options have them as ``a1`` to ``a5``, and `answer` is the index of the right one, from 0.

    Args:
        attributes: of the event, as in ``truth.jsonl``.
        key: seeds the wrong options and their order.
    """
    rng = Random(f"hdvila questions {key}")
    yield from _about_time(attributes, rng)
    thing, colour = attributes["object"], attributes["colour"]
    if attributes["action"] == "turn":
        yield "msrvtt_qa", _open_question(f"what color does the {thing} turn?", attributes["turns"])
        yield "msrvtt_qa", _open_question(f"what color is the {thing} first?", colour)
        return  # the other questions have one color as an answer
    frame = (
        (f"what is the {colour} thing ?", thing, OBJECT),
        (f"what is the color of the {thing} ?", colour, COLOR),
        (f"where is the {colour} thing ?", attributes["place"], LOCATION),
        (f"what is the pattern of the {thing} ?", attributes["texture"], PATTERN),
        (f"what is on the badge of the {thing} ?", attributes["mark"], BADGE),
    )
    for text, answer, kind in frame:
        yield "tgif_frameqa", {"question": text, "answer": answer, "type": kind}
    for text, answer in _open(attributes):
        yield "msrvtt_qa", _open_question(text, answer)


def write_questions(folder: str | os.PathLike[str], truth: Sequence[Mapping[str, Any]], seed: int = 0) -> list[Path]:
    """Write ``questions/FAMILY-SPLIT.jsonl`` below a world's folder, an object a question; -> the files."""
    target = Path(folder) / "questions"
    target.mkdir(exist_ok=True)
    files = []
    for family, asked in questions(truth, seed).items():
        for split in ("train", "test"):
            path = target / f"{family}-{split}.jsonl"
            path.write_text(as_lines(q for q in asked if q["split"] == split), encoding="utf-8")
            files.append(path)
    return files


def _record(family: str, question: Question, clip: str, number: int) -> Question:
    if family == "msrvtt_qa":
        return question | {"video_id": clip, "id": number}
    prefix = {"tgif_action": "ACTION", "tgif_transition": "TRANS", "tgif_count": "COUNT", "tgif_frameqa": "FRAMEQA"}
    return {"gif_name": clip} | question | {"question_id": f"{prefix[family]}{number}"}


def _about_time(attributes: Mapping[str, Any], rng: Random) -> Iterator[tuple[str, Question]]:
    thing, kind = attributes["object"], attributes["action"]
    if kind in ("repeat", "cycle"):
        does, count = _do(attributes["first"]), attributes["count"]
        others = _SHINE if kind == "cycle" else _anything()
        yield "tgif_action", _options(f"What does the {thing} do {count} times ?", does, others, rng)
    if kind == "repeat":
        yield "tgif_count", {"question": f"How many times does the {thing} {does} ?", "answer": count}
    if kind == "order":
        first, second = _do(attributes["first"]), _do(attributes["second"])
        others = [step for step in _anything() if step not in (first, second)]
        yield "tgif_transition", _options(f"What does the {thing} do after {first} ?", second, others, rng)
        yield "tgif_transition", _options(f"What does the {thing} do before {second} ?", first, others, rng)
    if kind == "tour":
        for when in ("before", "after"):
            text = f"What does the {thing} do {when} {_do(attributes['first'])} ?"
            yield "tgif_transition", _options(text, _do(attributes[when]), _SHINE, rng)


def _open_question(text: str, answer: str) -> Question:
    return {"question": text, "answer": answer, "answer_type": text.split()[0]}


def _open(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    thing, kind = attributes["object"], attributes["action"]
    yield ("who is this?" if thing in BEINGS else "what is this?"), thing
    yield f"what color is the {thing}?", attributes["colour"]
    yield f"what pattern does the {thing} have?", attributes["texture"]
    yield f"what is on the badge of the {thing}?", attributes["mark"]
    yield "where does this happen?", attributes["place"]
    if kind == "move":
        yield f"how does the {thing} move?", attributes["speed"]
        yield f"where does the {thing} go?", attributes["direction"]
    elif kind == "repeat":
        yield f"how many times does the {thing} {_do(attributes['first'])}?", _NUMBERS[attributes["count"]]
        yield f"what does the {thing} do?", _do(attributes["first"])
    elif kind == "order":
        yield f"when does the {thing} {_do(attributes['first'])}?", "first"
        yield f"when does the {thing} {_do(attributes['second'])}?", "last"


def _options(question: str, answer: str, others: Sequence[str], rng: Random) -> Question:
    """Five options ``a1`` to ``a5``, four of them drawn from `others`, and the index of the right one, from 0."""
    options = rng.sample([option for option in others if option != answer], 4)
    right = rng.randrange(5)
    options.insert(right, answer)
    return {"question": question, **{f"a{n}": option for n, option in enumerate(options, start=1)}, "answer": right}


def _anything() -> list[str]:
    return [_do(step) for step in STEPS] + [f"move {way}" for way in DIRECTIONS.values()]


def _do(does: str) -> str:
    """The infinitive: ``jumps`` -> ``jump``."""
    verb, _, rest = does.partition(" ")
    return f"{verb.removesuffix('s')} {rest}".strip()


_SHINE = [_do(verb) for verb in VERBS]

assert set(_NUMBERS) == set(COUNTS)

"""TGIF-QA (Jang et al. 2017): four tasks on animated GIFs, each in a table of its own.

Parted by tabs, though named csv. The columns `vid_id` and `key` are swapped against their names: `vid_id` holds the
question's id ("ACTION4"), `key` the GIF's number; the GIF is in `gif_name`. A space stands before each "?".

| task | columns beside those | answer |
|---|---|---|
| action, transition | a1 ... a5 | the number of an option from 0 |
| frameqa | type (0 object, 1 number, 2 color, 3 location), description | a word |
| count | | 0 and 2 to 10 in digits; 1 does not occur |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from hdvila.annotations import official
from hdvila.annotations.gather import gather
from hdvila.annotations.recognise import looks_like, refuse
from hdvila.annotations.records import Annotations, Part, Question, Split
from hdvila.annotations.tables import Row, fields_of, form, read_rows
from hdvila.errors import UsageError

__all__ = ["COUNTS", "read_action", "read_count", "read_frameqa", "read_transition"]

_OPTIONS = ("a1", "a2", "a3", "a4", "a5")
_ASKS = {"ACTION": r"\btimes?\b", "TRANS": r"\b(before|after)"}
_TYPES = {"0": "object", "1": "number", "2": "color", "3": "location"}
COUNTS = range(11)
"""What a count may be."""


def read_action(path: Path, split: Split) -> Annotations:
    """What is done so many times? Five options.

    Raises:
        UsageError: another file or task, or a broken line.
    """
    return _read(path, "ACTION", {*_OPTIONS}, _choice)


def read_transition(path: Path, split: Split) -> Annotations:
    """What is done before or after something else? Five options.

    Raises:
        UsageError: another file or task, or a broken line.
    """
    return _read(path, "TRANS", {*_OPTIONS}, _choice)


def read_frameqa(path: Path, split: Split) -> Annotations:
    """What one frame shows, in one word.

    Raises:
        UsageError: another file or task, or a broken line.
    """
    return _read(path, "FRAMEQA", {"type"}, _word)


def read_count(path: Path, split: Split) -> Annotations:
    """How many times is something done?

    Raises:
        UsageError: another file or task, or a broken line.
    """
    return _read(path, "COUNT", set(), _count)


def _read(path: Path, task: str, columns: set[str], question_of: Callable[[Row], Question]) -> Annotations:
    if form(path) == ".jsonl":
        return _official(path, task)
    names = fields_of(path)
    if not {"gif_name", "question", "answer", "vid_id", *columns} <= names or (not columns and "type" in names):
        raise refuse(path, f"TGIF-QA's {task} questions")
    rows = read_rows(path)
    stranger = next((row for row in rows if not row.text("vid_id").startswith(task)), None)
    if stranger is not None and stranger.text("key").startswith(task):
        raise stranger.refuse(
            f"key holds the question's id, {stranger.get('key')!r}, and vid_id does not; in TGIF-QA's own files it is "
            "the other way round, against what the names say: take the file as it was given out"
        )
    if stranger is not None:
        raise UsageError(
            f"{stranger.where}: the question {stranger.text('vid_id')!r} is of another task than {task}; the file "
            f"looks like {looks_like(path)}; give the file of this task"
        )
    questions = [question_of(row) for row in rows]
    return gather(path, (Part(question.video_id) for question in questions), questions=questions)


def _official(path: Path, task: str) -> Annotations:
    """The official code's lines do not say their task, so it is told from the questions or the answers."""
    if "gif_name" not in fields_of(path):
        raise refuse(path, "a jsonl of questions about GIFs")
    found = official.read_questions(path)
    if any(bool(question.options) != (task in _ASKS) for question in found.questions):
        raise refuse(path, f"a jsonl of questions {'with' if task in _ASKS else 'without'} options")
    other = _task(found.questions, task)
    if other != task:
        raise UsageError(f"{path}: is not TGIF-QA's {task} questions, it looks like {other}; give that task's file")
    return found


def _task(questions: Sequence[Question], wanted: str) -> str:
    """Which task questions of one kind are of; `wanted` where nothing speaks against it.

    Actions are what is done so many times, transitions what is done before or after something; counts are numbers,
    answers about frames are words.
    """
    if not questions[0].options:
        return "COUNT" if all(str(question.answer) in map(str, COUNTS) for question in questions) else "FRAMEQA"
    found = {task: sum(bool(re.search(asks, one.question)) for one in questions) for task, asks in _ASKS.items()}
    return max(found, key=lambda task: (found[task], task == wanted))


def _choice(row: Row) -> Question:
    options = tuple(row.text(name) for name in _OPTIONS)
    return _question(row, official.choice_of(row, options), options)


def _word(row: Row) -> Question:
    code = row.text("type")
    return _question(row, row.text("answer"), kind=_TYPES.get(code, code))


def _count(row: Row) -> Question:
    count = int(row.number("answer", int))
    if count not in COUNTS:
        raise row.refuse(f"the count is {count}, where {COUNTS.start} to {COUNTS.stop - 1} must stand")
    return _question(row, str(count))


def _question(row: Row, answer: int | str, options: tuple[str, ...] = (), kind: str = "") -> Question:
    return Question(row.text("vid_id"), row.text("gif_name"), row.text("question"), answer, options, kind)

"""TGIF-QA (Jang et al. 2017): four tasks on animated GIFs, each in a table of its own.

Separated by tabs, though named csv. The columns `vid_id` and `key` are swapped: `vid_id` has the question's
id ("ACTION4"), `key` the GIF's number, and `gif_name` names the GIF. Each "?" follows a space.

| task | further columns | answer |
|---|---|---|
| action, transition | a1 ... a5 | the number of an option from 0 |
| frameqa | type (0 object, 1 number, 2 color, 3 location), description | a word |
| count | | 0 and 2 to 10 in digits; 1 does not occur |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from hdvila.annotations import hdvila_jsonl
from hdvila.annotations.detect_format import detect_format, wrong_file
from hdvila.annotations.entries import Entry, extension, fields_of, read_entries
from hdvila.annotations.merge import merge
from hdvila.annotations.records import Annotations, BenchmarkVideo, Question, Split
from hdvila.errors import UsageError

__all__ = ["COUNTS", "read_action", "read_count", "read_frameqa", "read_transition"]

_OPTIONS = ("a1", "a2", "a3", "a4", "a5")
_ASKS = {"ACTION": r"\btimes?\b", "TRANS": r"\b(before|after)"}
_TYPES = {"0": "object", "1": "number", "2": "color", "3": "location"}
COUNTS = range(11)
"""The counts that a question may have for its answer."""


def read_action(path: Path, split: Split) -> Annotations:
    """Read the repeated actions: what is done so many times? Five options.

    Raises:
        UsageError: another file or task, or a broken line.
    """
    return _read(path, "ACTION", {*_OPTIONS}, _choice)


def read_transition(path: Path, split: Split) -> Annotations:
    """Read the transitions: what is done before or after something else? Five options.

    Raises:
        UsageError: another file or task, or a broken line.
    """
    return _read(path, "TRANS", {*_OPTIONS}, _choice)


def read_frameqa(path: Path, split: Split) -> Annotations:
    """Read the frame questions: what does a frame show? One word.

    Raises:
        UsageError: another file or task, or a broken line.
    """
    return _read(path, "FRAMEQA", {"type"}, _word)


def read_count(path: Path, split: Split) -> Annotations:
    """Read the counts: how many times is something done?

    Raises:
        UsageError: another file or task, or a broken line.
    """
    return _read(path, "COUNT", set(), _count)


def _read(path: Path, task: str, columns: set[str], question_of: Callable[[Entry], Question]) -> Annotations:
    if extension(path) == ".jsonl":
        return _read_jsonl(path, task)
    names = fields_of(path)
    if not {"gif_name", "question", "answer", "vid_id", *columns} <= names or (not columns and "type" in names):
        raise wrong_file(path, f"TGIF-QA's {task} questions")
    entries = read_entries(path)
    other = next((entry for entry in entries if not entry.text("vid_id").startswith(task)), None)
    if other is not None and other.text("key").startswith(task):
        raise other.error(
            f"key has the question's id, {other.get('key')!r}, and vid_id does not; in TGIF-QA's own files the two "
            "columns are swapped"
        )
    if other is not None:
        raise UsageError(
            f"{other.where}: the question {other.text('vid_id')!r} is not of the task {task}; the file "
            f"looks like {detect_format(path)}; give the file of this task"
        )
    questions = [question_of(entry) for entry in entries]
    return merge(path, (BenchmarkVideo(question.video_id) for question in questions), questions=questions)


def _read_jsonl(path: Path, task: str) -> Annotations:
    """Read the official code's lines; their task is inferred from the questions or the answers."""
    if "gif_name" not in fields_of(path):
        raise wrong_file(path, "a jsonl of questions about GIFs")
    found = hdvila_jsonl.read_questions(path)
    if any(bool(question.options) != (task in _ASKS) for question in found.questions):
        raise wrong_file(path, f"a jsonl of questions {'with' if task in _ASKS else 'without'} options")
    other = _task(found.questions, task)
    if other != task:
        raise UsageError(f"{path}: is not TGIF-QA's {task} questions, it looks like {other}; give that task's file")
    return found


def _task(questions: Sequence[Question], wanted: str) -> str:
    """Infer the task of questions, all with or all without options; `wanted` where others fit no better.

    Questions about actions ask what is done so many times, those about transitions what is done before or
    after something. Counts are numbers, answers about frames are words.
    """
    if not questions[0].options:
        return "COUNT" if all(str(question.answer) in map(str, COUNTS) for question in questions) else "FRAMEQA"
    found = {task: sum(bool(re.search(asks, one.question)) for one in questions) for task, asks in _ASKS.items()}
    return max(found, key=lambda task: (found[task], task == wanted))


def _choice(entry: Entry) -> Question:
    options = tuple(entry.text(name) for name in _OPTIONS)
    return _question(entry, hdvila_jsonl.choice_of(entry, options), options)


def _word(entry: Entry) -> Question:
    code = entry.text("type")
    return _question(entry, entry.text("answer"), kind=_TYPES.get(code, code))


def _count(entry: Entry) -> Question:
    count = int(entry.number("answer", int))
    if count not in COUNTS:
        raise entry.error(f"the count is {count}, but must be {COUNTS.start} to {COUNTS.stop - 1}")
    return _question(entry, str(count))


def _question(entry: Entry, answer: int | str, options: tuple[str, ...] = (), kind: str = "") -> Question:
    return Question(entry.text("vid_id"), entry.text("gif_name"), entry.text("question"), answer, options, kind)

"""VQA 2.0 (Goyal et al. 2017): open questions about COCO's images, each answered by ten people.

| file | content |
|---|---|
| v2_OpenEnded_mscoco_SPLIT_questions.json | data_subtype (train2014 ...); questions: question_id, image_id, question |
| v2_mscoco_SPLIT_annotations.json | annotations: question_id, answers (10), answer_type, multiple_choice_answer |
| jsonl of ClipBERT | image_id, question_id, question, labels (answer: score), answer_type |

Of the first two either is read with the other beside it. The answers of the tests (test2015 and test-dev2015, a part of
it) are secret: their questions have none.

A question's soft answers are what its ten answers are worth (`vqa_answers.soft_answers`); ClipBERT's labels are taken
as they are. Its `answer` is the file's most frequent answer, which the vocabulary of models counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hdvila.annotations.coco import canonical, image_of, images
from hdvila.annotations.detect_format import wrong_file
from hdvila.annotations.entries import (
    Entry,
    entry_of,
    extension,
    fields_of,
    find_beside,
    json_object,
    listed,
    read_entries,
)
from hdvila.annotations.merge import count_note, merge
from hdvila.annotations.records import Annotations, Question, Split
from hdvila.annotations.vqa_answers import normalise_answer, soft_answers
from hdvila.errors import UsageError

__all__ = ["read_vqa2"]

_QUESTIONS, _ANSWERS = ("v2_OpenEnded_mscoco_", "_questions.json"), ("v2_mscoco_", "_annotations.json")


def read_vqa2(path: Path, split: Split) -> Annotations:
    """Read questions with their soft answers; of a test without answers, `Annotations.hidden` is set.

    Raises:
        UsageError: another file, a broken entry, or the other of the two files is missing or has other questions.
    """
    if extension(path) == ".jsonl" and {"question_id", "image_id", "question"} <= fields_of(path):
        return _read_jsonl(path)
    whole = json_object(path)
    if "data_subtype" not in whole or not whole.keys() & {"questions", "annotations"}:
        raise wrong_file(path, "VQA 2.0's questions")
    asked = path if "questions" in whole else _other(path, _ANSWERS, _QUESTIONS)
    if asked is None:
        raise _lacks(path, _ANSWERS, _QUESTIONS)
    questions = whole if asked == path else json_object(asked)
    folder = Entry(str(asked), questions).text("data_subtype").replace("-dev", "")  # test-dev2015: part of test2015
    hidden = folder.startswith("test")
    answered = path if "annotations" in whole else _other(path, _QUESTIONS, _ANSWERS)
    if answered is None and not hidden:
        raise _lacks(path, _QUESTIONS, _ANSWERS)
    answers = {}
    if answered is not None and not hidden:
        lines = listed(answered, whole if answered == path else json_object(answered), "annotations")
        answers = {one.text("question_id"): one for one in lines}
    found = []
    for one in listed(asked, questions, "questions"):
        image = image_of(int(one.number("image_id", int)), folder)
        found.append(_question(one, image, None if hidden else answers))
    unasked = len(answers.keys() - {question.question_id for question in found})
    note = count_note(unasked, "answered question is not asked", "answered questions are not asked")
    return _merged(path, found, hidden, note and f"{note} in {asked.name}")


def _question(entry: Entry, image: str, answers: Mapping[str, Entry] | None) -> Question:
    """A question of the official file. `answers`: by question; None: they are secret."""
    question_id, text = entry.text("question_id"), entry.text("question")
    if answers is None:
        return Question(question_id, image, text, "")
    if question_id not in answers:
        raise entry.error(f"the question {question_id} has no answers in the annotations beside the questions")
    asked = answers[question_id]
    given = asked.get("answers")
    if not isinstance(given, list) or not given:
        raise asked.error(f"'answers' is {given!r:.60}, but must be a list of answers")
    soft = soft_answers(entry_of(asked.where, one).text("answer") for one in given)
    usual = normalise_answer(asked.text("multiple_choice_answer")) if "multiple_choice_answer" in asked.values else ""
    return Question(question_id, image, text, _heaviest(soft, usual), kind=asked.text("answer_type"), soft_answers=soft)


def _read_jsonl(path: Path) -> Annotations:
    entries = read_entries(path)
    hidden = not any("labels" in entry.values for entry in entries)
    return _merged(path, [_line(entry, hidden) for entry in entries], hidden)


def _line(entry: Entry, hidden: bool) -> Question:
    labels = {} if hidden else entry.get("labels")
    if not isinstance(labels, dict):
        raise entry.error(f"'labels' is {labels!r:.60}, but must be an object of answers and scores")
    scores = Entry(entry.where, labels)
    soft = tuple((answer, scores.number(answer)) for answer in labels)
    kind = entry.text("answer_type") if "answer_type" in entry.values else ""
    image = canonical(entry.text("image_id"))
    try:
        return Question(
            entry.text("question_id"), image, entry.text("question"), _heaviest(soft), kind=kind, soft_answers=soft
        )
    except UsageError as error:
        raise entry.error(str(error)) from error


def _heaviest(soft: tuple[tuple[str, float], ...], usual: str = "") -> str:
    """The answer with the largest score; `usual`, if it is one of several."""
    most = max((score for _, score in soft), default=0.0)
    best = [answer for answer, score in soft if score == most]
    return usual if usual in best else next(iter(best), "")


def _merged(path: Path, questions: list[Question], hidden: bool, note: str = "") -> Annotations:
    asked_about = images(one.video_id for one in questions)
    return replace(merge(path, asked_about, questions=questions, notes=[note]), hidden=hidden)


def _other(path: Path, own: tuple[str, str], other: tuple[str, str]) -> Path | None:
    """The file that belongs to this one and lies beside it."""
    name = _renamed(path, own, other)
    return find_beside(path.parent, name) if name else None


def _renamed(path: Path, own: tuple[str, str], other: tuple[str, str]) -> str:
    name = path.name.removesuffix(".gz")
    if not (name.startswith(own[0]) and name.endswith(own[1])):
        return ""
    return other[0] + name[len(own[0]) : -len(own[1])] + other[1]


def _lacks(path: Path, own: tuple[str, str], other: tuple[str, str]) -> UsageError:
    wanted = _renamed(path, own, other) or f"{other[0]}SPLIT{other[1]}"
    return UsageError(f"{path}: {wanted} does not lie beside it, and both are needed; put it there, packed or not")

"""Prediction files, so that anybody's predictions can be scored here, and ours elsewhere.

Retrieval: an ``.npz`` with `similarity` (queries x videos), `query_ids` and `video_ids`. Questions: JSON
lines with `question_id` and `answer` (the number of an option from 0, a word, or a count), or a ``.json``, one list of
such objects with ids as numbers, as VQA's server takes it. Ids are those of the annotation file, in any order.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.entries import Entry, extension, read_entries, read_lines, read_text
from hdvila.errors import StoreError, UsageError, reason_of, some_of
from hdvila.evaluate.protocols.protocol import TaskKind
from hdvila.files import replacing
from hdvila.text.answers import AnswerVocabulary

__all__ = ["Answers", "Similarity", "find_vocabulary", "read_predictions", "write_predictions"]

_ARRAYS = ("similarity", "query_ids", "video_ids")
_MAX_COUNT = 1e6  # no clip shows as many repetitions


@dataclass(frozen=True, slots=True)
class Similarity:
    """Scores of every query with every video.

    Attributes:
        similarity: (Q, V), higher is better.
        query_ids: of the rows.
        video_ids: of the columns.

    Raises:
        UsageError: shapes that do not fit, an id that occurs twice, or a NaN.
    """

    similarity: NDArray[Any]
    query_ids: tuple[str, ...]
    video_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.similarity.shape != (len(self.query_ids), len(self.video_ids)):
            raise UsageError(
                f"similarity has shape {self.similarity.shape}, with {len(self.query_ids)} query_ids and "
                f"{len(self.video_ids)} video_ids: it must have a row for each query and a column for each video"
            )
        _check_unique(self.query_ids, "query_ids")
        _check_unique(self.video_ids, "video_ids")
        bad = np.isnan(self.similarity)
        if bad.any():
            row, column = (int(place[0]) for place in np.nonzero(bad))
            raise UsageError(
                f"the similarity of query {self.query_ids[row]!r} and video {self.video_ids[column]!r} is NaN, "
                f"{int(bad.sum())} in all: a NaN has no rank; compute these scores again"
            )


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers by question id: the number of an option from 0, a word, or a count."""

    answers: Mapping[str, str | int | float]


def read_predictions(path: Path, task: TaskKind) -> Similarity | Answers:
    """Read the predictions for a task.

    Raises:
        UsageError: the file is missing, damaged or of another kind; names the line or the array.
    """
    return _read_similarity(path) if task == "retrieval" else _read_answers(path, task)


def write_predictions(path: Path, predictions: Similarity | Answers) -> None:
    """Write predictions for `read_predictions`, atomically; answers in the form of the file's ending.

    Raises:
        StoreError: the file cannot be written.
    """
    with replacing(path, kind=StoreError) as partial, partial.open("wb") as file:
        if isinstance(predictions, Similarity):
            np.savez_compressed(
                file,
                similarity=predictions.similarity,
                query_ids=np.array(predictions.query_ids),
                video_ids=np.array(predictions.video_ids),
            )
        elif path.suffix.lower() == ".json":
            rows = [{"question_id": _id(name), "answer": answer} for name, answer in predictions.answers.items()]
            file.write((json.dumps(rows, ensure_ascii=False) + "\n").encode())
        else:
            for name, answer in predictions.answers.items():
                file.write((json.dumps({"question_id": name, "answer": answer}, ensure_ascii=False) + "\n").encode())


def _read_similarity(path: Path) -> Similarity:
    try:
        if path.is_file() and not zipfile.is_zipfile(path):
            raise ValueError("not a zip archive")
        with np.load(path, allow_pickle=False) as arrays:
            missing = [name for name in _ARRAYS if name not in arrays]
            if missing:
                raise ValueError(f"no array {missing[0]!r}, {'only ' + ', '.join(arrays.files) if arrays else 'none'}")
            similarity, *ids = (np.asarray(arrays[name]) for name in _ARRAYS)
    except (OSError, EOFError, ValueError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(
            f"{path}: is not an npz with {', '.join(_ARRAYS)} ({reason_of(error)}); ids are strings or whole numbers, "
            "not objects"
        ) from error
    if similarity.ndim != 2 or similarity.dtype.kind not in "fiu" or any(one.ndim != 1 for one in ids):
        raise UsageError(
            f"{path}: similarity must be a matrix (queries x videos) of numbers, and the ids vectors; it is "
            f"{similarity.dtype} of shape {similarity.shape}"
        )
    if not similarity.size:
        raise UsageError(f"{path}: has no scores, its similarity has shape {similarity.shape}; give another file")
    if any(one.dtype.kind not in "UiuS" for one in ids):
        raise UsageError(f"{path}: query_ids and video_ids must be strings or whole numbers")
    try:
        queries, videos = (tuple(_name(value) for value in one.tolist()) for one in ids)
        return Similarity(similarity, queries, videos)
    except (UsageError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def _name(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _read_answers(path: Path, task: TaskKind) -> Answers:
    if zipfile.is_zipfile(path):
        raise UsageError(f"{path}: is an archive of arrays, but answers are JSON lines with question_id and answer")
    found: dict[str, str | int | float] = {}
    for entry in _entries(path):
        name = entry.text("question_id")
        if name in found:
            raise UsageError(f"{entry.where}: the question {name!r} is answered a second time; keep one answer")
        found[name] = _answer(entry, task)
    if not found:
        raise UsageError(f"{path}: has no answers; give another file")
    return Answers(found)


def _entries(path: Path) -> list[Entry]:
    """The elements of a JSON list, or the JSON lines of a file of any ending."""
    if extension(path) == ".json":
        try:
            return read_entries(path)
        except UsageError:
            if not read_text(path).lstrip().startswith("{"):
                raise
    return [_line(where, value) for where, value in read_lines(path)]


def _line(where: str, value: Any) -> Entry:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: is {value!r:.60}, but must be an object with question_id and answer")
    return Entry(where, value)


def _id(name: str) -> str | int:
    """A question's id as a number, where it is one."""
    return int(name) if name.isdecimal() and str(int(name)) == name else name


def _answer(entry: Entry, task: TaskKind) -> str | int | float:
    if task == "multiple_choice":
        return int(entry.number("answer", int))
    if task == "count":
        count = entry.number("answer")
        if not abs(count) < _MAX_COUNT:
            raise entry.error(f"the answer is {count}, but must be a count")
        return count
    answer = entry.get("answer")
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        raise entry.error(f"the answer is {answer!r}, but must be a word")
    if not str(answer).strip():
        raise entry.error("the answer is empty, but must be a word")
    return str(answer)


def _check_unique(ids: Sequence[str], name: str) -> None:
    repeated = [one for one, times in Counter(ids).items() if times > 1]
    if repeated:
        raise UsageError(f"{name} has ids more than once ({some_of(repeated)}): every id must occur once")


def find_vocabulary(annotations: Path, given: Set[str]) -> tuple[tuple[str, ...] | None, list[str]]:
    """Find the vocabulary of predictions among the ``*ans2label*.json`` beside an annotation file.

    It is taken if it is the only one that has all `given` answers.

    Returns:
        Its answers, None where no or several vocabularies fit; and notes on the choice and on broken files.
    """
    found: dict[str, AnswerVocabulary] = {}
    notes = []
    for file in sorted(file for file in annotations.parent.glob("*ans2label*.json") if file.is_file()):
        try:
            found[file.name] = AnswerVocabulary.load(file)
        except UsageError as error:
            notes.append(f"not taken for a vocabulary: {error}")
    fitting = [name for name, answers in found.items() if given <= answers.rows.keys()]
    if len(fitting) == 1:
        note = f"{fitting[0]}, which lies beside the questions, is taken for the vocabulary of these predictions"
        return found[fitting[0]].words, [*notes, note]
    if not found:
        return None, notes
    which = f"several of {some_of(list(found))} have" if fitting else f"none of {some_of(list(found))} has"
    return None, [*notes, f"the vocabulary of these predictions is unknown: {which} all their answers"]

"""Predictions as files, so that a stranger's can be scored here and ours elsewhere.

Retrieval: an ``.npz`` with `similarity` (queries x videos), `query_ids`, `video_ids`. Questions: JSON lines with
`question_id` and `answer` (the number of an option from 0, a word, or a count). Ids are those of the annotation file;
the order is free.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.entries import Entry, read_lines
from hdvila.errors import StoreError, UsageError, reason_of, some_of
from hdvila.evaluate.protocols.protocol import Task
from hdvila.files import replacing

__all__ = ["Answers", "Similarity", "read_predictions", "write_predictions"]

_ARRAYS = ("similarity", "query_ids", "video_ids")
_UNCOUNTED = 1e6  # what nobody counts in a clip


@dataclass(frozen=True, slots=True)
class Similarity:
    """Scores of every query with every video: `similarity` (Q, V), higher is better, and the ids of rows and columns.

    Raises:
        UsageError: shapes that do not fit, an id that stands there twice, a NaN.
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
        _refuse_doubled(self.query_ids, "query_ids")
        _refuse_doubled(self.video_ids, "video_ids")
        bad = np.isnan(self.similarity)
        if bad.any():
            row, column = (int(place[0]) for place in np.nonzero(bad))
            raise UsageError(
                f"the similarity of query {self.query_ids[row]!r} and video {self.video_ids[column]!r} is NaN (and "
                f"{int(bad.sum())} are in all): a NaN has no rank; compute these scores again"
            )


@dataclass(frozen=True, slots=True)
class Answers:
    """The given answers by question id."""

    answers: Mapping[str, str | int | float]


def read_predictions(path: Path, task: Task) -> Similarity | Answers:
    """The predictions of a file, in the form of the task.

    Raises:
        UsageError: the file is missing, damaged or in another form; names the line or the array.
    """
    return _read_similarity(path) if task == "retrieval" else _read_answers(path, task)


def write_predictions(path: Path, predictions: Similarity | Answers) -> None:
    """Write predictions in the form that `read_predictions` takes; the file is there whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    with replacing(path, kind=StoreError) as partial, partial.open("wb") as file:
        if isinstance(predictions, Similarity):
            np.savez_compressed(
                file,
                similarity=predictions.similarity,
                query_ids=np.array(predictions.query_ids),
                video_ids=np.array(predictions.video_ids),
            )
        else:
            for name, answer in predictions.answers.items():
                file.write((json.dumps({"question_id": name, "answer": answer}, ensure_ascii=False) + "\n").encode())


def _read_similarity(path: Path) -> Similarity:
    try:
        if path.is_file() and not zipfile.is_zipfile(path):
            raise ValueError("another form of file")
        with np.load(path, allow_pickle=False) as arrays:
            missing = [name for name in _ARRAYS if name not in arrays]
            if missing:
                raise ValueError(f"no array {missing[0]!r}, {'only ' + ', '.join(arrays.files) if arrays else 'none'}")
            similarity, *ids = (np.asarray(arrays[name]) for name in _ARRAYS)
    except (OSError, EOFError, ValueError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(
            f"{path}: is no npz with {', '.join(_ARRAYS)} ({reason_of(error)}); ids are strings or whole numbers, not "
            "objects"
        ) from error
    if similarity.ndim != 2 or similarity.dtype.kind not in "fiu" or any(one.ndim != 1 for one in ids):
        raise UsageError(
            f"{path}: similarity must be a table (queries x videos) of numbers, and the ids lists; it is "
            f"{similarity.dtype} of shape {similarity.shape}"
        )
    if not similarity.size:
        raise UsageError(f"{path}: holds no scores, its similarity has shape {similarity.shape}; name another file")
    if any(one.dtype.kind not in "UiuS" for one in ids):
        raise UsageError(f"{path}: query_ids and video_ids must be strings or whole numbers")
    try:
        queries, videos = (tuple(_name(value) for value in one.tolist()) for one in ids)
        return Similarity(similarity, queries, videos)
    except (UsageError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def _name(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _read_answers(path: Path, task: Task) -> Answers:
    if zipfile.is_zipfile(path):
        raise UsageError(f"{path}: is an archive of arrays; answers are JSON lines with question_id and answer")
    found: dict[str, str | int | float] = {}
    for where, value in read_lines(path):
        if not isinstance(value, dict):
            raise UsageError(f"{where}: holds {value!r:.60}, where question_id and answer must stand")
        row = Entry(where, value)
        name = row.text("question_id")
        if name in found:
            raise UsageError(f"{where}: the question {name!r} is answered a second time; leave one answer")
        found[name] = _answer(row, task)
    if not found:
        raise UsageError(f"{path}: holds no answers; name another file")
    return Answers(found)


def _answer(row: Entry, task: Task) -> str | int | float:
    if task == "multiple_choice":
        return int(row.number("answer", int))
    if task == "count":
        count = row.number("answer")
        if not abs(count) < _UNCOUNTED:
            raise row.error(f"the answer is {count}, where a count must stand")
        return count
    answer = row.get("answer")
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        raise row.error(f"the answer is {answer!r}, where a word must stand")
    if not str(answer).strip():
        raise row.error("the answer is empty, where a word must stand")
    return str(answer)


def _refuse_doubled(ids: Sequence[str], name: str) -> None:
    twice = [one for one, times in Counter(ids).items() if times > 1]
    if twice:
        raise UsageError(f"{name} has ids more than once ({some_of(twice)}): every id stands there once")

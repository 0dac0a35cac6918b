"""Predictions brought into the annotations' order; what is missing is named, what is unknown refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.merge import select_videos
from hdvila.annotations.records import Annotations
from hdvila.errors import UsageError, some_of
from hdvila.evaluate.predictions import Answers, Similarity

__all__ = ["Matched", "match_answers", "match_similarity", "rows_of", "targets_of"]


@dataclass(frozen=True, slots=True)
class Matched:
    """Annotations of the videos that are there, predictions in their order, and the ids of the videos that are not.

    `values` is (Q, V) for retrieval, the list of answers for questions.
    """

    annotations: Annotations
    values: Any
    missing: tuple[str, ...]


def match_similarity(annotations: Annotations, predictions: Similarity, allow_missing: bool = False) -> Matched:
    """Rows as `annotations.captions`, columns as `annotations.videos`.

    Predictions may also name all queries, or all videos, by their numbers from 0 in the annotation file.

    Args:
        allow_missing: videos may be missing; they and their captions are left out.

    Raises:
        UsageError: unknown ids, a caption without scores, missing videos that are not allowed.
    """
    videos = [part.video_id for part in annotations.videos]
    columns = _places(predictions.video_ids, videos, "video")
    missing = tuple(name for name in videos if name not in columns)
    rows = _places(predictions.query_ids, [caption.query_id for caption in annotations.captions], "query")
    lacking = [caption for caption in annotations.captions if caption.query_id not in rows]
    _refuse_gaps("query", [(one.query_id, one.video_id) for one in lacking], annotations, missing, allow_missing)
    left = _without(annotations, missing)
    at_rows = np.array([rows[caption.query_id] for caption in left.captions])
    at_columns = np.array([columns[part.video_id] for part in left.videos])
    return Matched(left, _picked(predictions.similarity, at_rows, at_columns), missing)


def match_answers(annotations: Annotations, predictions: Answers, allow_missing: bool = False) -> Matched:
    """Answers as `annotations.questions`. A video is missing when none of its questions is answered.

    Raises:
        UsageError: unknown ids, a question without an answer though others of its video have one, missing videos
            that are not allowed, the number of an option that there is not.
    """
    places = _places(
        tuple(predictions.answers), [question.question_id for question in annotations.questions], "question"
    )
    given = list(predictions.answers.values())
    lacking = [question for question in annotations.questions if question.question_id not in places]
    answered = {question.video_id for question in annotations.questions if question.question_id in places}
    missing = tuple(part.video_id for part in annotations.videos if part.video_id not in answered)
    _refuse_gaps("question", [(one.question_id, one.video_id) for one in lacking], annotations, missing, allow_missing)
    left = _without(annotations, missing)
    for question in left.questions:
        answer = given[places[question.question_id]]
        if question.options and answer not in range(len(question.options)):
            raise UsageError(
                f"question {question.question_id!r} is answered {answer!r}, but its options are numbered "
                f"0..{len(question.options) - 1}"
            )
    return Matched(left, [given[places[question.question_id]] for question in left.questions], missing)


def targets_of(annotations: Annotations) -> tuple[list[int], list[list[int]], list[int]]:
    """The video of each caption, the captions of each video, and the videos that have captions."""
    column = {part.video_id: number for number, part in enumerate(annotations.videos)}
    video_of = [column[caption.video_id] for caption in annotations.captions]
    captions_of: list[list[int]] = [[] for _ in annotations.videos]
    for row, video in enumerate(video_of):
        captions_of[video].append(row)
    asked = [video for video, rows in enumerate(captions_of) if rows]
    return video_of, [captions_of[video] for video in asked], asked


def rows_of(scores: NDArray[Any], numbers: Sequence[int]) -> NDArray[Any]:
    """These rows, without a copy where they are all."""
    return scores if len(numbers) == len(scores) else scores[numbers]


def _places(ids: Sequence[str], known: Sequence[str], what: str) -> Mapping[str, int]:
    """Where each known id stands among `ids`."""
    strangers = _strangers(ids, set(known))
    if len(strangers) == len(ids) and all(_is_number(name, len(known)) for name in ids):
        return {known[int(name)]: place for place, name in enumerate(ids)}
    if strangers:
        raise UsageError(
            f"the predictions have {what} ids that the annotations do not have: {some_of(strangers)} (theirs: "
            f"{known[0]}, ...); score them with the annotations they were made for"
        )
    return {name: place for place, name in enumerate(ids)}


def _is_number(name: str, end: int) -> bool:
    """Whether it is one of 0, 1, ... before `end`, and written so: 00 is another id than 0."""
    return name.isdecimal() and len(name) <= len(str(end)) and str(int(name)) == name and int(name) < end


def _strangers(ids: Sequence[str], known: Set[str]) -> list[str]:
    return [name for name in ids if name not in known]


def _refuse_gaps(
    what: str,
    lacking: Sequence[tuple[str, str]],
    annotations: Annotations,
    missing: Sequence[str],
    allowed: bool,
) -> None:
    """Refuse predictions with gaps, and say the whole of it at once.

    Args:
        what: query or question.
        lacking: id and video of each without a prediction.
        missing: the videos that the predictions do not have at all; they may be left out where that is `allowed`.
    """
    asked = annotations.captions or annotations.questions
    if missing and len(missing) == len(annotations.videos):
        raise UsageError("the predictions have none of the videos of the annotations, so there is nothing to score")
    gone = frozenset(missing)
    left = [name for name, video in lacking if video not in gone]
    if left and (allowed or not missing):
        raise UsageError(
            f"the predictions lack {_of(len(left), len(asked), what)} ({some_of(left)}): every {what} needs its "
            "prediction"
        )
    if allowed or not missing:
        return
    without = len(left) + sum(one.video_id in gone for one in asked)
    others = f", and the predictions of {_of(len(left), len(asked), what)} about other videos ({some_of(left)})"
    raise UsageError(
        f"{_of(without, len(asked), what)} cannot be scored: {_of(len(missing), len(annotations.videos), 'video')} are "
        f"missing from the predictions ({some_of(missing)}){others if left else ''}: without them it is another test, "
        "and for retrieval an easier one; give all, or go on without whole videos by --allow-missing, and the record "
        "names each"
    )


def _of(some: int, all_of_them: int, what: str) -> str:
    many = {"query": "queries"}.get(what, f"{what}s")
    return f"{some:,} of {all_of_them:,} {many if all_of_them > 1 else what}"


def _without(annotations: Annotations, missing: Sequence[str]) -> Annotations:
    gone = frozenset(missing)
    if not gone:
        return annotations
    return select_videos(annotations, (part.video_id for part in annotations.videos if part.video_id not in gone))


def _picked(scores: NDArray[Any], rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[Any]:
    everything = np.arange(scores.shape[0]), np.arange(scores.shape[1])
    if np.array_equal(rows, everything[0]) and np.array_equal(columns, everything[1]):
        return scores
    picked: NDArray[Any] = scores[np.ix_(rows, columns)]
    return picked

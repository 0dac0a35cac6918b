"""Align predictions with annotations: put them in the same order, report missing videos, refuse unknown ids.

Legend: Q queries (captions, questions), V videos.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.merge import select_videos
from hdvila.annotations.records import Annotations
from hdvila.errors import UsageError, some_of
from hdvila.evaluate.predictions import Answers, Similarity

__all__ = ["AlignedAnswers", "AlignedScores", "align_answers", "align_similarity", "relevance_of", "take_rows"]


@dataclass(frozen=True, slots=True)
class AlignedScores:
    """Scores of captions and videos, in the order of the annotations.

    Attributes:
        annotations: of the videos that the predictions have.
        scores_QV: (Q, V), rows as `annotations.captions`, columns as `annotations.videos`; higher is better.
        missing: ids of the videos that the predictions lack.
    """

    annotations: Annotations
    scores_QV: NDArray[Any]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlignedAnswers:
    """Answers in the order of the annotations.

    Attributes:
        annotations: of the videos that the predictions have.
        answers: (Q,), one for each of `annotations.questions`.
        missing: ids of the videos none of whose questions is answered.
    """

    annotations: Annotations
    answers: list[str | int | float]
    missing: tuple[str, ...]


def align_similarity(annotations: Annotations, predictions: Similarity, allow_missing: bool = False) -> AlignedScores:
    """Align retrieval scores with the captions and videos of the annotations.

    The predictions may also name all queries, or all videos, by their numbers from 0 in the annotation file.

    Args:
        annotations: of the split that the predictions are for.
        predictions: scores of every query with every video.
        allow_missing: leave missing videos and their captions out instead of refusing them.

    Raises:
        UsageError: unknown ids, a caption without scores, or missing videos that are not allowed.
    """
    videos = [video.video_id for video in annotations.videos]
    columns = _places(predictions.video_ids, videos, "video")
    missing = tuple(name for name in videos if name not in columns)
    rows = _places(predictions.query_ids, [caption.query_id for caption in annotations.captions], "query")
    lacking = [caption for caption in annotations.captions if caption.query_id not in rows]
    _check_gaps("query", [(one.query_id, one.video_id) for one in lacking], annotations, missing, allow_missing)
    left = _without(annotations, missing)
    at_rows = np.array([rows[caption.query_id] for caption in left.captions])
    at_columns = np.array([columns[video.video_id] for video in left.videos])
    return AlignedScores(left, _take(predictions.similarity, at_rows, at_columns), missing)


def align_answers(annotations: Annotations, predictions: Answers, allow_missing: bool = False) -> AlignedAnswers:
    """Align answers with the questions of the annotations. A video without any answer is missing.

    Args:
        annotations: of the split that the predictions are for.
        predictions: answers by question id.
        allow_missing: leave missing videos and their questions out instead of refusing them.

    Raises:
        UsageError: unknown ids, a question without an answer though others of its video have one, missing
            videos that are not allowed, or the number of an option that does not exist.
    """
    places = _places(
        tuple(predictions.answers), [question.question_id for question in annotations.questions], "question"
    )
    given = list(predictions.answers.values())
    lacking = [question for question in annotations.questions if question.question_id not in places]
    answered = {question.video_id for question in annotations.questions if question.question_id in places}
    missing = tuple(video.video_id for video in annotations.videos if video.video_id not in answered)
    _check_gaps("question", [(one.question_id, one.video_id) for one in lacking], annotations, missing, allow_missing)
    left = _without(annotations, missing)
    for question in left.questions:
        answer = given[places[question.question_id]]
        if question.options and answer not in range(len(question.options)):
            raise UsageError(
                f"question {question.question_id!r} is answered {answer!r}, but its options are numbered "
                f"0..{len(question.options) - 1}"
            )
    return AlignedAnswers(left, [given[places[question.question_id]] for question in left.questions], missing)


def relevance_of(annotations: Annotations) -> tuple[list[int], list[list[int]], list[int]]:
    """Which captions and videos belong together, by their numbers in the annotations.

    Returns:
        The video of each caption; the captions of each video that has some; the numbers of those videos.
    """
    column = {video.video_id: number for number, video in enumerate(annotations.videos)}
    video_of = [column[caption.video_id] for caption in annotations.captions]
    captions_of: list[list[int]] = [[] for _ in annotations.videos]
    for row, video in enumerate(video_of):
        captions_of[video].append(row)
    with_captions = [video for video, rows in enumerate(captions_of) if rows]
    return video_of, [captions_of[video] for video in with_captions], with_captions


def take_rows(scores: NDArray[Any], numbers: Sequence[int]) -> NDArray[Any]:
    """These rows; without a copy where they are all rows."""
    return scores if len(numbers) == len(scores) else scores[numbers]


def _places(ids: Sequence[str], known: Sequence[str], what: str) -> Mapping[str, int]:
    """Where each known id is among `ids`."""
    in_annotations = frozenset(known)
    unknown = [name for name in ids if name not in in_annotations]
    if len(unknown) == len(ids) and all(_is_number(name, len(known)) for name in ids):
        return {known[int(name)]: place for place, name in enumerate(ids)}
    if unknown:
        raise UsageError(
            f"the predictions have {what} ids that the annotations do not have: {some_of(unknown)} (theirs: "
            f"{known[0]}, ...); score them with the annotations they were made for"
        )
    return {name: place for place, name in enumerate(ids)}


def _is_number(name: str, end: int) -> bool:
    """Whether `name` is one of 0, 1, ... below `end`, without leading zeros: 00 is another id than 0."""
    return name.isdecimal() and len(name) <= len(str(end)) and str(int(name)) == name and int(name) < end


def _check_gaps(
    what: str,
    lacking: Sequence[tuple[str, str]],
    annotations: Annotations,
    missing: Sequence[str],
    allowed: bool,
) -> None:
    """Refuse predictions with gaps, and name all gaps in one error.

    Args:
        what: query or question.
        lacking: id and video of each query without a prediction.
        annotations: all of them.
        missing: the videos that the predictions do not have at all.
        allowed: whether whole videos may be missing.
    """
    queries = annotations.captions or annotations.questions
    if missing and len(missing) == len(annotations.videos):
        raise UsageError("the predictions have none of the videos of the annotations, so there is nothing to score")
    gone = frozenset(missing)
    left = [name for name, video in lacking if video not in gone]
    if left and (allowed or not missing):
        raise UsageError(
            f"the predictions lack {_part(len(left), len(queries), what)} ({some_of(left)}): every {what} needs a "
            "prediction"
        )
    if allowed or not missing:
        return
    without = len(left) + sum(query.video_id in gone for query in queries)
    others = f", and the predictions of {_part(len(left), len(queries), what)} about other videos ({some_of(left)})"
    unscored, absent = _part(without, len(queries), what), _part(len(missing), len(annotations.videos), "video")
    raise UsageError(
        f"{unscored} cannot be scored: {absent} are missing from the predictions "
        f"({some_of(missing)}){others if left else ''}. Without them it is another test, and for retrieval an easier "
        "one: give all, or score the rest with --allow-missing; the record names the missing ones"
    )


def _part(some: int, total: int, what: str) -> str:
    plural = {"query": "queries"}.get(what, f"{what}s")
    return f"{some:,} of {total:,} {plural if total > 1 else what}"


def _without(annotations: Annotations, missing: Sequence[str]) -> Annotations:
    if not missing:
        return annotations
    gone = frozenset(missing)
    return select_videos(annotations, (video.video_id for video in annotations.videos if video.video_id not in gone))


def _take(scores: NDArray[Any], rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[Any]:
    """These rows and columns; without a copy where they are all, in order."""
    all_rows, all_columns = np.arange(scores.shape[0]), np.arange(scores.shape[1])
    if np.array_equal(rows, all_rows) and np.array_equal(columns, all_columns):
        return scores
    taken: NDArray[Any] = scores[np.ix_(rows, columns)]
    return taken

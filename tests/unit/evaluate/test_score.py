"""Predictions against annotations: whatever their order, the official numbers, and nothing missing without a word."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Question
from hdvila.errors import UsageError
from hdvila.evaluate.predictions import Answers, Similarity, read_predictions, write_predictions
from hdvila.evaluate.protocols import Protocol, get_protocol
from hdvila.evaluate.score import score
from tests.unit.evaluate.test_rank import GOLDENS, matrix

RETRIEVAL, OPEN = get_protocol("msrvtt-1ka"), get_protocol("msrvtt-qa")
CHOICE, COUNT = get_protocol("tgif-action"), get_protocol("tgif-count")
Scores = np.ndarray[Any, np.dtype[np.float64]]


def pairs(count: int, each: int = 1) -> Annotations:
    """Videos v0, v1, ... with captions v0/0, ..."""
    videos = tuple(BenchmarkVideo(f"v{v}") for v in range(count))
    return Annotations(videos, tuple(Caption(f"v{v}/{c}", f"v{v}", "x") for v in range(count) for c in range(each)))


def predicted(annotations: Annotations, scores: Scores) -> Similarity:
    queries = tuple(caption.query_id for caption in annotations.captions)
    return Similarity(scores, queries, tuple(part.video_id for part in annotations.videos))


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden["name"])
def test_official_numbers_come_out_of_shuffled_predictions(golden: dict[str, Any]) -> None:
    scores = matrix(golden)
    annotations = pairs(len(scores))
    rows, columns = (np.random.default_rng(seed).permutation(len(scores)) for seed in (0, 1))
    plain = predicted(annotations, scores)
    shuffled = Similarity(
        scores[np.ix_(rows, columns)],
        tuple(plain.query_ids[row] for row in rows),
        tuple(plain.video_ids[column] for column in columns),
    )
    record = score(RETRIEVAL, annotations, shuffled, ties="official").to_dict()
    for direction, key in (("text_to_video", "rows_as_query"), ("video_to_text", "cols_as_query")):
        ours = [record[direction][name] for name in ("r1", "r5", "r10", "r50", "median_rank", "mean_rank")]
        if key in golden:
            assert ours == pytest.approx(golden[key], abs=1e-12)


def test_captions_find_their_video_and_videos_their_best_caption() -> None:
    annotations = pairs(3, each=2)
    scores = np.array([[9, 1, 0], [0, 5, 1], [1, 8, 0], [2, 1, 0], [0, 0, 7], [0, 2, 1]], float)
    record = score(RETRIEVAL, annotations, predicted(annotations, scores)).to_dict()
    assert (record["queries"], record["videos"]) == (6, 3)
    assert record["text_to_video"]["r1"] == pytest.approx(3 / 6)
    assert record["video_to_text"]["r1"] == 1.0
    assert record["text_to_video"]["queries"] == 6
    assert record["video_to_text"]["gallery"] == 6


def test_ids_may_be_numbers_of_the_files_order() -> None:
    annotations = pairs(4)
    scores = np.eye(4)[[2, 0, 1, 3]]
    numbered = Similarity(scores, ("2", "0", "1", "3"), ("0", "1", "2", "3"))
    record = score(RETRIEVAL, annotations, numbered).to_dict()
    assert record["text_to_video"]["r1"] == 1.0
    with pytest.raises(UsageError, match=r"query ids that the annotations do not have: 2, 0, 1, 03 "):
        score(RETRIEVAL, annotations, replace(numbered, query_ids=("2", "0", "1", "03")))  # 03 is another id than 3
    own = questions("a", "b", "c")
    own = Annotations(
        own.videos, (), tuple(replace(one, question_id=str(i + 1)) for i, one in enumerate(own.questions))
    )
    with pytest.raises(UsageError, match=r"do not have: 0 .theirs: 1"):  # 1 and 2 are ids of the file: 0 is a mistake
        score(OPEN, own, Answers({"0": "a", "1": "b", "2": "c"}))


def test_missing_videos_are_refused_or_named() -> None:
    annotations = pairs(4)
    scores = np.eye(4)[:, :3]
    some = Similarity(scores, tuple(one.query_id for one in annotations.captions), ("v0", "v1", "v2"))
    with pytest.raises(
        UsageError,
        match=r"1 of 4 videos are missing from the predictions \(v3\). .*with --allow-missing; the record names",
    ):
        score(RETRIEVAL, annotations, some)
    record = score(RETRIEVAL, annotations, some, allow_missing=True).to_dict()
    assert (record["missing"], record["queries"], record["videos"], record["gallery"]) == (["v3"], 3, 3, 3)
    assert (record["full_gallery"], record["chance"]) == (1000, pytest.approx(1 / 3))
    few = Similarity(scores[:2], ("v0/0", "v1/0"), ("v0", "v1", "v2"))
    with pytest.raises(UsageError, match=r"lack 1 of [0-9]+ queries .v2/0.:"):
        score(RETRIEVAL, annotations, few, allow_missing=True)
    with pytest.raises(UsageError, match=r"video ids that the annotations do not have: w .theirs: v"):
        score(RETRIEVAL, annotations, Similarity(np.eye(1), ("v0/0",), ("w",)))


@pytest.mark.parametrize(
    ("scores", "queries", "videos", "words"),
    [
        ([[0.0, np.nan]], ("q",), ("v", "w"), "query 'q' and video 'w' is NaN"),
        ([[0.0, 1.0]], ("q",), ("v", "v"), "video_ids has ids more than once .v.:"),
        ([[0.0], [1.0]], ("q", "q"), ("v",), "query_ids has ids more than once .q.:"),
        ([[0.0, 1.0]], ("q",), ("v",), "a row for each query"),
    ],
)
def test_similarities_that_mean_nothing_are_refused(
    scores: object, queries: tuple[str, ...], videos: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        Similarity(np.array(scores), queries, videos)


def questions(*answers: int | str, options: tuple[str, ...] = (), kinds: str = "") -> Annotations:
    asked = [
        Question(f"q{i}", f"v{i // 2}", "?", answer, options, kinds.split()[i] if kinds else "")
        for i, answer in enumerate(answers)
    ]
    return Annotations(tuple(BenchmarkVideo(f"v{i}") for i in range((len(asked) + 1) // 2)), (), tuple(asked))


def test_open_answers_by_type_and_outside_the_vocabulary() -> None:
    annotations = questions("man", "coversation", "couch", "couch", kinds="who what what where")
    given = Answers({"q3": "couch", "q2": "cat", "q1": "coversation", "q0": "Man"})
    record = score(OPEN, annotations, given, vocabulary={"man", "cat"}).to_dict()
    assert record["accuracy"] == 0.5  # as they stand: Man is not man
    assert record["accuracy_by_type"] == {"what": 0.5, "where": 1.0, "who": 0.0}
    assert record["out_of_vocabulary"] == {"questions": 3, "answers": 2}
    assert (record["queries"], record["videos"], record["missing"], record["most_frequent"]) == (4, 2, [], 0.5)
    assert (record["chance"], record["gallery"]) == (0.125, 2)  # of the two words; three of four answers are neither
    unknown = score(OPEN, annotations, given).to_dict()
    assert (unknown["chance"], unknown["gallery"]) == (1 / 1500, 1500)
    assert (record["full_queries"], record["split"]) == (72_821, "test")


def test_choices_and_counts() -> None:
    choice = score(CHOICE, questions(1, 0, options=("a", "b", "c", "d", "e")), Answers({"q0": 1, "q1": 1})).to_dict()
    assert (choice["accuracy"], choice["chance"]) == (0.5, pytest.approx(0.2))
    counted = score(COUNT, questions("2", "10", "4"), Answers({"q0": 2, "q1": 7.5, "q2": 4})).to_dict()
    assert counted["mean_squared_error"] == pytest.approx(2.5**2 / 3)
    assert counted["accuracy"] == pytest.approx(2 / 3)
    assert counted["intervals"]["mean_squared_error"][0] >= 0


@pytest.mark.parametrize(
    ("annotations", "answers", "words"),
    [
        (questions("a", "b"), {"q0": "a"}, "lack 1 of 2 questions .q1.:"),
        (questions("a", "b"), {"q0": "a", "q1": "b", "q9": "c"}, "that the annotations do not have: q9 .theirs: q0"),
        (questions(0, options=("a", "b")), {"q0": 2}, r"'q0' is answered 2, but its options are numbered 0\.\.1"),
        (pairs(2), {"q0": "a"}, "is scored on questions"),
    ],
)
def test_answers_that_do_not_fit_are_refused(annotations: Annotations, answers: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        score(OPEN, annotations, Answers(answers))


def test_answers_that_no_question_has_are_noted_and_empty_ones_refused(tmp_path: Path) -> None:
    record = score(OPEN, questions("a", "b"), Answers({"q0": "7", "q1": "8"}))
    assert record.accuracy == 0
    assert record.notes[-1].startswith("no question has one of the answers that the predictions give (7, 8)")
    assert score(OPEN, questions("a", "b"), Answers({"q0": "b", "q1": "8"})).notes == ()
    file = tmp_path / "mine.jsonl"
    file.write_text('{"question_id": "q0", "answer": "b"}\n{"question_id": "q1", "answer": " "}\n')
    with pytest.raises(UsageError, match="line 2: the answer is empty, but must be a word"):
        read_predictions(file, "open_ended")


def test_questions_of_missing_videos() -> None:
    annotations = questions("a", "b", "c", "d")
    with pytest.raises(
        UsageError, match=r"1 of 2 videos are missing from the predictions \(v1\).*with --allow-missing"
    ):
        score(OPEN, annotations, Answers({"q0": "a", "q1": "b"}))
    with pytest.raises(UsageError, match="none of the videos of the annotations, so there is nothing to score"):
        score(OPEN, annotations, Answers({}))
    both = r"3 of 4 questions cannot be scored: 1 of 2 .* \(v1\), and .* 1 of 4 questions about other videos \(q1\)"
    with pytest.raises(UsageError, match=both):  # the whole of it at once, with its number
        score(OPEN, annotations, Answers({"q0": "a"}))
    record = score(OPEN, annotations, Answers({"q0": "a", "q1": "x"}), allow_missing=True).to_dict()
    assert (record["missing"], record["queries"], record["accuracy"]) == (["v1"], 2, 0.5)
    with pytest.raises(UsageError, match=r"lack 1 of [0-9]+ questions .q3.*: every question needs a prediction"):
        score(OPEN, annotations, Answers({"q0": "a", "q1": "x", "q2": "c"}), allow_missing=True)


def test_predictions_of_the_wrong_task_are_refused() -> None:
    with pytest.raises(UsageError, match="is scored from similarities"):
        score(RETRIEVAL, pairs(2), Answers({}))
    with pytest.raises(UsageError, match="is scored from answers"):
        score(OPEN, questions("a"), Similarity(np.eye(1), ("q",), ("v",)))
    with pytest.raises(UsageError, match="ties fair: choose one of"):
        score(OPEN, questions("a"), Answers({"q0": "a"}), ties="fair")  # type: ignore[arg-type]


def test_files_give_back_what_was_written(tmp_path: Path) -> None:
    scores = np.random.default_rng(0).random((2, 3)).astype(np.float32)
    write_predictions(tmp_path / "s.npz", Similarity(scores, ("a", "ü"), ("x", "y", "z")))
    again = read_predictions(tmp_path / "s.npz", "retrieval")
    assert isinstance(again, Similarity)
    assert np.array_equal(again.similarity, scores)
    assert (again.query_ids, again.video_ids) == (("a", "ü"), ("x", "y", "z"))
    for task, answers in (("open_ended", {"1": "mañana"}), ("multiple_choice", {"1": 4}), ("count", {"1": 2.0})):
        write_predictions(tmp_path / "a.jsonl", Answers(answers))  # type: ignore[arg-type]
        assert read_predictions(tmp_path / "a.jsonl", task) == Answers(answers)  # type: ignore[arg-type]
    np.savez(tmp_path / "n.npz", similarity=scores, query_ids=np.arange(2), video_ids=np.array([b"x", b"y", b"z"]))
    numbered = read_predictions(tmp_path / "n.npz", "retrieval")
    assert isinstance(numbered, Similarity)
    assert (numbered.query_ids, numbered.video_ids) == (("0", "1"), ("x", "y", "z"))


@pytest.mark.parametrize(
    ("protocol", "lines", "words"),
    [
        (
            OPEN,
            ['{"question_id": 1, "answer": "a"}', '{"question_id": "1", "answer": "a"}'],
            "line 2: the question '1'",
        ),
        (OPEN, ['{"question_id": 1}'], "line 1: there is no 'answer'"),
        (OPEN, ['{"question_id": 1, "answer": null}'], "the answer is None, but must be a word"),
        (OPEN, ["[1]"], "but must be an object with question_id and answer"),
        (CHOICE, ['{"question_id": 1, "answer": "flap"}'], "but must be a whole number"),
        (CHOICE, ['{"question_id": 1, "answer": true}'], "but must be a whole number"),
        (CHOICE, ['{"question_id": 1, "answer": Infinity}'], "but must be a whole number"),
        (COUNT, ['{"question_id": 1, "answer": NaN}'], "but must be a number"),
        (COUNT, ['{"question_id": 1, "answer": Infinity}'], "but must be a count"),
        (COUNT, ['{"question_id": 1, "answer": 1e300}'], "but must be a count"),
        (COUNT, ['{"question_id": 1, "answer": "dog"}'], "but must be a number"),
        (OPEN, ["[" * 200_000], "line 1: is not JSON"),
    ],
)
def test_broken_answer_files_are_refused(tmp_path: Path, protocol: Protocol, lines: list[str], words: str) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    with pytest.raises(UsageError, match=words):
        read_predictions(tmp_path / "a.jsonl", protocol.task)


def test_broken_similarity_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "s.npz"
    ids = np.array(["a"])
    for content, words in (
        ({"similarity": np.eye(1), "query_ids": ids}, "no array 'video_ids', only similarity, query_ids"),
        ({"similarity": np.eye(1), "query_ids": np.array(["a"], object), "video_ids": ids}, "not objects"),
        (
            {"similarity": np.array([["a"]]), "query_ids": ids, "video_ids": ids},
            r"of numbers, .* it is <U1 of shape \(1, 1\)",
        ),
        ({"similarity": np.ones((1, 1, 1)), "query_ids": ids, "video_ids": ids}, r"float64 of shape \(1, 1, 1\)"),
        ({"similarity": np.eye(1), "query_ids": np.ones(1), "video_ids": ids}, "strings or whole numbers"),
        ({"similarity": np.zeros((0, 0)), "query_ids": [], "video_ids": []}, r"has no scores.*\(0, 0\)"),
        ({}, "no array 'similarity', none"),
        ({"similarity": np.eye(1), "query_ids": np.array([b"\xff"]), "video_ids": ["v"]}, "can't decode byte 0xff"),
    ):
        np.savez(file, **content)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=words):
            read_predictions(file, "retrieval")
    file.write_text("no zip")
    with pytest.raises(UsageError, match="is not an npz with similarity"):
        read_predictions(file, "retrieval")
    np.save(tmp_path / "one.npy", np.eye(2))
    with pytest.raises(UsageError, match="not a zip archive"):
        read_predictions(tmp_path / "one.npy", "retrieval")
    with pytest.raises(UsageError, match=r"cannot be read as text .*; give another file"):
        read_predictions(tmp_path / "none.jsonl", "open_ended")


def test_extra_columns_leave_the_plain_number_alone() -> None:
    annotations = pairs(6)
    scores = 0.5 * np.eye(6)
    scores[:, 0] = 0.6
    scores[0, 0] = 0.9
    vectors = np.random.default_rng(0).normal(size=(6, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    plain = score(RETRIEVAL, annotations, predicted(annotations, scores)).to_dict()
    assert plain["text_to_video"]["r1"] == pytest.approx(1 / 6)
    assert plain["extra"]["dual_softmax"]["text_to_video"]["r1"] == 1.0
    assert plain["extra"].keys() == {"dual_softmax", "inverted_softmax"}
    expanded = score(RETRIEVAL, annotations, predicted(annotations, scores), vectors=(vectors, vectors)).to_dict()
    assert expanded["extra"]["query_expansion"]["text_to_video"]["r1"] == 1.0
    assert expanded["text_to_video"] == plain["text_to_video"]


def test_scores_with_a_scale_of_their_own_have_no_softmax() -> None:
    annotations = pairs(6)
    record = score(RETRIEVAL, annotations, predicted(annotations, 40 * np.eye(6))).to_dict()
    assert "extra" not in record
    assert record["notes"] == [
        "no dual or inverted softmax: their temperature is for cosines, and a score here is as large as 40"
    ]
    endless = score(RETRIEVAL, annotations, predicted(annotations, np.where(np.eye(6), 0, -np.inf)))
    assert endless.extra is None


def test_above_a_number_of_scores_no_extra_is_worked_out_and_a_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    annotations = pairs(6)
    vectors = np.eye(6)
    monkeypatch.setattr("hdvila.evaluate.metrics_records._MOST_SCORES", 36)
    few = score(RETRIEVAL, annotations, predicted(annotations, np.eye(6)), vectors=(vectors, vectors))
    assert few.extra is not None
    assert few.extra.keys() == {"dual_softmax", "inverted_softmax", "query_expansion"}
    assert few.notes == ()
    monkeypatch.setattr("hdvila.evaluate.metrics_records._MOST_SCORES", 35)
    monkeypatch.setattr("hdvila.evaluate.score.expand_queries", lambda *_: pytest.fail("takes the memory all the same"))
    many = score(RETRIEVAL, annotations, predicted(annotations, np.eye(6)), vectors=(vectors, vectors))
    assert many.extra is None
    assert many.text_to_video == few.text_to_video
    (note,) = many.notes
    assert note.startswith("no dual or inverted softmax and no query expansion: they take several copies")
    assert "there are 36, more than 35" in note
    (note,) = score(RETRIEVAL, annotations, predicted(annotations, np.eye(6))).notes
    assert note.startswith("no dual or inverted softmax: they take")


def test_a_thousand_by_a_thousand_takes_less_than_a_second() -> None:
    annotations = pairs(1000)
    scores = np.random.default_rng(0).random((1000, 1000)) + 0.6 * np.eye(1000)
    predictions = predicted(annotations, scores)
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        record = score(RETRIEVAL, annotations, predictions)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 1, "with intervals of 1,000 resamples"
    json.dumps(record.to_dict(), allow_nan=False)

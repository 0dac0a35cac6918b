"""Examples of a benchmark: which clip, which wording, which answer; the same for the same key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.annotations.records import Caption, Question
from hdvila.data.examples import Example, caption_examples, clip_numbers, question_examples
from hdvila.data.source import PreparedStore
from hdvila.errors import UsageError
from hdvila.text.answers import AnswerVocabulary
from hdvila.types import Clip


class Store:
    def __init__(self, *videos: str) -> None:
        self.clips = [Clip(f"{video}.{n}", video, 0.0, 1.0, "") for n, video in enumerate(videos)]

    def sample(self, *_: object) -> None:
        raise AssertionError("no picture is needed")


def numbers(store: Store, *videos: str, allow_missing: bool = False) -> dict[str, int]:
    prepared = PreparedStore(store, Path("data/store"), "hdvila prepare didemo")  # type: ignore[arg-type]
    return clip_numbers(prepared, videos, allow_missing=allow_missing)


def test_clips_are_found_by_their_video() -> None:
    assert numbers(Store("b", "a", "c"), "a", "b", "a") == {"a": 1, "b": 0}
    with pytest.raises(UsageError, match=r"data/store: 2 of the 3 videos .* \(x, y\): add them with hdvila prepare"):
        numbers(Store("a"), "x", "a", "y")
    assert numbers(Store("a"), "x", "a", allow_missing=True) == {"a": 0}
    with pytest.raises(UsageError, match="1 of the 1 videos") as nothing:
        numbers(Store("a"), "x", allow_missing=True)
    assert "--allow-missing" not in str(nothing.value), "there is nothing to go on with"
    with pytest.raises(UsageError, match="2 clips of 'a'"):
        numbers(Store("a", "a"), "a")


def test_a_refusal_says_how_many_which_and_where_all_are_named() -> None:
    prepared = PreparedStore(Store("a"), Path("data/store"), "hdvila prepare didemo")  # type: ignore[arg-type]
    wanted = ["a", *(f"v{n}" for n in range(1207))]
    with pytest.raises(UsageError) as refused:
        clip_numbers(prepared, wanted)
    assert "1,207 of the 1,208 videos are not in it (v0, v1, v2, v3, v4 and 1,202 more)" in str(refused.value)
    assert "hdvila prepare didemo, which names each video that it cannot find" in str(refused.value)
    assert str(refused.value).endswith("continue without them with --allow-missing")
    with pytest.raises(UsageError, match=r"continue without them with --set data\.benchmark\.allow_missing=true$"):
        clip_numbers(prepared, wanted, allowing="--set data.benchmark.allow_missing=true")


def test_a_video_with_several_captions_is_one_example() -> None:
    captions = [Caption("0", "a", "one"), Caption("1", "b", "two"), Caption("2", "a", "three"), Caption("3", "z", "no")]
    examples = caption_examples(captions, {"b": 4, "a": 7, "silent": 9})
    assert examples == [Example(4, (("two",),)), Example(7, (("one",), ("three",)))]


@given(key=st.integers(0, 2**63 - 1), count=st.integers(1, 20))
def test_a_sample_draws_one_of_the_wordings_and_always_the_same(key: int, count: int) -> None:
    example = Example(0, tuple((f"text {n}",) for n in range(count)))
    assert example.texts(key) in example.wordings
    assert example.texts(key) == example.texts(key)


def test_all_captions_have_their_turn() -> None:
    example = Example(0, tuple((f"text {n}",) for n in range(5)))
    assert {example.texts(key) for key in range(100)} == set(example.wordings)


def test_questions_with_options_are_five_texts() -> None:
    question = Question("q", "a", "what is it ?", 1, ("cat", "dog"))
    examples, left_out = question_examples([question], {"a": 3}, None)
    assert examples == [Example(3, (("what is it ? cat", "what is it ? dog"),), 1)]
    assert left_out == 0


def test_answers_outside_the_vocabulary_are_left_out_and_counted() -> None:
    given = [Question(str(n), "a", "who?", answer) for n, answer in enumerate(("man", "wmn", "womn"))]
    examples, left_out = question_examples(
        [*given, Question("9", "gone", "who?", "man")], {"a": 0}, AnswerVocabulary(("man",))
    )
    assert (examples, left_out) == ([Example(0, (("who?",),), 0)], 2)


def test_questions_of_two_kinds_are_no_batch() -> None:
    mixed = [Question("0", "a", "?", 0, ("x", "y")), Question("1", "a", "?", 0, ("x", "y", "z"))]
    with pytest.raises(UsageError, match="2 and 3 options"):
        question_examples(mixed, {"a": 0}, None)
    with pytest.raises(UsageError, match="come from a vocabulary"):
        question_examples(mixed[:1], {"a": 0}, AnswerVocabulary(("x",)))

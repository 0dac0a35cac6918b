"""Texts that are truncated, and words outside the vocabulary."""

from __future__ import annotations

import pytest

from hdvila.errors import UsageError
from hdvila.text.coverage import truncation_report, unknown_words_report
from hdvila.text.tokenizer import Tokenizer

TEXT = "What does the cat do after glow ? hop to the "
OPTIONS = tuple(TEXT + spot for spot in ("top", "top left", "top right", "bottom", "bottom left"))


@pytest.fixture(scope="module")
def known() -> Tokenizer:
    return Tokenizer.load("miniature")


@pytest.fixture(scope="module")
def unknown() -> Tokenizer:
    return Tokenizer.train(["a b c"], 60)


def test_texts_that_lose_their_end_are_counted(known: Tokenizer) -> None:
    rows = [("the red cat jumps",), ("the cat jumps",)]  # 6 and 5 tokens with [CLS] and [SEP]
    assert truncation_report(rows, known, 6) == ""
    assert truncation_report(rows, known, 5).startswith("1 of 2 texts have more than 5 tokens")
    assert truncation_report(rows, known, 4).startswith("2 of 2 texts")


def test_options_that_differ_only_beyond_the_cut_are_refused(known: Tokenizer) -> None:
    assert truncation_report([OPTIONS], known, 20) == ""
    with pytest.raises(UsageError, match=r"in 1 of 1 questions options differ only after token 12"):
        truncation_report([OPTIONS], known, 12)


def test_options_that_are_equal_in_the_files_are_not_the_cuts_doing(known: Tokenizer) -> None:
    twice = ("what is it ? a cat", "what is it ? a cat", "what is it ? a dog", "what is it ? a fish", "what is it ?")
    assert truncation_report([twice], known, 20) == ""


def test_a_benchmarks_rare_long_question_is_only_noted(known: Tokenizer) -> None:
    short = tuple(f"hop {spot}" for spot in ("top", "left", "right", "bottom", "up"))
    assert "5 of 505 texts" in truncation_report([OPTIONS, *[short] * 100], known, 12)


def test_words_in_letters_are_counted_as_letters(unknown: Tokenizer) -> None:
    assert unknown.lengths(["a b", "a"]) == [4, 3]


def test_texts_of_another_world_than_the_vocabulary_are_told(known: Tokenizer) -> None:
    assert (
        unknown_words_report(["the red cat jumps to the left", "a striped ball near Harlow turns blue"] * 5, known)
        == ""
    )
    assert unknown_words_report([], known) == ""
    said = unknown_words_report(["photosynthesis happens in chloroplasts", "the cat jumps"], known)
    assert said == "29% of the words are outside the vocabulary (photosynthesis, chloroplasts)"

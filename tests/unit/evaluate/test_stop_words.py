"""Queries without stop words keep what is seen."""

from __future__ import annotations

from hdvila.evaluate.stop_words import without_stop_words


def test_function_words_go_and_what_is_seen_stays() -> None:
    assert without_stop_words("A man is running on the red road.") == "man running on red road."
    assert without_stop_words("the dog, the cat and a bird") == "dog, cat bird"


def test_a_text_of_stop_words_stays() -> None:
    assert without_stop_words("This is it") == "This is it"

"""Queries without stop words keep what is seen."""

from __future__ import annotations

from hdvila.evaluate.stop_words import STOP_WORDS, without_stop_words


def test_function_words_go_and_what_is_seen_stays() -> None:
    assert without_stop_words("A man is running on the red road.") == "man running red road."
    assert without_stop_words("the dog, the cat and a bird") == "dog, cat bird"


def test_the_list_is_glasgows_as_mil_nce_takes_it() -> None:
    assert len(STOP_WORDS) == 318
    assert {"a", "amoungst", "cannot", "couldnt", "fire", "front", "on", "two", "under", "yourselves"} <= STOP_WORDS
    assert not {"did", "dont", "man", "red", "running", "used"} & STOP_WORDS, "in other lists, or seen"
    assert without_stop_words("Two dogs, who couldn't swim, sit under a tree") == "dogs, swim, sit tree"


def test_a_text_of_stop_words_stays() -> None:
    assert without_stop_words("This is it") == "This is it"

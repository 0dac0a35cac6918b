"""Texts that enter can be written again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.text.clean import clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a \ud83d", "a "),
        ("\ude00b", "b"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ud83dx\ude00", "x"),
        ("\ud83d\ud83d\ude00", "\U0001f600"),
        (json.loads('"half \\ud83d."'), "half ."),
        ("می‌روم \U0001f600 \ufffd\x00", "می‌روم \U0001f600 \ufffd\x00"),
    ],
)
def test_halves_of_characters_go_and_the_rest_stays(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(st.characters() | st.sampled_from("\ud83d\ude00\udfff\ud800")))
def test_any_text_can_be_written_afterwards(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned == clean(cleaned)


@given(st.text())
def test_whole_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text

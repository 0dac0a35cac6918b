"""Alignment: identity, order, and edits that are recovered."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.text.sentences import align as rule
from hdvila.text.sentences.align import align
from hdvila.types import Word

VOCABULARY = [
    "we",
    "look",
    "at",
    "this",
    "red",
    "ball",
    "while",
    "it",
    "slowly",
    "rolls",
    "over",
    "the",
    "green",
    "garden",
    "table",
    "towards",
    "your",
    "kitchen",
]


def spoken(texts: list[str]) -> list[Word]:
    return [Word(text, float(at), at + 0.8) for at, text in enumerate(texts)]


@given(
    st.lists(st.sampled_from(VOCABULARY), max_size=20),
    st.lists(st.sampled_from(["", ".", ","]), min_size=20, max_size=20),
)
def test_words_that_only_gain_marks_keep_their_times(texts: list[str], marks: list[str]) -> None:
    timed = spoken(texts)
    restored = [text.capitalize() + mark for text, mark in zip(texts, marks, strict=False)]
    assert align(restored, timed) == [
        Word(text, word.start, word.end) for text, word in zip(restored, timed, strict=True)
    ]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.sampled_from(VOCABULARY), max_size=30), st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=30)
)
def test_any_texts_come_back_in_order_within_the_speech(texts: list[str], said: list[str]) -> None:
    timed = spoken(said)
    words = align(texts, timed)
    assert [word.text for word in words] == texts
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(words))
    assert all(timed[0].start <= word.start and word.end <= timed[-1].end for word in words)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 98), st.integers(4, 100), st.sampled_from(["drop", "insert", "respell", "split", "merge"]))
def test_an_edit_moves_no_other_word(at: int, every: int, edit: str) -> None:
    said = [f"{VOCABULARY[k * 7 % len(VOCABULARY)]}{k * k % 97}" for k in range(100)]
    timed = spoken(said)
    texts: list[str] = []
    source: list[int | None] = []
    for k, text in enumerate(said):
        chosen = (k - at) % every == 0 and 0 < k < 99
        if chosen and edit == "drop":
            continue
        if chosen and edit == "insert":
            texts.append("zzyzx")
            source.append(None)
        if chosen and edit == "split":
            texts += [text[:2], text[2:]]
            source += [None, None]
            continue
        if edit == "merge" and texts and (k - 1 - at) % every == 0 and 1 < k < 99:
            texts[-1] += text
            source[-1] = None
            continue
        texts.append(text[:-1] + "x" if chosen and edit == "respell" else text)
        source.append(k)
    for word, k in zip(align(texts, timed), source, strict=True):
        if k is not None:
            assert word.start == timed[k].start


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([*VOCABULARY, "slow", "roll", "gardens"]), min_size=1, max_size=40),
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=40),
    st.integers(1, 7),
)
def test_distances_of_some_words_at_a_time_change_nothing(texts: list[str], said: list[str], few: int) -> None:
    timed = spoken(said)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rule, "_BAND", 2)  # narrow, so that it is widened too
        patch.setattr(rule, "_BLOCK", len(texts))
        whole = align(texts, timed)
        patch.setattr(rule, "_BLOCK", few)
        assert align(texts, timed) == whole


def test_one_for_several_and_several_for_one() -> None:
    said = ["we", "keep", "goingto", "eat", "now", "ice", "cream"]
    words = align(["we", "keep", "going", "to", "eat", "icecream"], spoken(said))
    spans = {word.text: (word.start, word.end) for word in words}
    assert spans["eat"] == (3.0, 3.8)
    assert spans["icecream"] == (5.0, 6.8)
    assert 2.0 == spans["going"][0] < spans["going"][1] == spans["to"][0] < spans["to"][1] == 2.8


def test_an_added_word_stands_in_the_silence_and_is_marked_as_estimated() -> None:
    first, added, second = align(["hello", "there", "friend"], spoken(["hello", "friend"]))
    assert (added.start, added.end, added.timed_by) == (0.8, 1.0, "cue")
    assert (first.timed_by, second.timed_by) == ("word", "word")


def test_long_parts_without_a_partner_are_crossed() -> None:
    said = [f"word{k}" for k in range(600)]
    kept = said[:50] + said[450:]
    words = align(kept, spoken(said))
    assert [word.start for word in words] == [float(said.index(text)) for text in kept]


def test_texts_need_timed_words() -> None:
    assert align([], []) == []
    with pytest.raises(ValueError, match="no timed words"):
        align(["hello"], [])

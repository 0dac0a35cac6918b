"""Where sentences end, with punctuation and without."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.text import read_transcript, split_sentences
from hdvila.types import Transcript, Word
from tests.shared import SUBTITLES, needs


def spoken(text: str, pause: float = 0.0) -> Transcript:
    """Words of 0.3 s, 0.05 s apart; ``|`` is a pause of `pause` seconds more."""
    words, now = [], 0.0
    for token in text.split():
        if token == "|":
            now += pause
            continue
        words.append(Word(token, now, now + 0.3))
        now += 0.35
    return Transcript(tuple(words))


def test_punctuation_is_kept_and_used() -> None:
    sentences = split_sentences(spoken('Dr. Smith says "hello." Is it 3.5 or 4? the U.S. team won... Yes!'))
    assert [s.text for s in sentences] == ['Dr. Smith says "hello."', "Is it 3.5 or 4? the U.S. team won...", "Yes!"]


def test_marks_count_where_nothing_has_capitals() -> None:
    sentences = split_sentences(spoken("we go left. then we stop. it is late."))
    assert [s.text for s in sentences] == ["we go left.", "then we stop.", "it is late."]


def test_long_sentences_are_split_at_the_best_break() -> None:
    said = spoken("We went to the shop, and on the way we | met a man who sold us this red ball. It rolls.", 0.5)
    shorter = split_sentences(said, max_words=12)
    assert [s.text for s in shorter] == [
        "We went to the shop, and on the way we",
        "met a man who sold us this red ball.",
        "It rolls.",
    ]
    assert all(s.end - s.start <= 2.0 for s in split_sentences(said, max_seconds=2.0))


def test_pauses_split_what_has_no_punctuation() -> None:
    said = "so this red ball rolls left | now the blue cube spins twice and it stops | here is um a green cone"
    sentences = split_sentences(spoken(said, 0.8))
    assert [s.text for s in sentences] == [
        "So this red ball rolls left.",
        "Now the blue cube spins twice and it stops.",
        "Here is a green cone.",
    ]
    assert (sentences[0].start, sentences[0].end) == (0.0, pytest.approx(5 * 0.35 + 0.3))


def test_no_sentence_ends_with_the() -> None:
    sentences = split_sentences(
        spoken("we look at the | red ball that rolls | and then it stops | right here | my friends", 0.6)
    )
    assert sentences[0].text == "We look at the red ball that rolls."


def test_only_fillers_is_no_sentence() -> None:
    assert [s.text for s in split_sentences(spoken("um | uh | hello there my friend | hmm", 2.0))] == [
        "Hello there my friend."
    ]
    assert split_sentences(Transcript(())) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["so", "the", "ball", "um", "it.", "Yes?", "a"]), st.floats(0, 3), st.floats(0.05, 1)
        ),
        max_size=120,
    )
)
def test_every_word_is_in_one_sentence_in_order(spec: list[tuple[str, float, float]]) -> None:
    starts = list(accumulate(gap + length for _, gap, length in spec))
    words = tuple(Word(text, end - length, end) for (text, _, length), end in zip(spec, starts, strict=True))
    sentences = split_sentences(Transcript(words))
    said = [w.text.lower().strip(".?") for w in words if w.text != "um"]
    assert [w.lower().strip(".?") for s in sentences for w in s.text.split()] == said
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(sentences))


@needs(SUBTITLES)
def test_a_real_punctuated_talk_ends_its_sentences_with_marks() -> None:
    sentences = split_sentences(read_transcript(SUBTITLES / "youtube_srt/vUwC10DOSG0.en.srt"))
    marked = sum(s.text.rstrip("\"')”").endswith((".", "?", "!", "…")) for s in sentences)
    assert marked / len(sentences) > 0.98
    assert 5 < sum(len(s.text.split()) for s in sentences) / len(sentences) < 25


@needs(SUBTITLES)
def test_a_real_unpunctuated_talk_has_no_endless_sentence() -> None:
    sentences = split_sentences(read_transcript(SUBTITLES / "youtube_srt/rf5Y_kBjSV8.en.srt"))
    assert max(len(s.text.split()) for s in sentences) <= 40
    assert len(sentences) > 17

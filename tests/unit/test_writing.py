"""Lengths, joints and pieces of texts in scripts with and without blanks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.writing import (
    drop_surrogates,
    full_stop,
    is_unspaced,
    joined,
    sentences_joined,
    word_count,
    written_words,
)

TEXTS = {  # text -> (its pieces, how many words it is)
    "Hello world - yes": (["Hello", "world", "-", "yes"], 4),
    "오늘은 아주 맛있는": (["오늘은", "아주", "맛있는"], 3),
    "今天我们来做一道很好吃的菜。": (["今天我们来做一道很好吃的菜。"], 13),
    "今天很好，真的。我们去公园吧！“好的。”他说": (["今天很好，", "真的。", "我们去公园吧！", "“好的。”", "他说"], 16),
    "用 Python 写代码": (["用", "Python", "写代码"], 5),
    "用Python写3.5行，共12:30分": (["用Python写3.5行，", "共12:30分"], 8),
    "コーヒーを飲みます。はい": (["コーヒーを飲みます。", "はい"], 11),
    "รอยี่สิบนาทีก็กินได้แล้ว": (["รอยี่สิบนาทีก็กินได้แล้ว"], 6),
    "วันนี้ อากาศดี": (["วันนี้ อากาศดี"], 4),
    "នេះជាម្ហូប។ យើងទៅ": (["នេះជាម្ហូប។", "យើងទៅ"], 5),
    "ဒီနေ့ ရာသီဥတု ကောင်းတယ်။ သွားမယ်။": (["ဒီနေ့ ရာသီဥတု ကောင်းတယ်။", "သွားမယ်။"], 9),
}


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_joined_are_the_text_as_it_is_written(text: str) -> None:
    pieces, _ = TEXTS[text]
    assert written_words(text) == pieces
    assert joined(pieces) == text


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_as_long_as_its_signs_or_words(text: str) -> None:
    assert word_count(text) == TEXTS[text][1]


@given(st.text(max_size=40))
def test_no_letter_is_lost_and_none_is_added(text: str) -> None:
    kept = "".join(text.split())
    pieces = written_words(text)
    assert "".join("".join(pieces).split()) == kept
    assert "".join(joined(pieces).split()) == kept
    assert (word_count(text) > 0) >= any(map(str.isalnum, text))


@given(st.text(alphabet=st.characters(max_codepoint=0xE00), max_size=40))
def test_elsewhere_words_stand_between_blanks(text: str) -> None:
    assert written_words(text) == text.split()
    assert word_count(text) == len(text.split())
    assert joined(text.split()) == " ".join(text.split())


def test_recognised_words_are_joined_as_their_script_joins_them() -> None:
    assert joined(["今天", "天气", "很好", "用", "Python", "吧"]) == "今天天气很好用 Python 吧"
    assert joined(["รอ", "ยี่สิบ", "นาที"]) == "รอยี่สิบนาที"
    assert sentences_joined(["今天。", "明天。"]) == "今天。明天。"
    assert sentences_joined(["รอยี่สิบนาที", "กินได้แล้ว"]) == "รอยี่สิบนาที กินได้แล้ว"
    assert sentences_joined(["Wait.", "Eat."]) == "Wait. Eat."


def test_a_very_long_piece_is_cut_between_phrases_or_letters() -> None:
    assert [len(piece) for piece in written_words("字" * 100)] == [33, 34, 33]
    text = " ".join(["กินได้แล้วครับ" * 4] * 4)
    cut = written_words(text)
    assert cut == [text[: len(text) // 2 + 1], text[len(text) // 2 + 1 :]]
    assert joined(cut) == text


def test_marks_of_scripts() -> None:
    assert [full_stop(text) for text in ("end", "菜", "です", "끝", "เย็น", "ទៅ", "မယ်")] == [*".。。.", "", "។", "။"]
    assert [is_unspaced(text) for text in ("用 it here", "用一下 it", "a")] == [False, True, False]


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
    assert drop_surrogates(text) == cleaned


@given(st.text(st.characters() | st.sampled_from("\ud83d\ude00\udfff\ud800")))
def test_any_text_can_be_written_afterwards(text: str) -> None:
    cleaned = drop_surrogates(text)
    assert cleaned.encode().decode() == cleaned == drop_surrogates(cleaned)


@given(st.text())
def test_whole_text_stays_as_it_is(text: str) -> None:
    assert drop_surrogates(text) == text

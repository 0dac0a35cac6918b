"""Captions: the rolling form of automatic captions, read back by our own transcript reader to the words of truth."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from hdvila.miniature.captions import captions
from hdvila.miniature.script import Script, write_script
from hdvila.miniature.world import Shares, WorldConfig
from hdvila.text import read_transcript, split_sentences

CUE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})")


def rolling(number: int, jitter: float = 0.05) -> tuple[Script, str]:
    script = write_script(2, number, WorldConfig())
    return script, captions(script, "rolling", jitter, Random(number))


def spans(text: str) -> list[tuple[float, float]]:
    return [
        (int(a) * 3600 + int(b) * 60 + float(c), int(d) * 3600 + int(e) * 60 + float(f))
        for a, b, c, d, e, f in CUE.findall(text)
    ]


def test_the_first_cues_look_like_automatic_captions() -> None:
    _, text = rolling(0)
    head, first, second, third = text.split("\n\n")[:4]
    assert head == "WEBVTT\nKind: captions\nLanguage: en"
    timing, above, line = first.split("\n")
    assert timing.endswith(" align:start position:0%")
    assert above == " "
    assert re.fullmatch(r"\S+(<\d\d:\d\d:\d\d\.\d{3}><c> [^<]+</c>)*", line)
    plain = re.sub(r"<[^>]+>", "", line)
    assert second.split("\n")[1:] == [plain, " "], "the hand-over cue repeats the finished line"
    assert third.split("\n")[1] == plain, "which then stands above the next"


@pytest.mark.parametrize("number", range(8))
def test_cues_are_in_order_and_every_second_one_lasts_10_ms(number: int) -> None:
    _, text = rolling(number, jitter=0.2)
    times = spans(text)
    assert all(start < end for start, end in times)
    assert all(end <= start + 1e-9 for (_, end), (start, _) in pairwise(times))
    assert all(end - start == pytest.approx(0.010) for start, end in times[1::2])
    stamps = [float(m) for m in re.findall(r"<00:\d\d:(\d\d\.\d{3})>", text.split("\n\n")[1])]
    assert stamps == sorted(stamps)


def test_captions_have_no_punctuation_no_capitals_and_fillers() -> None:
    texts = [rolling(number)[1] for number in range(20)]
    said = " ".join(
        re.sub(r"<[^>]+>|\[Music\]", "", line) for text in texts for line in text.split("\n\n", 1)[1].split("\n")
    )
    words = re.sub(r"\S+ --> \S+ align:start position:0%", "", said).split()
    assert all(word == word.lower() and re.fullmatch(r"[a-z']+", word) for word in words)
    assert {"um", "uh"} <= set(words)
    assert any("[Music]" in text for text in texts)


@pytest.mark.parametrize("form", ["rolling", "plain"])
def test_our_reader_gets_each_word_once(form: str, tmp_path: Path) -> None:
    config = WorldConfig(Shares(silent=0))
    for number in range(5):
        script = write_script(4, number, config)
        path = tmp_path / f"{number}.vtt"
        path.write_text(captions(script, "rolling" if form == "rolling" else "plain", 0.05, Random(0)))
        words = read_transcript(path).words
        said = [word for event in script.events for word in event.speech]
        assert [word.text for word in words] == [word.text for word in said]
        if form == "rolling":
            late = [abs(heard.start - word.start) for heard, word in zip(words, said, strict=True)]
            assert sorted(late)[len(late) // 2] < 0.1
            assert max(late) < 0.5


def test_pauses_part_the_sentences_of_the_truth(tmp_path: Path) -> None:
    found = whole = 0
    for number in range(12):
        script, text = rolling(number)
        path = tmp_path / f"{number}.vtt"
        path.write_text(text)
        sentences = split_sentences(read_transcript(path))
        ends = sorted(sentence.end for sentence in sentences)
        for event in script.events:
            if event.speech:
                whole += 1
                found += any(abs(end - event.speech[-1].end) < 0.4 for end in ends)
    assert found >= 0.95 * whole

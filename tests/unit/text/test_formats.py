"""One sentence, said in every format that is read: the same words, times and marks."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from hdvila.errors import TranscriptError
from hdvila.text import read_transcript
from hdvila.types import Transcript

JSON3 = {
    "wireMagic": "pb3",
    "events": [
        {"tStartMs": 0, "dDurationMs": 9000, "id": 1, "wpWinPosId": 1},
        {"tStartMs": 1000, "dDurationMs": 4000, "segs": [{"utf8": "now"}, {"utf8": " we", "tOffsetMs": 400}]},
        {"tStartMs": 2900, "dDurationMs": 100, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 3000, "dDurationMs": 4000, "segs": [{"utf8": "fold"}]},
        {"tStartMs": 5000, "dDurationMs": 2000, "segs": [{"utf8": "[Music]"}]},
    ],
}
SRV3 = """<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><head><ws id="0"/></head><body>
<w t="0" id="1" wp="1" ws="1"/><p t="1000" d="4000" w="1"><s ac="0">now</s><s t="400" ac="0"> we</s></p>
<p t="2900" d="100" w="1" a="1">
</p><p t="3000" d="4000" w="1"><s ac="0">fold</s></p><p t="5000" d="2000" w="1"><s>[Music]</s></p></body></timedtext>"""
TTML = """<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div>
<p begin="1s" end="3s"><span begin="0s">now</span>
<span begin="400ms">we</span></p><p begin="00:00:03.000" dur="2s"><span begin="0s">fold</span></p>
<p begin="5s" end="7s">[Music]</p></div></body></tt>"""
WHISPER = {
    "text": " now we fold",
    "language": "en",
    "segments": [
        {
            "start": 1.0,
            "end": 5.0,
            "text": " now we fold",
            "words": [
                {"word": " now", "start": 1.0, "end": 1.3, "probability": 0.9},
                {"word": " we", "start": 1.4, "end": 1.6, "probability": 0.9},
                {"word": " fo", "start": 3.0, "end": 3.2, "probability": 0.9},
                {"word": "ld", "start": 3.2, "end": 3.5, "probability": 0.9},
            ],
        },
        {"start": 5.0, "end": 7.0, "text": " [Music]"},
    ],
}
WORDS = [
    {"text": "now", "start": 1.0, "end": 1.3},
    {"text": "we", "start": 1.4, "end": 1.6},
    {"text": "fold", "start": 3.0, "end": 3.5},
    {"text": "[Music]", "start": 5.0, "end": 7.0},
]
TIMED = {
    "json3": json.dumps(JSON3),
    "srv3": SRV3,
    "ttml": TTML,
    "whisper": json.dumps(WHISPER),
    "words": json.dumps({"words": WORDS}),
    "list": json.dumps(WORDS),
    "lines": "\n".join(json.dumps(word) for word in WORDS),
}
LINES = {
    "srv1": '<transcript><text start="1" dur="2">now &amp;lt;i&amp;gt;we&lt;/i></text>'
    '<text start="2" dur="1"/></transcript>',
    "srv2": '<timedtext><text t="1000" d="2000">now we</text></timedtext>',
    "srv3": '<timedtext format="3"><body><p t="1000" d="2000">now<br/>we</p></body></timedtext>',
    "json3": json.dumps({"events": [{"tStartMs": 1000, "dDurationMs": 2000, "segs": [{"utf8": "now\nwe"}]}]}),
    "whisper": json.dumps({"segments": [{"start": 1, "end": 3.0, "text": " now we"}]}),
    "whisper.cpp": json.dumps({"transcription": [{"offsets": {"from": 1000, "to": 3000}, "text": " now we"}]}),
    "chunks": json.dumps({"chunks": [{"timestamp": [1.0, 3.0], "text": " now we"}]}),
    "durations": json.dumps([{"text": "now we", "start": 1.0, "duration": 2.0}]),
    "frames": '<tt xmlns:p="http://www.w3.org/ns/ttml#parameter" p:frameRate="25"><body><p begin="00:00:00:25" '
    'end="75f">now&nbsp;<br/>we</p></body></tt>',
    "ticks": '<tt xmlns:p="http://www.w3.org/ns/ttml#parameter" p:tickRate="10"><body begin="0.5s"><div begin="0.5s">'
    '<p begin="0t" end="20t">now we</p></div></body></tt>',
    "ssa": "[Script Info]\n[V4 Styles]\n[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, "
    "Effect, Text\nDialogue: Marked=0,0:00:01.00,0:00:03.00,D,,0,0,0,,{\\i1}now\\Nwe\nComment: Marked=0,0:00:01.00,"
    "0:00:03.00,D,,0,0,0,,not\nDialogue: Marked=0,0:00:01.00,0:00:03.00,D,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\n",
    "break": "1\n00:00:01,000 --> 00:00:03,000\nnow<br>we\n",
}


def read(folder: Path, content: str | bytes, name: str = "talk") -> Transcript:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_transcript(file)


@pytest.mark.parametrize("kind", TIMED)
def test_every_format_with_word_times_says_the_same(tmp_path: Path, kind: str) -> None:
    transcript = read(tmp_path, TIMED[kind])
    assert [(word.text, word.start) for word in transcript.words] == [("now", 1.0), ("we", 1.4), ("fold", 3.0)]
    assert {word.timed_by for word in transcript.words} == {"word"}
    assert transcript.words[1].end < 2.5  # the pause is no part of the word
    assert transcript.words[2].end <= 3.5
    assert [(mark.kind, mark.text, mark.at, mark.end) for mark in transcript.marks] == [("sound", "Music", 3, 7.0)]


@pytest.mark.parametrize("kind", LINES)
def test_every_format_of_lines_says_the_same(tmp_path: Path, kind: str) -> None:
    transcript = read(tmp_path, LINES[kind])
    assert transcript.text == "now we"
    assert (transcript.words[0].start, transcript.words[-1].end) == pytest.approx((1.0, 3.0))
    assert {word.timed_by for word in transcript.words} == {"cue"}


def test_ends_that_a_file_gives_are_kept_unless_they_run_over_silence(tmp_path: Path) -> None:
    words = [{"word": "yes", "start": 1.0, "end": 1.8}, {"word": "I", "start": 2.0, "end": 27.0}]
    words += [{"word": "see", "start": 27.0, "end": 27.4}, {"word": "42"}, {"word": "of", "start": 28.0, "end": 28.1}]
    said = read(tmp_path, json.dumps(words)).words
    assert [word.text for word in said] == ["yes", "I", "see", "42", "of"]
    assert said[0].end == 1.8
    assert said[1].end < 4.0
    assert [said[3].timed_by, said[4].timed_by] == ["cue", "word"]
    assert 27.0 < said[3].start < said[4].start == 28.0


def test_segments_lend_their_punctuation_to_the_words_beside_them(tmp_path: Path) -> None:
    value = {
        "segments": [{"start": 1.0, "end": 2.0, "text": " Well, no."}],
        "words": [{"word": "well", "start": 1.0, "end": 1.2}, {"word": "no", "start": 1.5, "end": 1.9}],
    }
    said = read(tmp_path, json.dumps(value))
    assert said.text == "Well, no."
    assert [word.start for word in said.words] == [1.0, 1.5]


def test_gzip_is_unpacked_and_bombs_are_refused(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(TIMED["words"].encode())).text == "now we fold"
    with pytest.raises(TranscriptError, match="MiB"):
        read(tmp_path, gzip.compress(b" x" * (1 << 26)))
    with pytest.raises(TranscriptError, match="gzip"):
        read(tmp_path, b"\x1f\x8b nothing of the kind")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"start": 1, "text"', "damaged JSON"),
        ('{"a": 1}', "JSON without timed"),
        ("[" * 100_000, "damaged JSON|not a transcript"),
        ('[{"start": NaN, "end": 2, "text": "a"}]', "JSON without timed"),
        ('[{"start": 1' + "0" * 400 + ', "text": "a"}]', "JSON without timed"),
        ('[{"start": -5, "end": 2, "text": "a"}]', "JSON without timed"),
        ("<transcript><text>", "damaged XML"),
        ("<html><p>hello</p></html>", "<html>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><transcript><text start="1">&b;</text></transcript>', "defines XML entities"),
        ("<tt><body><p>never</p></body></tt>", "no timed words"),
        ("[Music] said once", "not a transcript in a known format"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(TranscriptError, match=reason) as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "talk"))


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be", "utf-32", "utf-16"])
def test_wide_encodings_with_and_without_their_mark(tmp_path: Path, order: str) -> None:
    assert (
        read(tmp_path, "1\n00:00:01,000 --> 00:00:02,000\ncaf\u00e9 au lait\n".encode(order)).text
        == "caf\u00e9 au lait"
    )


def test_old_encodings(tmp_path: Path) -> None:
    head = "1\n00:00:01,000 --> 00:00:02,000\n"
    russian = "Привет, как дела? Сегодня мы будем говорить о погоде и о том, как она меняется зимой."
    assert read(tmp_path, (head + russian).encode("cp1251")).text == russian
    damaged = (head + russian).encode()[:-1]  # cut in the middle of a letter
    assert read(tmp_path, damaged).text.startswith("Привет, как дела?")
    declared = (
        "<?xml version='1.0' encoding='ISO-8859-2'?><transcript><text start='1'>\u0142\u00f3d\u017a</text></transcript>"
    )
    assert read(tmp_path, declared.encode("iso-8859-2")).text == "\u0142\u00f3d\u017a"


def test_characters_that_no_text_file_can_hold_are_left_out(tmp_path: Path) -> None:
    said = read(tmp_path, '[{"start": 1, "end": 2, "text": "a\\ud800b \\u0007c\\ue000d&#xe000;"}]')
    assert said.text == "ab cd"
    said.text.encode()

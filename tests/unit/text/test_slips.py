"""Slips of people and programs in subtitle files: read where it is clear what was meant, counted where it is not."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hdvila.errors import TranscriptError
from hdvila.text import read_transcript
from hdvila.text.formats.timed_blocks import parse_timed_blocks
from hdvila.text.formats.timing_lines import is_broken_timing, read_timing
from hdvila.types import Transcript


def read(folder: Path, content: str | bytes) -> Transcript:
    file = folder / "talk"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_transcript(file)


def srt(*cues: tuple[float, float, str]) -> str:
    return "\n".join(f"{n}\n{stamp(a)} --> {stamp(b)}\n{text}\n" for n, (a, b, text) in enumerate(cues, start=1))


def stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d},{ms % 1000:03d}"


@pytest.mark.parametrize(
    "line",
    [
        "00:00:04,000 --> 00:00:06,000",
        "00:00:04.000 -> 00:00:06,000",
        "00:00:04,000 -–> 00:00:06,000",
        "00:00:04,000 —> 00:00:06,000",
        "00:00:04,000 - -> 00:00:06,000",
        "00:00:04,000 → 00:00:06,000",
        "00:00:04,000 --&gt; 00:00:06,000",
        "00:00: 04,000 --> 00 : 00:06 , 000",
        "00：00：04，000 --＞ 00：00：06，000",
        "0:0:4 --> 0:0:6",
        "00:04,0 --> 00:06,0",
        "00:00:04:000 --> 00:00:06;000",
        "0:00:04.000,0:00:06.000",
        "00:00:03.9999999999 --> 00:00:05.99999999",
        "00:00:04,000.0000001 --> 00:00:06,000",
        "[00:04.000 --> 00:06.000]  hello",
        "00:00:04,000 --> 00:00:06,000 X1:1 Y1:2",
        "00:00:04.000 --> 00:00:06.000 align:start position:0%",
        "  00:00:04,000-->00:00:06,000",
        "12 00:00:04,000 --> 00:00:06,000",
    ],
)
def test_times_as_they_are_written(line: str) -> None:
    timing = read_timing(line)
    assert timing is not None
    assert (timing.start, timing.end) == (pytest.approx(4.0), pytest.approx(6.0))


@pytest.mark.parametrize(
    "line", ["go from A --> B", "x -> y", "open 10:30 - 11:45", "10:30", "at 10:30 -> maybe", "1,2 -> 3,4", "-->"]
)
def test_speech_is_not_a_time(line: str) -> None:
    assert read_timing(line) is None
    assert not is_broken_timing(line)


@pytest.mark.parametrize(
    ("content", "said", "note"),
    [
        (srt((1, 2, "one"), (3, 4, "two")).replace("00:00:03", "00:xx:03"), "one", "1 cue"),
        ("1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n00:00:03,000 00:00:04,000\ntwo\n", "one", "1 cue"),
        ("1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n00:00:03,0", "one", "1 cue"),
        ("1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n", "one", "1 cue"),
        ("1\n00:00:01,000 --> 00:00:02,000\none\n\n2\ntwo\n\n3\n00:00:05,000 --> 00:00:06,000\nx\n", "one x", "1 cue"),
        ("00:00:01,000 --> 00:00:02,000\none\n\n00:00:03", "one", "1 cue"),
        (
            "1\n-00:00:03,000 --> -00:00:01,000\nnever\n\n2\n00:00:01,000 --> 00:00:02,000\none\n",
            "one",
            "before the start",
        ),
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\none\n\ntwo\n\nNOTE no\n\n00:03.000 --> 00:04.000\nx",
            "one x",
            "1 line outside",
        ),
        (b"1\n00:00:01,000 --> 00:00:02,000\no\0ne two\n", "one two", "1 zero byte"),
        (b"1\n00:00:01,000 --> 00:00:02,000\none\n\n" + b"\0" * 5000, "one", "5000 zero bytes"),
    ],
)
def test_what_cannot_be_read_is_counted(tmp_path: Path, content: str | bytes, said: str, note: str) -> None:
    transcript = read(tmp_path, content)
    assert transcript.text == said
    assert len(transcript.notes) == 1
    assert note in transcript.notes[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (srt((1, 2, "how many"), (3, 4, "42"), (5, 6, "5\n4\n3"), (7, 8, "ok")), "how many 42 5 4 3 ok"),
        (srt((1, 2, "a"), (3, 4, "b")).replace("\n\n", "\n"), "a b"),
        (srt((1, 2, "a\n\nb"), (3, 4, "c")), "a b c"),
        (srt((1, 2, "a"), (3, 4, "42")).replace("\n", "\n\n"), "a 42"),
        (
            "00:00:01,000 --> 00:00:02,000\na\n00:00:03,000 --> 00:00:04,000\n42\n00:00:05,000 --> 00:00:06,000\nb",
            "a 42 b",
        ),
        (
            "00:00:01,000 --> 00:00:02,000\na\n7\n00:00:03,000 --> 00:00:04,000\n42\n00:00:05,000 --> 00:00:06,000\nb",
            "a 7 42 b",
        ),
        (
            srt((1, 2, "a"), (3, 4, "42"), (5, 6, "b")).replace("\n2\n", "\n"),
            "a 42 b",
        ),
        ("1\n00:00:01,000 --> 00:00:02,000\n0:00:00.810,0:00:05.759\nwords\n", "words"),
        ("00:00:01,000 --> 00:00:02,000 hello there\n", "hello there"),
        ("WEBVTT\n\n1\n00:01.000 --> 00:02.000\na\n2\n00:03.000 --> 00:04.000\nb\n", "a b"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n\n\na\n\nid\n00:03.000 --> 00:04.000\nb\n", "a b"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\na\n\n00:03,000 --> 00:04,000\nb\n", "a b"),
        ("WEBVTT\n\nNOTE\n00:01.000 -> 00:02.000\nno\n\n00:03.000 --> 00:04.000\nb\n", "b"),
    ],
)
def test_numbers_are_indexes_or_said(tmp_path: Path, content: str, said: str) -> None:
    assert read(tmp_path, content).text == said


@pytest.mark.parametrize(
    "content",
    [
        "WEBVTT\nKind: chapters\n\n00:01.000 --> 00:02.000\nIntro\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nsprite.jpg#xywh=0,0,160,90\n",
        'WEBVTT\n\n00:01.000 --> 00:02.000\n{\n"a": 1\n}\n',
    ],
)
def test_tracks_that_nobody_says_are_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(TranscriptError, match="not speech"):
        read(tmp_path, content)


def test_chapter_titles_and_loops_are_noted(tmp_path: Path) -> None:
    assert "chapter titles" in read(tmp_path, srt(*((60 * n, 60 * n + 59, "A title") for n in range(3)))).notes[0]
    loop = srt(*((n, n + 1, f"so {'thank you' if n > 2 else n}") for n in range(20)))
    assert "'so thank you' is said 17 times in a row, from 3.0 to 20.0 s" in read(tmp_path, loop).notes[0]
    assert not read(tmp_path, srt((1, 2, "no no no"), (2, 3, "no"), (4, 5, "it is a long day"))).notes


def test_gzip_of_several_members_and_cut_gzip(tmp_path: Path) -> None:
    first, second = (f"{srt((at, at + 1, text))}\n".encode() for at, text in ((1, "one"), (3, "two")))
    whole = gzip.compress(first) + gzip.compress(second)
    assert read(tmp_path, whole).text == "one two"
    assert read(tmp_path, whole + b"\0" * 512).text == "one two"
    for missing in (1, 8, 20):
        with pytest.raises(TranscriptError, match="truncated gzip; fetch it again"):
            read(tmp_path, whole[:-missing])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("zażółć gęślą jaźń proszę pana", "cp1250"),
        ("zażółć gęślą jaźń proszę pana", "iso8859_2"),
        ("Příliš žluťoučký kůň", "cp1250"),
        ("Où est passé le garçon? C’est l’été", "cp1252"),
        ("Привет, как дела сегодня, всё хорошо", "koi8_r"),
    ],
)
def test_a_guessed_encoding_is_told(tmp_path: Path, text: str, encoding: str) -> None:
    transcript = read(tmp_path, srt((1, 3, text)).encode(encoding))
    assert transcript.text == text
    assert encoding in transcript.notes[0]


CUES = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(1, 40),
        st.lists(st.sampled_from(["so", "we", "42", "7", "open", "it", "a-b"]), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CUES, st.booleans(), st.booleans(), st.sampled_from(["-->", "->", "–>", "-- >"]))
def test_words_out_are_words_in(
    cues: list[tuple[int, int, list[str]]], indexed: bool, spaced: bool, arrow: str
) -> None:
    """Whatever numbers are said, with or without indexes and blank lines: every word once, no index, no time."""
    text, at = "", 0.0
    words: list[str] = []
    for number, (gap, length, said) in enumerate(cues, start=1):
        start, at = at + gap / 10, at + (gap + length) / 10
        index = f"{number}\n" if indexed else ""
        text += f"{index}{stamp(start)} {arrow} {stamp(at)}\nw{' '.join(said)}\n" + "\n" * spaced
        words += f"w{' '.join(said)}".split()
    found = parse_timed_blocks(text)
    assert " ".join(line for cue in found.cues for line in cue.lines).split() == words
    assert all(a.start <= b.start for a, b in pairwise(found.cues))
    assert not found.notes

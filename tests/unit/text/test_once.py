"""Captions that grow, roll or highlight say every word once, at its time; clocks that begin again are refused."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.errors import TranscriptError
from hdvila.text.formats.cues import RawCue, split_word_times
from hdvila.text.formats.growing import merge_growing
from tests.unit.text.test_slips import read, srt

WORDS = ["so", "today", "we", "will", "look", "at", "it"]
STARTS = [1 + 0.4 * n for n in range(len(WORDS))]
ASS = (
    "[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


def ass(*cues: tuple[float, float, str]) -> str:
    return ASS + "".join(f"Dialogue: 0,0:00:{a:05.2f},0:00:{b:05.2f},Default,,0,0,0,,{text}\n" for a, b, text in cues)


def highlighted(form: str, words: list[str] = WORDS, at: float = 1.0) -> list[tuple[float, float, str]]:
    lines = (" ".join(form % w if n == m else w for m, w in enumerate(words)) for n in range(len(words)))
    return [(at + 0.4 * n, at + 0.4 * n + 0.35, line) for n, line in enumerate(lines)]


@pytest.mark.parametrize(
    "content",
    [
        *(srt(*highlighted(f)) for f in ("<u>%s</u>", "<b>%s</b>", '<font color="red">%s</font>', "{\\c&HFF&}%s{\\c}")),
        *(srt(*highlighted(f)) for f in ("*%s*", "[%s]", "__%s__")),
        srt(*((a, b, re.sub(r"\^(\w+)", lambda w: w[1].upper(), line)) for a, b, line in highlighted("^%s"))),
        *(ass(*highlighted(f)) for f in (r"{\1c&HFF&}%s{\r}", r"{\c&HFF&}%s{\c&HFFFFFF&}", r"{\b1}%s{\b0}")),
        "WEBVTT\n\n" + srt(*highlighted("<c.now>%s</c>")).replace(",", "."),
        srt(*((a, b, f"<i>{line}</i>") for a, b, line in highlighted("<u>%s</u>"))),
        srt(
            *(
                (s, s + 0.4, f"<u>{' '.join(WORDS[: n + 1])}</u> {' '.join(WORDS[n + 1 :])}")
                for n, s in enumerate(STARTS)
            )
        ),
        srt(*((s, s + 0.4, " ".join(WORDS[: n + 1])) for n, s in enumerate(STARTS))),
        srt(*((s, s + 0.1, " ".join(WORDS[: n + 1])) for n, s in enumerate(STARTS))),
        srt(*((s, 9, " ".join(WORDS[: n + 1])) for n, s in enumerate(STARTS))),
        json.dumps([{"start": s, "end": s + 0.4, "text": " ".join(WORDS[: n + 1])} for n, s in enumerate(STARTS)]),
        ass((1, 4, "".join(rf"{{\k40}}{word} " for word in WORDS))),
    ],
)
def test_each_word_comes_once_at_its_time(tmp_path: Path, content: str) -> None:
    transcript = read(tmp_path, content)
    assert [word.text for word in transcript.words] == WORDS
    assert [word.start for word in transcript.words] == pytest.approx(STARTS, abs=0.011)
    assert {word.timed_by for word in transcript.words} == {"word"}
    assert not transcript.notes


@pytest.mark.parametrize(
    ("cues", "said"),
    [
        (["so", "So today", "So today, we", "So today, we will."], "So today, we will."),
        (["so", "so to", "so to day", "so today we", "so today we will"], "so today we will"),
        (["h", "he", "hell", "hello", "hello t", "hello there"], "hello there"),
        (["a", "a b", "a b\nc", "a b\nc d", "c d\ne", "c d\ne f"], "a b c d e f"),
        (["A B\nC D", "C D\nE F", "E F\nG H"], "A B C D E F G H"),
        (["so today we", "today we will", "we will look", "will look at", "look at it"], "so today we will look at it"),
        (["so", "so we", "so we look", "we look at", "look at it", "at it now"], "so we look at it now"),
        (["no", "no no", "yes", "it is so"], "no no no yes it is so"),
        (["row", "row row row your boat", "gently", "gently down"], "row row row row your boat gently gently down"),
    ],
)
def test_captions_that_grow_roll_or_slide(tmp_path: Path, cues: list[str], said: str) -> None:
    assert read(tmp_path, srt(*((1 + n, 2 + n, text) for n, text in enumerate(cues)))).text == said


@pytest.mark.parametrize("words", [list("今天我们去"), ["วันนี้", "เราจะ", "ทำอาหาร"]])
def test_a_highlight_moves_through_scripts_without_blanks(tmp_path: Path, words: list[str]) -> None:
    cues = [(a, b, line.replace(" ", "")) for a, b, line in highlighted("<u>%s</u>", words)]
    transcript = read(tmp_path, srt(*cues))
    assert transcript.text == "".join(words)
    assert [word.start for word in transcript.words] == pytest.approx([a for a, _, _ in cues], abs=0.011)


def test_lines_that_are_said_twice_stay_twice_where_others_are_highlighted(tmp_path: Path) -> None:
    cues = [
        *highlighted("<u>%s</u>"),
        (5, 6, "<u>yes</u>"),
        (6, 7, "<u>yes</u>"),
        *highlighted("<u>%s</u>", ["no", "no"], 8),
    ]
    assert read(tmp_path, srt(*cues)).text == f"{' '.join(WORDS)} yes yes no no"


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5), min_size=2, max_size=8))
def test_roll_up_of_any_lines_gives_back_their_words(lines: list[list[str]]) -> None:
    """Two lines, the lower one grows by a word a cue; every word is its own, so that nothing is said twice."""
    named = [[f"{word}{row}x{column}" for column, word in enumerate(line)] for row, line in enumerate(lines)]
    cues, at, expected = [], 0.0, []
    for row, line in enumerate(named):
        for column in range(len(line)):
            upper = [" ".join(named[row - 1])] if row else []
            cues.append(RawCue(at, at + 0.5, (*upper, " ".join(line[: column + 1]))))
            expected.append((at, line[column]))
            at += 0.5
    merged = merge_growing(cues)
    if merged is None:  # too little of it grows to tell
        assert max(map(len, lines)) <= 3
        return
    found = [
        (cue.start if time is None else time, word)
        for cue in merged
        for line in cue.lines
        for time, piece in split_word_times(line)
        for word in piece.split()
    ]
    assert found == expected


def segments(*starts: float) -> str:
    return json.dumps({"segments": [{"start": s, "end": s + 1, "text": f"s{n} said"} for n, s in enumerate(starts)]})


def hls(ticks: int, local: str, *cues: tuple[float, float, str]) -> str:
    body = "".join(f"00:00:{a:06.3f} --> 00:00:{b:06.3f}\n{text}\n\n" for a, b, text in cues)
    return f"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{ticks},LOCAL:{local}\n\n{body}"


A, B = ((1, 2, "a b"), (3, 4, "c d")), ((1, 2, "e f"), (3, 4, "g h"))


@pytest.mark.parametrize(
    "content",
    [
        segments(0, 1, 0, 1),
        segments(100, 102, 50, 52),
        segments(5, 9, 26, 0.5),
        json.dumps(
            {"words": [{"word": f"w{n}", "start": s, "end": s + 0.2} for n, s in enumerate([0, 1, 2, 0.1, 1.1])]}
        ),
        json.dumps({"chunks": [{"text": " a b", "timestamp": t} for t in ([0, 7], [7, None], [0, 6], [6, 9])]}),
        srt(*A) + "\n" + srt(*B),
        srt(*A, *B),
        srt((1, 2, "a"), (10, 12, "b")) + "\n" + srt((5, 6, "c"), (15, 16, "d")),
        ass(*A, *B),
        "start\tend\ttext\n1000\t2000\ta b\n3000\t4000\tc d\n1000\t2000\te f\n3000\t4000\tg h\n",
        "[00:01.00]a\n[00:05.00]b\n[00:01.00]c\n[00:04.00]d\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\na\n\nWEBVTT\n\n00:01.000 --> 00:02.000\nb\n\n00:03.000 --> 00:04.000\nc\n",
        json.dumps(
            {"events": [{"tStartMs": 1000 * a, "dDurationMs": 900, "segs": [{"utf8": t}]} for a, _, t in (*A, *B)]}
        ),
    ],
)
def test_a_clock_that_begins_again_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(TranscriptError, match="clock restarts: after"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "said", "starts"),
    [
        (hls(900_000, "00:00:00.000", *A) + hls(900_000, "00:00:00.000", (7, 8, "e f")), "a b c d e f", [1, 3, 7]),
        (hls(0, "00:00:00.000", *A) + hls(540_000, "00:00:00.000", *B), "a b c d e f g h", [1, 3, 7, 9]),
        (hls(0, "00:00:00.000", *A) + hls(540_000, "00:00:06.000", (7, 8, "e f")), "a b c d e f", [1, 3, 7]),
        (hls(2**33 - 270_000, "00:00:00.000", *A) + hls(270_000, "00:00:00.000", *B), "a b c d e f g h", [1, 3, 7, 9]),
        (hls(0, "00:00:00.000", *A) + hls(0, "00:00:00.000", A[1], (5, 6, "e f")), "a b c d e f", [1, 3, 5]),
        (
            hls(0, "00:00:00.000", *A).rstrip() + "\n" + hls(540_000, "00:00:00.000", *B),
            "a b c d e f g h",
            [1, 3, 7, 9],
        ),
        (srt((86_398, 86_399, "a"), (1, 2, "b")), "a b", [86_398, 86_401]),
        (srt((95_440, 95_441, "a"), (1, 2, "b")), "a b", [95_440, 95_444.718]),
        (srt(*A) + "\n" + srt((5, 6, "e f")), "a b c d e f", [1, 3, 5]),
        (srt((5, 9, "third"), (1, 4, "first"), (9, 12, "last")), "first third last", [1, 5, 9]),
        (srt((1, 2, "a"), (7, 8, "d"), (3, 4, "b"), (9, 9.5, "e")), "a b d e", [1, 3, 7, 9]),
    ],
)
def test_times_that_can_be_put_on_one_clock_are(tmp_path: Path, content: str, said: str, starts: list[float]) -> None:
    transcript = read(tmp_path, content)
    assert transcript.text == said
    assert [cue.start for cue in transcript.cues] == pytest.approx(starts, abs=0.01)


def test_what_speakers_say_behind_each_other_in_the_file_interleaves(tmp_path: Path) -> None:
    turns = (("A", 0), ("A", 4), ("B", 2), ("B", 6))
    spoken = [{"start": at, "end": at + 1, "text": f"{name} {at}", "speaker": name} for name, at in turns]
    assert read(tmp_path, json.dumps({"segments": spoken})).text == "A 0 B 2 A 4 B 6"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_times_never_fall(starts: list[float]) -> None:
    from hdvila.text.formats.cues import Parsed, Refused
    from hdvila.text.formats.normalise import normalise

    cues = [RawCue(start, start + 1, (f"w{n} said",)) for n, start in enumerate(starts)]
    for edited in (True, False):
        try:
            settled = normalise(Parsed(list(cues)), edited)
        except Refused:
            assert starts != sorted(starts)
            continue
        assert all(a.start <= b.start for a, b in pairwise(settled.cues))
        assert sorted(line for cue in settled.cues for line in cue.lines) == sorted(
            line for cue in cues for line in cue.lines
        )

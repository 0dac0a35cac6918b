"""Whatever stands in a file, it is a transcript or refused in one line, and soon."""

from __future__ import annotations

import json
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hdvila.errors import TranscriptError
from hdvila.text import read_transcript
from hdvila.types import Transcript

CUE = "00:01.000 --> 00:02.000\n"
ASS = (
    "[Script Info]\nScriptType: v4.00+\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, "
    "Effect, Text\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,"
)
AROUND = {
    "nothing": ("", ""),
    "vtt": (f"WEBVTT\n\n{CUE}", f"\n\n{CUE}b"),
    "srt": (f"1\n{CUE}", f"\n\n2\n{CUE}b"),
    "ass": (ASS, "\n"),
    "ttml": ('<tt><body><p begin="1s">', "</p></body></tt>"),
    "srv1": ('<transcript><text start="1">', "</text></transcript>"),
    "srv3": ('<timedtext format="3"><body><p t="1"><s t="2">', "</s></p></body></timedtext>"),
    "json": ('[{"start": 1, "end": 2, "text": "', '"}]'),
    "json3": ('{"events": [{"tStartMs": 1, "segs": [{"tOffsetMs": 1, "utf8": "', '"}]}]}'),
}
SNIPPETS = st.lists(
    st.sampled_from(
        [
            "<",
            ">",
            "</",
            "<v Ann>",
            "<c>",
            "<00:00:01.500>",
            ">>",
            "- ",
            "MAN:",
            "[",
            "]",
            "(",
            ")",
            "{\\",
            "}",
            "*",
            "#",
            "♪",
            "&",
            "&amp;",
            "&#0;",
            "&#xd800;",
            "-->",
            "\n",
            "\r",
            "\n\n",
            "\x00",
            "\ue000",
            "\ue001",
            "́",
            " ",
            "hello",
            "you",
            "7",
            "'",
            '"',
            "\\",
            ",",
            CUE,
            "\xa0",
            "\u200b",
            "<br>",
            "<rt>",
            "左",
        ]
    ),
    max_size=40,
).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**30) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "segments",
                    "words",
                    "events",
                    "segs",
                    "paragraphs",
                    "transcription",
                    "chunks",
                    "result",
                    "start",
                    "end",
                    "text",
                    "word",
                    "utf8",
                    "tStartMs",
                    "dDurationMs",
                    "tOffsetMs",
                    "speaker",
                    "offsets",
                    "timestamp",
                    "language",
                    "duration",
                    "from",
                    "to",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def read_or_refuse(content: bytes) -> Transcript | None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "talk"
        file.write_bytes(content)
        refused, transcript = "", None
        try:
            transcript = read_transcript(file)
        except TranscriptError as error:
            refused = str(error)
    if transcript is None:
        assert refused.startswith(f"{file}: ")
        assert "\n" not in refused
        return None
    assert transcript.words
    assert all(0 <= a.start <= b.start for a, b in pairwise(transcript.words))
    assert all(word.text and word.text == "".join(word.text.split()) for word in transcript.words)
    transcript.text.encode()
    return transcript


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-16", "replace")))
def test_any_bytes(content: bytes) -> None:
    read_or_refuse(content)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(AROUND)), SNIPPETS | st.text(max_size=60))
def test_any_text_in_any_format(kind: str, text: str) -> None:
    before, after = AROUND[kind]
    read_or_refuse((before + text + after).encode("utf-8", "surrogatepass"))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_any_json(value: object) -> None:
    read_or_refuse(json.dumps(value).encode())


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "# ",
        "[",
        "(",
        "( ",
        "{",
        "{\\",
        "<",
        "<a",
        "<v ",
        "&",
        "♪",
        "-",
        "* a",
        " ",
        "A A:",
        "̖́",
        ">> ",
        "(music",
        "*music",
        "-->",
        "<rt>",
        "<00:00:01.000>a",
        "- a\n",
        "\r",
    ],
)
def test_a_very_long_line_takes_no_longer_than_its_share(unit: str) -> None:
    long = (unit * 100_000)[:100_000]
    began = time.process_time()
    for kind in ("vtt", "ass", "json"):
        before, after = AROUND[kind]
        read_or_refuse((before + (json.dumps(long)[1:-1] if kind == "json" else long) + after).encode())
    assert time.process_time() - began < 10  # a few tenths; quadratic would be minutes


@pytest.mark.parametrize("count", [30_000])
def test_many_cues_at_one_time(count: int) -> None:
    transcript = read_or_refuse(b"WEBVTT\n\n" + b"".join(b"00:01.000 --> 00:02.000\nw%d\n\n" % n for n in range(count)))
    assert transcript is not None
    assert len(transcript.words) == count

"""Two lines, as recognisers and services write them in JSON, tables and lists: the same words at their times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hdvila.errors import TranscriptError
from tests.unit.text.test_slips import read

LINES = [(1.0, 3.0, "hello there my friends"), (4.0, 6.0, "second caption here")]
SAID = " ".join(text for _, _, text in LINES)
WORDS = [
    (round(a + n * (b - a) / len(text.split()), 3), round(a + (n + 0.8) * (b - a) / len(text.split()), 3), word)
    for a, b, text in LINES
    for n, word in enumerate(text.split())
]
STARTS = [a for a, _, _ in WORDS]


def lines(**keys: Any) -> list[dict[str, Any]]:
    """A record a line; a key may be ``start``, ``end`` or ``text`` with how it is written, or a plain value."""
    return [{name: form(a, b, text) if callable(form) else form for name, form in keys.items()} for a, b, text in LINES]


def words(first: int = 0, last: int = 7, **keys: Any) -> list[dict[str, Any]]:
    return [
        {name: form(a, b, word) if callable(form) else form for name, form in keys.items()}
        for a, b, word in WORDS[first:last]
    ]


def start(a: float, b: float, text: str) -> float:
    return a


def end(a: float, b: float, text: str) -> float:
    return b


def text(a: float, b: float, said: str) -> str:
    return said


def ms(of: Any) -> Any:
    return lambda *record: round(of(*record) * 1000)


def seconds(of: Any) -> Any:
    return lambda *record: f"{of(*record)}s"


def clock(of: Any, sign: str = ".") -> Any:
    return lambda *record: f"00:00:{of(*record):06.3f}".replace(".", sign)


PLAIN = {"text": text, "start": start, "end": end}
HALVES = ((0, 4), (4, 7))
GOOGLE = [{"words": words(*half, word=text, startTime=seconds(start), endTime=seconds(end))} for half in HALVES]
AWS = words(
    start_time=lambda a, *_: str(a), end_time=lambda _, b, __: str(b), alternatives=lambda *r: [{"content": r[2]}]
)
VOSK = [{"result": words(*half, conf=1.0, end=end, start=start, word=text), "text": "x"} for half in HALVES]
ASSEMBLY = words(text=text, start=ms(start), end=ms(end), confidence=0.9, speaker="A")

STAMPED = '<p><span class="timestamp" data-timestamp="{0}">0:0{0}</span>{1}</p>'
SUBVIEWER = "00:00:{:05.2f},00:00:{:05.2f}\n{}\n\n"
HALF = r"""[{"start": 1, "end": 3, "text": "hello there my friends \ud83d"},
{"start": 4, "end": 6, "text": "\ude00second caption here"}]"""
COLUMNS = {name: [line[at] for line in LINES] for at, name in enumerate(("start", "end", "text"))}
TAPE = """<tt xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:timeBase="smpte" xmlns:e="urn:ebu:tt:metadata">
<head><e:documentStartOfProgramme>10:00:00:00</e:documentStartOfProgramme></head><body>
<p begin="10:00:01:00" end="10:00:03:00">hello there my friends</p>
<p begin="10:00:04:00" end="10:00:06:00">second caption here</p></body></tt>"""

OF_WORDS: dict[str, Any] = {
    "AWS": {"results": {"transcripts": [{"transcript": SAID}], "items": AWS}},
    "Google": {"results": [{"alternatives": [{"transcript": "x", **half}, {"transcript": "y"}]} for half in GOOGLE]},
    "Google with speakers": {
        "results": [
            *({"alternatives": [half]} for half in GOOGLE),
            {
                "alternatives": [
                    {"words": words(word=text, startTime=seconds(start), endTime=seconds(end), speakerTag=1)}
                ]
            },
        ]
    },
    "protobuf": {
        "results": [
            {
                "alternatives": [
                    {
                        "words": words(
                            word=text, start_time=lambda a, *_: {"seconds": int(a), "nanos": round(a % 1 * 1e9)}
                        )
                    }
                ]
            }
        ]
    },
    "Deepgram": {
        "metadata": {"duration": 7.0},
        "results": {"channels": [{"alternatives": [{"transcript": SAID, "words": words(word=text, **PLAIN)}]}]},
    },
    "AssemblyAI": {
        "words": ASSEMBLY,
        "utterances": [{"start": 1000, "end": 6000, "text": SAID, "words": ASSEMBLY, "speaker": "A"}],
        "audio_duration": 7,
        "chapters": [{"summary": "s", "headline": "h", "start": 1000, "end": 6000}],
    },
    "Vosk": {"result": [*VOSK[0]["result"], *VOSK[1]["result"]], "text": SAID},
    "Vosk, one behind the other": "\n".join(
        json.dumps(part, indent=2) for part in (VOSK[0], {"partial": "s"}, VOSK[1])
    ),
    "WhisperX": {
        "segments": [
            {"start": a, "end": b, "text": said, "words": words(*half, word=text, start=start, end=end, score=0.9)}
            for (a, b, said), half in zip(LINES, HALVES, strict=True)
        ],
        "word_segments": words(word=text, start=start, end=end),
    },
    "words that count from their line": {
        "segments": [
            {
                "start": a,
                "end": b,
                "text": said,
                "words": words(*half, word=text, start=lambda s, *_, a=a: s - a, end=lambda _, e, __, a=a: e - a),
            }
            for (a, b, said), half in list(zip(LINES, HALVES, strict=True))[1:]
        ]
    },
    "transformers, a word a chunk": {"chunks": words(text=lambda *r: f" {r[2]}", timestamp=lambda a, b, _: [a, b])},
    "Speechmatics": {
        "results": words(start_time=start, end_time=end, type="word", alternatives=lambda *r: [{"content": r[2]}])
    },
    "Watson": {"results": [{"alternatives": [{"timestamps": [[word, a, b] for a, b, word in WORDS]}]}]},
    "Azure": {
        "recognizedPhrases": [
            {
                "offset": f"PT{a}S",
                "offsetInTicks": a * 1e7,
                "durationInTicks": (b - a) * 1e7,
                "nBest": [
                    {
                        "display": said,
                        "words": words(*half, word=text, offsetInTicks=lambda s, *_: s * 1e7, durationInTicks=2e6),
                    }
                ],
            }
            for (a, b, said), half in zip(LINES, HALVES, strict=True)
        ]
    },
    "Rev": {"monologues": [{"speaker": 0, "elements": words(type="text", value=text, ts=start, end_ts=end)}]},
    "MFA": {"tiers": {"words": {"entries": [list(word) for word in WORDS]}, "phones": {"entries": [[1, 2, "HH"]]}}},
}
OF_LINES: dict[str, Any] = {
    "youtube-transcript-api": lines(text=text, start=start, duration=lambda a, b, _: b - a),
    "its snippets": {"snippets": lines(text=text, start=start, duration=2.0), "language_code": "en"},
    "its videos": {"abc": lines(text=text, start=start, duration=2.0)},
    "as Python prints it": str(lines(text=text, start=start, duration=2.0)),
    "strings": {"segments": lines(text=text, start=lambda a, *_: str(a), end=lambda _, b, __: str(b))},
    "clocks": {"segments": lines(text=text, start=clock(start), end=clock(end, ","))},
    "milliseconds": {"segments": lines(text=text, start=ms(start), end=ms(end))},
    "milliseconds by name": lines(text=text, startMs=ms(start), endMs=ms(end)),
    "whisper.cpp": {
        "result": {"language": "en"},
        "transcription": lines(
            timestamps=lambda a, b, _: {"from": f"00:00:0{a:.0f},000", "to": f"00:00:0{b:.0f},000"},
            text=text,
            tokens=[{"text": "[_BEG_]", "offsets": {"from": 0, "to": 0}}],
        ),
    },
    "podcasts": {"version": "1.0.0", "segments": lines(startTime=start, endTime=end, body=text)},
    "YouTube's page": {
        "initialSegments": [
            {"transcriptSegmentRenderer": {"startMs": str(int(a * 1000)), "snippet": {"runs": [{"text": said}]}}}
            for a, b, said in LINES
        ]
    },
    "oTranscribe": {"text": "".join(STAMPED.format(a, said) for a, _, said in LINES)},
    "half an emoji": HALF,
    "CSV": "start,end,text\n" + "".join(f'{int(a * 1000)},{int(b * 1000)},"{said}"\n' for a, b, said in LINES),
    "labels": "".join(f"{a:.6f}\t{b:.6f}\t{said}\n" for a, b, said in LINES),
    "LRC": "[ar:Me]\n[offset:+500]\n" + "".join(f"[00:{a + 0.5:05.2f}]{said}\n" for a, _, said in LINES),
    "lines with times": "".join(f"0:0{a:.0f}\n{said}\n" for a, _, said in LINES),
    "a recogniser's terminal": "".join(f"[00:{a:06.3f} --> 00:{b:06.3f}]  {said}\n" for a, b, said in LINES),
    "SubViewer": "".join(SUBVIEWER.format(a, b, said.replace(" my", "[br]my")) for a, b, said in LINES),
    "tape": TAPE,
    "columns": {"abc": COLUMNS},
    "numbered": {str(number): line for number, line in enumerate(lines(**PLAIN))},
    "pairs": [[a, said] for a, _, said in LINES],
    "pairs of times and text": [[[a, b], said] for a, b, said in LINES],
}


def written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("kind", OF_WORDS)
def test_words_of_recognisers(tmp_path: Path, kind: str) -> None:
    first = 4 if kind == "words that count from their line" else 0
    transcript = read(tmp_path, written(OF_WORDS[kind]))
    assert transcript.text == " ".join(SAID.split()[first:])
    assert [word.start for word in transcript.words] == pytest.approx(STARTS[first:], abs=0.002)
    assert {word.timed_by for word in transcript.words} == {"word"}


@pytest.mark.parametrize("kind", OF_LINES)
def test_lines_of_recognisers(tmp_path: Path, kind: str) -> None:
    transcript = read(tmp_path, written(OF_LINES[kind]))
    assert transcript.text == SAID
    assert [transcript.words[at].start for at in (0, 4)] == pytest.approx([1.0, 4.0])


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([{"word": "a", "start": None}, {"word": "b", "start": 1, "end": 1.2}, {"word": "c"}], "a b c"),
        (
            [
                {"text": "a b", "start": 1, "end": 2},
                {"text": "c"},
                {"text": "d e"},
                {"text": "f g", "start": 5, "end": 6},
            ],
            "a b c d e f g",
        ),
        ([{"text": "a b"}, {"text": "c d", "start": 5, "end": 6}], "a b c d"),
        (
            [{"text": "a 42 b", "start": 1, "end": 2, "words": [{"word": "a", "start": 1}, {"word": "b", "start": 2}]}],
            "a 42 b",
        ),
        ([{"word": "##no"}, {"word": "un", "start": 1}, {"word": "##do", "start": 1.2}], "no undo"),
        ([{"word": "\u2581un", "start": 1}, {"word": "do", "start": 1.2}, {"word": "\u2581it", "start": 2}], "undo it"),
    ],
)
def test_words_without_times_lie_between_their_neighbours(tmp_path: Path, records: list[Any], said: str) -> None:
    assert read(tmp_path, json.dumps(records)).text == said


@pytest.mark.parametrize(
    ("line", "pieces", "said"),
    [
        ("今日はVS Codeを開く。", "今 日 は V S C o d e を 開 く 。", "今日はVS Codeを開く。"),
        ("", "今 日 は R U N を 開 く", "今日は RUN を開く"),
        ("", "ມ ື ້ ນ ີ ້ ເ ຮ ັ ດ", "ມື້ນີ້ເຮັດ"),
        ("Hello you.", "hello you", "Hello you."),
        ("well-known, they don't", "well - known , they don 't", "well-known, they don't"),
    ],
)
def test_pieces_are_put_together_as_the_line_writes_them(tmp_path: Path, line: str, pieces: str, said: str) -> None:
    each = [{"word": piece, "start": 1 + n / 8, "end": 1.1 + n / 8} for n, piece in enumerate(pieces.split())]
    assert read(tmp_path, json.dumps([{"start": 1, "end": 5, "text": line, "words": each}])).text == said


def test_seconds_stay_seconds(tmp_path: Path) -> None:
    slow = [{"start": 30 * n, "end": 30 * n + 30, "text": "Yes."} for n in range(3)]
    transcript = read(tmp_path, json.dumps({"segments": slow}))
    assert (transcript.words[1].start, transcript.notes) == (30.0, ())


@pytest.mark.parametrize(
    "value",
    [
        {"abc": lines(**PLAIN), "def": lines(**PLAIN)},
        {"abc": COLUMNS, "def": COLUMNS},
        [{"id": name, "segments": lines(**PLAIN)} for name in "ab"],
        "\n".join(json.dumps({"video": name, "segments": lines(**PLAIN)}) for name in "ab"),
    ],
)
def test_several_transcripts_in_one_file_are_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(TranscriptError, match="split it into one file"):
        read(tmp_path, written(value))


def test_facts_about_a_video_are_no_words(tmp_path: Path) -> None:
    facts = {
        "title": "t",
        "chapters": [{"start_time": 0, "end_time": 5, "title": "Intro"}],
        "heatmap": [{"start_time": 0, "end_time": 1, "value": 0.5}],
        "comments": [{"text": "nice", "timestamp": 1_650_000_000}],
    }
    with pytest.raises(TranscriptError, match="without timed segments"):
        read(tmp_path, json.dumps(facts))


def test_text_in_a_second_language_is_left_out_and_told(tmp_path: Path) -> None:
    both = "".join(
        f'<div xml:lang="{code}"><p begin="1s" end="2s">{word}</p><p begin="3s" end="4s">{word}</p></div>'
        for code, word in (("en", "hello"), ("de", "hallo"))
    )
    transcript = read(tmp_path, f'<tt xml:lang="en"><body>{both}</body></tt>')
    assert (transcript.text, transcript.language) == ("hello hello", "en")
    assert "2 lines in de are left out" in transcript.notes[0]

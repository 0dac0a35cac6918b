"""Sounds and speakers leave the words and stay with the transcript."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hdvila.text import read_transcript
from hdvila.types import Transcript


def read(folder: Path, content: str) -> Transcript:
    file = folder / "talk"
    file.write_text(content, encoding="utf-8")
    return read_transcript(file)


def cue(folder: Path, text: str) -> Transcript:
    return read(folder, f"WEBVTT\n\n00:01.000 --> 00:05.000\n{text}\n")


@pytest.mark.parametrize(
    ("text", "said", "turns", "names"),
    [
        (">> hello there", "hello there", [0], [""]),
        ("hello >> you", "hello you", [1], [""]),
        (">> MAN 2: hello", "hello", [0], ["", "MAN 2"]),
        ("- hello\n- you there", "hello you there", [0, 1], ["", ""]),
        ("-Hello\n-You", "Hello You", [0, 1], ["", ""]),
        ("\u2014\u00bfQu\u00e9?", "\u00bfQu\u00e9?", [0], [""]),
        ("\u2014and then", "and then", [], []),
        ("--and then", "and then", [], []),
        ("-5 degrees", "-5 degrees", [], []),
        ("<v Ann>hello <v.loud Bob Ray>you</v>", "hello you", [0, 1], ["Ann", "Bob Ray"]),
        ("<v Ann>hello</v>\n<v Ann>you</v>", "hello you", [0], ["Ann"]),
        ("speaker1: one\nspeaker2: two", "one two", [0, 1], ["speaker1", "speaker2"]),
        ("MAN: one\nMAN: two", "one two", [0], ["MAN", "MAN"]),
        ("[Narrator] once upon", "once upon", [0], ["Narrator"]),
        ("(WOMAN 1) hello", "hello", [0], ["WOMAN 1"]),
        ("[Ann]: hello", "hello", [0], ["Ann"]),
        ("THE ANSWER IS: NO", "THE ANSWER IS: NO", [], []),
        ("it is 10:30 or 3: that is it", "it is 10:30 or 3: that is it", [], []),
        ("TOOLS NEEDED: a saw", "TOOLS NEEDED: a saw", [], []),
        ("PREHEAT: 200 degrees", "PREHEAT: 200 degrees", [], []),
        (">> ANN: hello", "hello", [0], ["", "ANN"]),
        (">> WARNING: hot", "WARNING: hot", [0], [""]),
        ("he (man) ran", "he (man) ran", [], []),
    ],
)
def test_speakers(tmp_path: Path, text: str, said: str, turns: list[int], names: list[str]) -> None:
    transcript = cue(tmp_path, text)
    assert transcript.text == said
    assert [at for at, word in enumerate(transcript.words) if word.new_speaker] == turns
    assert [mark.text for mark in transcript.marks if mark.kind == "speaker"] == names
    assert [word for line in transcript.cues for word in line.words] == list(transcript.words)


@pytest.mark.parametrize(
    ("text", "said", "sounds"),
    [
        ("[Music] hello", "hello", ["Music"]),
        ("hello (audience applauding) you", "hello you", ["audience applauding"]),
        ("hello [music", "hello", ["music"]),
        ("loud music] hello", "hello", ["loud music"]),
        ("( clock\nticking )\nhello", "hello", ["clock ticking"]),
        ("\u266a la la \u266a", "la la", ["\u266a", "\u266a"]),
        ("# la la #", "la la", ["#", "#"]),
        ("I write C# and F#", "I write C# and F#", []),
        ("*laughs* I *really* do", "I *really* do", ["laughs"]),
        ("f*** you s***", "f*** you s***", []),
        ("\u3010\u97f3\u697d\u3011 \u3053\u3093", "\u3053\u3093", ["\u97f3\u697d"]),
        ("see (figure 2): the end", "see (figure 2): the end", []),
        ("list[i+1] and f(x) of [the mayor] see [1]", "list[i+1] and f(x) of [the mayor] see [1]", []),
        ("a buzzing (and beeping) bell (bell pepper)", "a buzzing (and beeping) bell (bell pepper)", []),
        ("[door creaks] so [laughs] (upbeat music) on", "so on", ["door creaks", "laughs", "upbeat music"]),
        ("[_TT_50] so <|2.00|>[BLANK_AUDIO]", "so", ["_TT_50", "BLANK_AUDIO"]),
        ("if a<b and c>d of List<int>", "if a<b and c>d of List<int>", []),
        ("i<n; <i>i</i> <laughs> 5<6", "i<n; i 5<6", []),
        ("(the music of the sea is my favourite)", "(the music of the sea is my favourite)", []),
    ],
)
def test_sounds(tmp_path: Path, text: str, said: str, sounds: list[str]) -> None:
    transcript = cue(tmp_path, text)
    assert transcript.text == said
    assert [mark.text for mark in transcript.marks if mark.kind == "sound"] == sounds
    assert not any(word.new_speaker for word in transcript.words)


def test_marks_stand_between_the_words_around_them(tmp_path: Path) -> None:
    vtt = "WEBVTT\n\n" + "".join(
        f"00:0{at}.000 --> 00:0{at + 2}.000\n{text}\n\n"
        for at, text in ((1, "a b"), (3, "[Music]"), (5, ">> c [Bang]"))
    )
    transcript = read(tmp_path, vtt)
    assert [(mark.text, mark.start, mark.end, mark.at) for mark in transcript.marks] == [
        ("Music", 3.0, 5.0, 2),
        ("", 5.0, 5.0, 2),
        ("Bang", 7.0, 7.0, 3),
    ]


def test_speakers_that_a_format_names_outside_the_text(tmp_path: Path) -> None:
    substation = (
        "[Script Info]\nScriptType: v4.00+\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, "
        "MarginV, Effect, Text\n"
    ) + "".join(
        f"Dialogue: 0,0:00:0{at}.00,0:00:0{at + 1}.00,D,{name},0,0,0,,word{at}\n" for at, name in enumerate("AABA")
    )
    segments = [{"start": at, "end": at + 1, "text": f"word{at}", "speaker": name} for at, name in enumerate("AABA")]
    worded = [{"word": f"word{at}", "start": at, "end": at + 0.5, "speaker": name} for at, name in enumerate("AABA")]
    paragraphs = [{"start": 0, "speaker": "A"}, {"start": 2, "speaker": "B"}, {"start": 3, "speaker": "A"}]
    plain = [{"text": f"word{at}", "start": at, "end": at + 0.5} for at in range(4)]
    agents = (
        '<tt xmlns:m="http://www.w3.org/ns/ttml#metadata">'
        '<head><m:agent xml:id="a1"><m:name>A</m:name></m:agent></head>'
        "<body>"
        + "".join(
            f'<p begin="{at}s" end="{at + 1}s" m:agent="{agent}">word{at}</p>'
            for at, agent in enumerate(["a1", "a1", "B", "a1"])
        )
        + "</body></tt>"
    )
    for content in (
        substation,
        agents,
        json.dumps({"segments": segments}),
        json.dumps({"words": worded}),
        json.dumps({"words": plain, "paragraphs": paragraphs}),
    ):
        transcript = read(tmp_path, content)
        assert transcript.text == "word0 word1 word2 word3"
        assert [word.new_speaker for word in transcript.words] == [True, False, True, True]
        assert [mark.text for mark in transcript.marks] == ["A", "B", "A"]


def test_escaped_markup_and_readings_are_left_out(tmp_path: Path) -> None:
    assert cue(tmp_path, "&lt;i&gt;rock&lt;/i&gt; &amp;amp; roll").text == "rock & roll"
    assert cue(tmp_path, "<ruby>kanji<rt>reading</rt></ruby> said").text == "kanji said"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("ANN: a|BOB: b|ANN: c|BOB: d|CARL: e|WARNING: hot", "a b c d e WARNING: hot"),
        ("TIP: a|NOTE: b|TIP: c|NOTE: d", "TIP: a NOTE: b TIP: c NOTE: d"),
        ("ANN: a|BOB: b", "ANN: a BOB: b"),
    ],
)
def test_names_in_capitals_are_those_that_a_file_uses_again(tmp_path: Path, lines: str, said: str) -> None:
    cues = (f"00:0{n}.000 --> 00:0{n}.900\n{line}\n\n" for n, line in enumerate(lines.split("|")))
    assert read(tmp_path, "WEBVTT\n\n" + "".join(cues)).text == said


def test_signs_that_compare_are_said(tmp_path: Path) -> None:
    assert cue(tmp_path, "> 5 < 7 and a<b, if x > y").text == "5 < 7 and a<b, if x > y"


@pytest.mark.parametrize("text", ["\u0645\u06cc\u200c\u0631\u0648\u0645", "\u0915\u094d\u200d\u0937"])
def test_joiners_are_letters(tmp_path: Path, text: str) -> None:
    assert cue(tmp_path, f"\u200b{text}\u200e").text == text

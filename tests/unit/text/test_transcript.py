"""Reading subtitles: what is said, and when."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from hdvila.errors import TranscriptError
from hdvila.text import read_transcript
from hdvila.types import Transcript
from tests.shared import SUBTITLES, VIDEOS, needs

FILES = sorted(file for file in SUBTITLES.rglob("*") if file.is_file()) if SUBTITLES.is_dir() else []
REFUSED = {  # no word is said in them, or they are no subtitles
    "no_captions.vtt",
    "signature-bom.vtt",
    "signature-no-newline.vtt",
    "signature-space.vtt",
    "signature-tab-no-newline.vtt",
    "signature-timings.vtt",
    "timings-eof.vtt",
    "bumble_bee_captions.srt",
    "bumble_bee_captions.vtt",
    "nomadic-samuel-youtube-transcripts.part.jsonl.gz",  # holds 103 transcripts; see below
    "empty.vtt",
}

LEFT_OVER = re.compile(
    r"\d:\d\d:\d\d\.\d{3},\d:\d\d:\d\d\.\d{3}"
)  # one file was SBV, and has its times among its words

_ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:01.000 --> 00:00:03.000 align:start position:0%
~
now<00:00:01.400><c> we</c><00:00:01.600><c> fold</c><00:00:02.100><c> the</c>

00:00:03.000 --> 00:00:03.010 align:start position:0%
now we fold the
~

00:00:03.010 --> 00:00:06.000 align:start position:0%
now we fold the
paper<00:00:03.500><c> and</c><00:00:05.000><c> [Music]</c><00:00:05.500><c> paper</c>

00:00:06.000 --> 00:00:06.010 align:start position:0%
paper and [Music] paper
~

00:00:06.010 --> 00:00:08.000 align:start position:0%
paper and [Music] paper
again
"""
ROLLING = _ROLLING.replace("~", " ")


def write(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def read(folder: Path, content: str, name: str = "a.vtt") -> Transcript:
    return read_transcript(write(folder, name, content))


def words(transcript: Transcript) -> list[str]:
    return [word.text for word in transcript.words]


def test_rolling_captions_give_each_word_once_at_its_own_time(tmp_path: Path) -> None:
    transcript = read(tmp_path, ROLLING)
    assert words(transcript) == ["now", "we", "fold", "the", "paper", "and", "paper", "again"]
    assert [word.start for word in transcript.words] == [1.0, 1.4, 1.6, 2.1, 3.01, 3.5, 5.5, 6.01]
    assert {word.timed_by for word in transcript.words} == {"word"}
    assert transcript.language == "en"


def test_a_word_before_a_pause_ends_before_it(tmp_path: Path) -> None:
    by_text = {word.text: word for word in read(tmp_path, ROLLING).words}
    assert by_text["and"].end < 4.5  # the next word comes at 5.5
    assert by_text["fold"].end <= 2.1


def test_rolling_lines_without_word_times_are_unrolled(tmp_path: Path) -> None:
    srt = """1
00:00:00,000 --> 00:00:02,000

hello and welcome

2
00:00:02,000 --> 00:00:02,010
hello and welcome


3
00:00:02,010 --> 00:00:05,000
hello and welcome
to the show

4
00:00:05,000 --> 00:00:05,010
to the show


5
00:00:05,010 --> 00:00:08,000
to the show
about paper
"""
    transcript = read(tmp_path, srt, "a.srt")
    assert transcript.text == "hello and welcome to the show about paper"
    assert [cue.start for cue in transcript.cues] == [0.0, 2.01, 5.01]
    assert {word.timed_by for word in transcript.words} == {"cue"}


def test_words_that_are_said_twice_stay_twice(tmp_path: Path) -> None:
    vtt = "WEBVTT\n\n" + "".join(
        f"00:0{n}.000 --> 00:0{n + 1}.000\n{w}\n\n" for n, w in enumerate(["no", "no", "yes", "ok"])
    )
    assert words(read(tmp_path, vtt)) == ["no", "no", "yes", "ok"]


def test_words_of_a_line_share_its_time_by_characters(tmp_path: Path) -> None:
    first, second = read(tmp_path, "WEBVTT\n\n00:10.000 --> 00:20.000\nabc abcde").words
    assert (first.start, first.end, second.end) == (10.0, 14.0, 20.0)
    assert first.timed_by == second.timed_by == "cue"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[Music] hello", "hello"),
        ("( clock ticking )", "again"),
        ("hello (applause)", "hello"),
        ("Taipei (臺北市) is big", "Taipei (臺北市) is big"),
        (">> hello", "hello"),
        (">> MAN 2: hello there", "hello there"),
        ("NARRATOR:\nhello", "hello"),
        ("- hello\n- you", "hello you"),
        ("speaker1: hello", "hello"),
        ("we meet at 10:30 sharp", "we meet at 10:30 sharp"),
        ("♪ la la ♪", "la la"),
        ("<v Ann><i>hello</i></v> <c.red>you</c>", "hello you"),
        ("{\\an8}hello", "hello"),
        ("rock &amp; roll &lt;3", "rock & roll <3"),
        ("a\u00a0no-break  space\u200b", "a no-break space"),
        ("bien s\u00fbr !", "bien s\u00fbr!"),
        ("if a < b and c > d", "if a < b and c > d"),
    ],
)
def test_what_is_not_said_is_left_out(tmp_path: Path, line: str, said: str) -> None:
    transcript = read(tmp_path, f"WEBVTT\n\n00:01.000 --> 00:02.000\n{line}\n\n00:09.000 --> 00:10.000\nagain")
    assert transcript.text in (f"{said} again", said)


@pytest.mark.parametrize(
    "content",
    [
        "WEBVTT FILE\n\n1\n00:00:01.000 --> 00:00:02.000 D:vertical A:start\nhello",
        "\ufeffWEBVTT - a title\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000\n\nNOTE no\nno\n\n00:01.000 --> 00:02.000\nhello",
        "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:1\n\n00:01.000 --> 00:02.000 line:0 align:start\nhello",
        "WEBVTT\r\r00:01.000 --> 00:02.000\rhello",
        "WEBVTT\n\n00:01,000 --> 00:02,000\nhello",
        "1\n00:00:01,000 --> 00:00:02,000\nhello\n",
        "0:0:1.0 --> 0:0:2\nhello",
        "[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, "
        "MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\i1}hello{\\i0}\n",
        '<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">hello</p></div>'
        "</body></tt>",
        '<transcript><text start="1" dur="1">&lt;i>hello&lt;/i></text><text start="2" dur="1"></text></transcript>',
    ],
)
def test_every_dialect_says_hello_from_one_to_two(tmp_path: Path, content: str) -> None:
    transcript = read(tmp_path, content)
    assert words(transcript) == ["hello"]
    assert (transcript.words[0].start, transcript.words[0].end) == (1.0, 2.0)


def test_overlapping_and_backward_cues_give_words_in_order(tmp_path: Path) -> None:
    srt = """1
00:00:05,000 --> 00:00:09,000
third line here

2
00:00:01,000 --> 00:00:04,000
first line here

3
00:00:02,000 --> 00:00:01,000
second line here
"""
    transcript = read(tmp_path, srt, "a.srt")
    assert transcript.text == "first line here second line here third line here"
    starts = [word.start for word in transcript.words]
    assert starts == sorted(starts)
    assert all(a.end <= b.start for a, b in pairwise(transcript.words))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    file = write(tmp_path, "a.srt", "1\n00:00:01,000 --> 00:00:02,000\ncaf\u00e9\n".encode(encoding))
    assert words(read_transcript(file)) == ["caf\u00e9"]


@pytest.mark.parametrize(
    "content", [b"", b"\n \n", bytes(range(256)) * 9, b"WEBVTT\n", b"a letter, no subtitles", b"<tt"]
)
def test_what_is_no_transcript_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = write(tmp_path, "bad.vtt", content)
    with pytest.raises(TranscriptError) as caught:
        read_transcript(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=r"nowhere\.vtt"):
        read_transcript(tmp_path / "nowhere.vtt")


def check_sane(transcript: Transcript) -> None:
    """Starts in order, no negative lengths, no markup and no strange white space, marks in order between the words."""
    said = transcript.words
    assert said
    assert all(a.start <= b.start for a, b in pairwise(said))
    assert all(0 <= word.start <= word.end < 1e6 for word in said)
    assert not re.search(r"</?[a-z]|\{\\|-->|>>|&[a-z#]+;|[\[\]\u00a0\u200b\ufeff\ufffd\0-\x1f]", transcript.text)
    assert transcript.text == " ".join(transcript.text.split())
    assert [word for cue in transcript.cues for word in cue.words] == list(said)
    assert [mark.at for mark in transcript.marks] == sorted(mark.at for mark in transcript.marks)
    assert all(0 <= mark.at <= len(said) for mark in transcript.marks)
    turns = {mark.at for mark in transcript.marks if mark.kind == "speaker"}
    assert {at for at, word in enumerate(said) if word.new_speaker} <= turns


@needs(SUBTITLES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_real_file_is_read_or_refused(file: Path) -> None:
    if file.name not in REFUSED:
        check_sane(read_transcript(file))
        return
    with pytest.raises(TranscriptError) as caught:
        read_transcript(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def bare(text: str) -> Counter[str]:
    """Letters and digits in runs, small: a count of words that knows nothing of subtitles."""
    return Counter(re.findall(r"[^\W_]+", re.sub("[\x7f-\x9f\u00ad\ufffd]", "", text).lower()))


@pytest.mark.slow
@needs(SUBTITLES)
def test_no_word_of_a_hundred_srt_files_is_lost(tmp_path: Path) -> None:
    packed = SUBTITLES / "youtube_srt" / "nomadic-samuel-youtube-transcripts.part.jsonl.gz"
    records = map(json.loads, gzip.decompress(packed.read_bytes()).decode().splitlines())
    files = [record["srt"] for record in records] + [
        file.read_text() for file in FILES if file.suffix == ".srt" and file.name not in REFUSED
    ]
    assert len(files) > 103
    total = 0
    for content in files:
        transcript = read(tmp_path, content, "a.srt")
        check_sane(transcript)
        shown = [line for line in content.splitlines() if "-->" not in line and not line.strip().isdigit()]
        shown = [line for line in shown if not LEFT_OVER.fullmatch(line.strip())]
        expected, marks = bare("\n".join(shown)), bare(" ".join(mark.text for mark in transcript.marks))
        lost = expected - bare(transcript.text) - marks
        assert not lost
        total += expected.total()
    assert total > 480_000


@needs(SUBTITLES)
def test_one_broadcast_in_two_formats_says_the_same() -> None:
    vtt, srt = (read_transcript(SUBTITLES / "broadcast" / f"example.{kind}") for kind in ("vtt", "srt"))
    assert vtt.words == srt.words


@needs(SUBTITLES)
@pytest.mark.parametrize(
    ("name", "begins", "start"),
    [
        ("torchcodec__nasa_13013.mp4", "This is the optical and science segment of the Webb space telescope", 0.21),
        ("media__sample_with_srt.mkv", "This is the first subtitle.", 0.0),
        ("media__sample_with_vtt_subtitles.mkv", "This is the first subtitle.", 0.0),
        ("media__sample_with_overlapping_srt.mkv", "First subtitle end overlaps second Third", 0.033),
    ],
)
def test_subtitles_inside_a_video(name: str, begins: str, start: float) -> None:
    file = VIDEOS / name
    transcript = read_transcript(file)
    assert transcript.text.startswith(begins)
    assert transcript.words[0].start == pytest.approx(start)


@needs(SUBTITLES)
def test_a_video_without_subtitles() -> None:
    file = VIDEOS / "learning-area__frog.mp4"
    with pytest.raises(TranscriptError, match="no subtitle track"):
        read_transcript(file)


def test_a_pipe_or_a_folder_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.vtt")
    for name in ("pipe.vtt", ""):
        with pytest.raises(TranscriptError, match="not a regular file"):
            read_transcript(tmp_path / name)

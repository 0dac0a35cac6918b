"""Several subtitle tracks in one video: which is read, and that it is said which."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import av
import pytest

from hdvila.errors import TranscriptError
from hdvila.media.container import language_of, open_local
from hdvila.text import read_transcript


def with_tracks(folder: Path, *tracks: tuple[str, str, str]) -> Path:
    """A Matroska file of subtitle tracks only: (language, flag or "", what is said at 1 s)."""
    video = folder / "talk.mkv"
    with ExitStack() as stack:
        out = stack.enter_context(av.open(str(video), "w"))
        packets = []
        for number, (language, flag, said) in enumerate(tracks):
            file = folder / f"{number}.srt"
            file.write_text(f"1\n00:00:00,000 --> 00:00:00,500\n[Music]\n\n2\n00:00:01,000 --> 00:00:02,000\n{said}\n")
            source = stack.enter_context(av.open(str(file)))
            stream = out.add_stream_from_template(source.streams[0])
            stream.metadata["language"] = language
            stream.disposition = getattr(av.stream.Disposition, flag) if flag else av.stream.Disposition(0)
            for packet in source.demux():
                if packet.size:
                    packet.stream = stream
                    packets.append(packet)
        for packet in packets:
            out.mux(packet)
    return video


@pytest.mark.parametrize(
    ("language", "said", "which"),
    [
        (None, "Guten Tag", "track 2 of 3 (de, srt, default)"),
        ("en", "Good day", "track 3 of 3 (en, srt)"),
        ("eng", "Good day", "track 3 of 3 (en, srt)"),
        ("de-AT", "Guten Tag", "track 2 of 3 (de, srt, default)"),
        ("fr", "Guten Tag", "track 2 of 3 (de, srt, default)"),
    ],
)
def test_the_wanted_language_then_the_default(tmp_path: Path, language: str | None, said: str, which: str) -> None:
    video = with_tracks(tmp_path, ("eng", "forced", "Forced"), ("ger", "default", "Guten Tag"), ("eng", "", "Good day"))
    transcript = read_transcript(video, language=language)
    assert transcript.text == said
    assert transcript.source == f"{video}, subtitle {which}"
    assert transcript.language == which.split("(")[1][:2]
    assert [word.start for word in transcript.words] == [1.0, *([transcript.words[-1].start] if " " in said else [])]
    assert [mark.text for mark in transcript.marks] == ["Music"]


def test_tracks_without_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="no timed words"):
        read_transcript(with_tracks(tmp_path, ("eng", "default", "[Music]")))


def test_names_that_are_no_utf_8_keep_no_file_closed(tmp_path: Path) -> None:
    video = with_tracks(tmp_path, ("ger", "default", "Guten Tag"))
    content = video.read_bytes()
    assert b"ger" in content
    video.write_bytes(content.replace(b"ger", b"g\xe9r"))
    with open_local(video) as container:
        name = language_of(container.streams.subtitles[0])
    assert name == "g\ufffdr"
    transcript = read_transcript(video)
    assert transcript.text == "Guten Tag"
    transcript.source.encode()

"""Pictures that are destroyed, and words that belong to no picture: said, and never in the corpus."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hdvila.corpus import CorpusOptions, build_corpus
from hdvila.media import open_video, write_video
from hdvila.progress import SILENT
from hdvila.store import Corpus
from tests.shared import VIDEOS, needs

OPTIONS = CorpusOptions(min_height=64, workers=1, language="any", target_seconds=0)


def captions(seconds: float) -> str:
    """A sentence of three seconds every four seconds."""
    clock = "{:02.0f}:{:06.3f}".format
    cues = [
        f"{clock(*divmod(at + 0.5, 60))} --> {clock(*divmod(at + 3.5, 60))}\nHere is sentence number {at}, I say.\n"
        for at in range(0, int(seconds), 4)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def spoil(data: bytes, kind: str) -> bytes:
    start = int(0.45 * len(data))
    length = 200_000 if kind == "noise" else len(data) // 50
    new = random.Random(1).randbytes(length) if kind == "noise" else bytes(length)
    return data[:start] + new + data[start + length :]


def report_of(root: Path) -> dict[str, object]:
    stats: dict[str, object] = json.loads((root / "stats.json").read_text())["sentences"]
    return stats


@needs(VIDEOS)
@pytest.mark.parametrize("kind", ["noise", "zeros"])
def test_no_destroyed_picture_of_a_real_video_is_stored(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    healthy = VIDEOS / "PySceneDetect__testvideo.mp4"
    (source / "a.mp4").write_bytes(spoil(healthy.read_bytes(), kind))
    (source / "a.vtt").write_text(captions(24))
    report = build_corpus(source, tmp_path / "corpus", options=OPTIONS)
    assert report.sentences.left_out["damaged pictures"] >= 1
    assert report_of(tmp_path / "corpus")["left_out"] == report.sentences.left_out
    assert report.clips >= 3
    corpus = Corpus(tmp_path / "corpus")
    with open_video(healthy) as video:
        for number in range(len(corpus.clips)):
            stored = corpus.frames(number, "hr")
            for seconds, rgb in stored:
                wanted = video.at([seconds]).rgb[0].astype(int)
                assert np.abs(rgb[::4, ::4].astype(int) - wanted[::4, ::4]).mean() < 6, (number, seconds)


@needs(VIDEOS)
def test_a_hole_in_a_real_video_is_a_failure(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "b.webm").write_bytes(spoil((VIDEOS / "simpl__vp8_webrtc_2.webm").read_bytes(), "noise"))
    (source / "b.vtt").write_text(captions(40))
    (failure,) = build_corpus(source, tmp_path / "corpus", options=OPTIONS).failures
    assert failure.step == "filter"
    assert "hole: for 6.6 s from 18.6 s on" in failure.reason


@needs(VIDEOS)
def test_healthy_real_videos_lose_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    names = ["simpl__vp8_webrtc_2.webm", "learning-area__frog.webm", "sam2__bedroom.mp4", "sample-videos__book.mkv"]
    for name in names:
        (source / name).symlink_to(VIDEOS / name)
        (source / name).with_suffix(".vtt").write_text(captions(3.7))
    report = build_corpus(source, tmp_path / "corpus", options=OPTIONS)
    assert report.failures == ()
    assert report.sentences.left_out == {}


@pytest.fixture
def long_video(tmp_path: Path) -> Callable[[str], Path]:
    """``long_video(captions)``: a folder with a video of 15 s and these captions."""

    def put(words: str) -> Path:
        folder = tmp_path / "source"
        folder.mkdir()
        write_video(folder / "a.mp4", (np.full((64, 96, 3), n, np.uint8) for n in range(150)), 10.0)
        (folder / "a.vtt").write_text(words)
        return folder

    return put


class Listener:
    """A reporter that keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @contextmanager
    def task(self, name: str, total: int | None = None, done: int = 0):
        with SILENT.task(name, total, done) as bar:
            yield bar

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_subtitles_longer_than_the_video_are_counted_and_said(long_video, tmp_path: Path) -> None:
    listener = Listener()
    report = build_corpus(long_video(captions(240)), tmp_path / "corpus", options=OPTIONS, reporter=listener)
    assert (report.added, report.clips, report.failures) == (1, 4, ())
    assert report.sentences.left_out == {"beyond the video": 56}
    assert (report.sentences.found, report.sentences.in_clips) == (60, 4)
    assert report_of(tmp_path / "corpus") == {"found": 60, "in_clips": 4, "left_out": {"beyond the video": 56}}
    rows = pq.read_table(tmp_path / "corpus" / "left_out.parquet").to_pylist()
    assert rows == [
        {"video": "a", "reason": "in clips", "sentences": 4},
        {"video": "a", "reason": "beyond the video", "sentences": 56},
    ]
    (note,) = listener.notes
    assert note.startswith("a: its words go on until 224 s after its end")
    assert all(clip.end <= 15.01 for clip in Corpus(tmp_path / "corpus").clips)


def test_what_is_too_short_is_counted(long_video, tmp_path: Path) -> None:
    words = "WEBVTT\n\n00:01.000 --> 00:03.000\nHere we begin, you see.\n\n00:11.000 --> 00:11.400\nYes.\n"
    report = build_corpus(long_video(words), tmp_path / "corpus", options=OPTIONS)
    assert (report.sentences.in_clips, report.sentences.left_out) == (1, {"too short": 1})


def test_given_clips_beyond_the_video_are_counted(long_video, tmp_path: Path) -> None:
    folder = long_video(captions(240))
    spans = [["00:00:01.000", "00:00:04.000"], ["00:00:05.000", "00:00:08.000"], ["00:01:00.000", "00:01:09.000"]]
    row = {"video_id": "a", "clip": [{"clip_id": f"a.{n}.mp4", "span": span} for n, span in enumerate(spans)]}
    (folder / "list.jsonl").write_text(json.dumps(row) + "\n")
    report = build_corpus(folder / "list.jsonl", tmp_path / "corpus", options=OPTIONS)
    assert (report.sentences.in_clips, report.sentences.left_out) == (2, {"beyond the video": 1})


def test_a_video_whose_pictures_are_all_damaged_is_a_failure(long_video, tmp_path: Path) -> None:
    folder = long_video(captions(12))
    noise = np.random.default_rng(0)
    pictures = (noise.integers(0, 256, (64, 96, 3), np.uint8) for _ in range(150))
    write_video(folder / "a.mp4", pictures, 10.0)
    data = (folder / "a.mp4").read_bytes()
    begin = data.index(b"mdat") + 10_000
    (folder / "a.mp4").write_bytes(data[:begin] + bytes(20_000) + data[begin + 20_000 :])
    (failure,) = build_corpus(folder, tmp_path / "corpus", options=OPTIONS).failures
    assert failure.step == "cut"
    assert "clips are damaged" in failure.reason

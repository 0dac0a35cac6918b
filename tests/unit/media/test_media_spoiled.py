"""Damage in the middle of a video: every frame that it changes is known, and no healthy frame is suspected for long."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from hdvila.corpus.options import CorpusOptions
from hdvila.media import clip_streams, open_video, probe

Picture = np.ndarray


def film(path: Path, codec: str = "libx264", options: dict[str, str] | None = None, frames: int = 240) -> Path:
    """Ten moving grids a second of detail, 24 frames a second, a key frame every 48."""
    size, rows = (96, 64), np.arange(64)[:, None]
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=24)
        stream.width, stream.height = size
        stream.pix_fmt, stream.gop_size, stream.bit_rate = "yuv420p", 48, 400_000
        stream.options = options or {}
        for number in range(frames):
            grey = (np.arange(96)[None] * 3 + rows * 5 + number * 7 + (rows * number) % 50) % 256
            picture = np.repeat(grey.astype(np.uint8)[..., None], 3, 2)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path


def all_frames(path: Path) -> tuple[list[Picture], np.ndarray]:
    with open_video(path) as video:
        shown = [rgb.astype(np.int64) for _, rgb in video.pick(range(len(video.pts_seconds)))]
        return shown, video.spoiled


H264 = {"g": "48", "bf": "2"}


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("seed", range(5))
def test_every_frame_that_damage_changes_is_known(tmp_path: Path, codec: str, seed: int) -> None:
    healthy = film(tmp_path / "healthy.mp4", codec, H264 if codec == "libx264" else {})
    before, none = all_frames(healthy)
    assert not none.any()
    data, draw = bytearray(healthy.read_bytes()), random.Random(seed)
    at = draw.randrange(len(data) // 5, len(data) * 3 // 5)
    data[at : at + 20_000] = draw.randbytes(20_000)  # several frames
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    after, spoiled = all_frames(damaged)
    changed = np.array([np.abs(a - b).mean() > 2 for a, b in zip(before, after, strict=True)])
    assert spoiled.any()
    assert not (changed & ~spoiled).any()
    assert spoiled.sum() <= changed.sum() + 100, "from the damage to the next key frame, no farther"


@pytest.mark.parametrize("options", [H264, {"g": "48", "bf": "3", "x264-params": "open-gop=1:b-pyramid=strict"}])
@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts"])
def test_healthy_videos_are_not_suspected_wherever_reading_begins(
    tmp_path: Path, options: dict[str, str], kind: str
) -> None:
    path = film(tmp_path / f"healthy.{kind}", options=options)
    assert probe(path).damage is None
    for spans in ([(0.0, 10.0)], [(3.1, 3.5), (9.0, 9.5)], [(4.0, 4.2)]):
        assert [streams.spoiled for streams in clip_streams(path, spans, CorpusOptions().streams)] == [0] * len(spans)


def without_packets(source: Path, target: Path, lost: Callable[[float], bool], shift: float = 0.0) -> Path:
    """A copy without the packets of some times; `shift`: from there on these times are announced as a long frame."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.size and not lost(float(packet.pts * packet.time_base)):
                packet.stream = stream
                new.mux(packet)
    return target


def test_a_hole_in_the_middle_is_damage_and_a_long_still_is_not(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", options={"g": "12", "bf": "0"})
    hole = without_packets(whole, tmp_path / "hole.mkv", lambda at: 4 <= at < 6)
    assert "a hole: for 2.0 s from 4.0 s on" in str(probe(hole).damage)
    small = without_packets(whole, tmp_path / "small.mkv", lambda at: 4 <= at < 4.5)
    assert probe(small).damage is None
    slides = without_packets(whole, tmp_path / "slides.mp4", lambda at: 4 <= at < 6)  # mp4 says how long a frame stays
    assert probe(slides).damage is None


def test_a_silent_recording_of_a_screen_is_whole(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.webm", "libvpx", {"g": "250", "deadline": "realtime", "cpu-used": "8"})
    still = without_packets(whole, tmp_path / "still.webm", lambda at: 4 <= at < 6)
    assert probe(still).damage is None
    data = bytearray(still.read_bytes())
    place = data.index(b"\x44\x89\x88") + 3  # the length of all, in milliseconds
    data[place : place + 8] = struct.pack(">d", 30_000.0)
    still.write_bytes(data)
    assert (probe(still).damage, probe(still).duration) == (None, pytest.approx(30.0))
    still.write_bytes(data[: len(data) * 3 // 4])
    assert "its header promises 30.0 s" in str(probe(still).damage)


def with_sound(source: Path, target: Path, sounds: Callable[[float], bool], seconds: float) -> Path:
    """A copy of the pictures with silence in tenths of a second, where there is sound at all."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        sound = new.add_stream("pcm_s16le", rate=8000)
        for packet in old.demux(old.streams.video[0]):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
        for tenth in range(round(seconds * 10)):
            if sounds(tenth / 10):
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
                frame.sample_rate, frame.pts = 8000, tenth * 800
                new.mux(sound.encode(frame))
        new.mux(sound.encode(None))
    return target


def test_a_still_is_no_hole_while_the_sound_runs_on(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", options={"g": "12", "bf": "0"})
    silent = without_packets(whole, tmp_path / "silent.mkv", lambda at: 4 <= at < 8)
    still = with_sound(silent, tmp_path / "still.mkv", lambda at: True, 10)
    assert probe(still).damage is None
    lost = with_sound(silent, tmp_path / "lost.mkv", lambda at: not 4 <= at < 8, 10)
    assert "a hole: for 4.0 s from 4.0 s on" in str(probe(lost).damage)


def test_the_last_picture_stays_while_the_sound_goes_on(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", frames=48)
    for name, seconds, lasts in (("little.mkv", 2.2, 2.0), ("long.mkv", 7.5, 7.5)):
        info = probe(with_sound(whole, tmp_path / name, lambda at: True, seconds))
        assert info.duration == pytest.approx(lasts, abs=0.01)
    lost = with_sound(whole, tmp_path / "stray.mkv", lambda at: at < 3 or at > 700, 701)  # no part of the recording
    assert probe(lost).duration == pytest.approx(2.9, abs=0.11)

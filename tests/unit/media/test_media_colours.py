"""Colours by the tags of a file, and by its size where it has none; high dynamic range against FFmpeg's numbers."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from hdvila.media import open_video, write_video
from hdvila.media.colours import HighDynamicRange

GOLDEN = json.loads((Path(__file__).resolve().parents[2] / "goldens" / "hdr.json").read_text())
CURVES = {"pq": (16, "smpte2084"), "hlg": (18, "arib-std-b67")}
MASTERING = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"


@pytest.mark.parametrize("curve", CURVES)
def test_high_dynamic_range_agrees_with_ffmpeg(curve: str) -> None:
    coded, shown = (np.array(column) for column in zip(*GOLDEN[curve], strict=True))
    pixels = SimpleNamespace(name="yuv444p10le", components=[SimpleNamespace(bits=10)])
    frame = SimpleNamespace(colorspace=9, color_range=1, format=pixels)
    wide = HighDynamicRange.of(frame, SimpleNamespace(color_primaries=9, color_trc=CURVES[curve][0]))
    assert wide is not None
    ours = wide.to_sdr((coded[None] << 6).astype(np.uint16))[0]
    assert np.abs(ours.astype(int) - shown).max() <= 1


@pytest.mark.parametrize("curve", CURVES)
def test_high_dynamic_range_in_a_file(tmp_path: Path, curve: str) -> None:
    """Patches of 16 pixels through x265, at full size and made smaller; mastering metadata changes nothing."""
    path, pairs = tmp_path / "patches.mp4", GOLDEN[curve][:48]
    options = f"colorprim=bt2020:transfer={CURVES[curve][1]}:colormatrix=bt2020nc:range=limited:{MASTERING}:crf=1"
    options += ":bframes=0"  # with them x265 gives a single frame a decoding time that nobody wrote
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx265", rate=10, options={"x265-params": f"{options}:log-level=none:pools=1"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p10le"
        frame = av.VideoFrame(128, 96, "yuv420p10le")
        for plane, values, size in zip(
            frame.planes, np.array([coded for coded, _ in pairs]).T, (16, 8, 8), strict=True
        ):
            pixels = values.reshape(6, 8).astype("<u2").repeat(size, 0).repeat(size, 1)
            padded = np.zeros((pixels.shape[0], plane.line_size // 2), "<u2")
            padded[:, : pixels.shape[1]] = pixels
            plane.update(padded)
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with open_video(path) as video:
        whole = next(video.only([0])).rgb[8::16, 8::16].reshape(-1, 3)
        small = next(video.only([0])).sized(48, 64)[4::8, 4::8].reshape(-1, 3)
    for shown in (whole, small):
        away = np.abs(shown.astype(int) - [rgb for _, rgb in pairs]).max(1)
        assert np.percentile(away, 80) <= 6
        greys = [number for number, (coded, _) in enumerate(pairs) if coded[1:] == [512, 512]]
        assert away[greys].max() <= 2


def film(path: Path, size: tuple[int, int], rgb: tuple[int, int, int], matrix: int, tag: int, full: bool) -> Path:
    """One colour, coded by a matrix (1: BT.709, 6: BT.601); `tag` is what the file says of it (2: nothing)."""
    red, blue = {1: (0.2126, 0.0722), 6: (0.299, 0.114)}[matrix]
    r, g, b = (value / 255 for value in rgb)
    y = red * r + (1 - red - blue) * g + blue * b
    chroma = (b - y) / (2 * (1 - blue)), (r - y) / (2 * (1 - red))
    low, high, wide = (0, 255, 255) if full else (16, 219, 224)
    coded = [round(low + high * y), *(round(128 + wide * value) for value in chroma)]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10, options={"crf": "4", "preset": "ultrafast"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if full else "yuv420p"
        if tag != 2:
            stream.codec_context.colorspace = tag
        frame = av.VideoFrame(*size, stream.pix_fmt)
        for plane, value in zip(frame.planes, coded, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.colorspace = tag
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("size", "matrix", "tag"),
    [
        ((64, 64), 6, 2),
        ((1024, 576), 6, 2),
        ((128, 720), 1, 2),
        ((1280, 64), 1, 2),  # a wide picture that lost its bars
        ((64, 64), 1, 1),
        ((128, 720), 6, 6),
    ],
)
def test_the_matrix_is_the_tagged_one_or_goes_by_size(
    tmp_path: Path, size: tuple[int, int], matrix: int, tag: int, full: bool
) -> None:
    path = film(tmp_path / "colour.mp4", size, (200, 60, 30), matrix, tag, full)
    with open_video(path) as video:
        for rgb in (video.frames([0]).rgb[0], next(video.only([0])).sized(32, 32)):
            assert np.abs(rgb[4:-4, 4:-4].astype(int) - (200, 60, 30)).max() <= 3


def test_large_videos_that_we_write_say_how_they_are_coded(tmp_path: Path) -> None:
    rgb: Any = np.full((720, 64, 3), (200, 60, 30), np.uint8)
    write_video(tmp_path / "large.mp4", [rgb], 5)
    with open_video(tmp_path / "large.mp4") as video:
        assert np.abs(video.frames([0]).rgb[0].astype(int) - rgb).max() <= 3

"""Which colours a decoded frame has, and how they become 8-bit RGB as a player shows it.

Tagged files are read by their tags: matrix, range, and transfer function. Files without tags are read as
players read them: large frames (720 lines or 1280 columns and more) are BT.709, smaller ones BT.601, of
limited range unless the pixel format says otherwise.

HDR (PQ and HLG in BT.2020) becomes SDR in BT.709. SDR white is 203 cd/m2 in both (ITU-R
BT.2408), and light is counted in units of it: what is no brighter looks as it did before it was put into HDR,
what is brighter is scaled down to 1 and keeps its hue, and beyond twice white it fades to white. The result
equals FFmpeg's ``zscale=transfer=linear:npl=203``, ``zscale=primaries=bt709``, ``tonemap=clip``,
``zscale=transfer=bt709`` within one level of 255 (tests/goldens/hdr.json). HLG is rendered for a display of
1000 cd/m2 with a gamma of 1.2 on each channel, as in zscale. Mastering metadata is ignored: it concerns only
what is brighter than white. Colours outside BT.709 are clipped.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, cast

import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter
from numpy.typing import NDArray

from hdvila.types import Pixels

_UNTAGGED = {0, 2}  # of H.273: "identity", which YUV never is, and "unspecified"
_LARGE_LINES, _LARGE_COLUMNS = 720, 1280

Curve = Literal["pq", "hlg"]
_CURVES: dict[int, Curve] = {16: "pq", 18: "hlg"}  # numbers of H.273, as below
_FULL_RANGE, _BT709 = 2, 1

_WHITE = 203.0  # cd/m2
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2
_GAMMA = 2.4  # of a BT.709 display (BT.1886)
_FADES = 2.0  # times white, beyond which colours fade
_LAST = (1 << 12) - 1  # index of the tables; the source has ten bits
_PIXELS = 28_000  # converted at a time: few enough for the processor's cache, and for BLAS to take one thread
_LUMA_709 = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
_TO_709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)
Light = NDArray[np.float32]


class Colours:
    """Converts the frames of one video to RGB, by the colours of its first decoded `frame`."""

    def __init__(self, frame: Any, context: Any) -> None:
        self._hdr = HighDynamicRange.of(frame, context)
        self._matrix: Colorspace | None = None
        large = frame.height >= _LARGE_LINES or frame.width >= _LARGE_COLUMNS
        if large and int(frame.colorspace) in _UNTAGGED and frame.format.name.startswith("yuv"):
            self._matrix = Colorspace.ITU709

    def rgb(self, frame: Any, width: int, height: int, converter: VideoReformatter) -> Pixels:
        """A decoded PyAV frame -> (height, width, 3)."""
        if self._hdr is not None:
            coded: Any = converter.reformat(frame, format="yuv444p16le", width=width, height=height, threads=1)
            return self._hdr.to_sdr(coded.to_ndarray())
        converted: Any = converter.reformat(
            frame, format="rgb24", width=width, height=height, src_colorspace=self._matrix, threads=1
        )
        return cast(Pixels, converted.to_ndarray())


class HighDynamicRange:
    """Converts the frames of one HDR video to SDR, by the coding of its first decoded `frame`."""

    def __init__(self, frame: Any, context: Any, curve: Curve) -> None:
        self._curve = curve
        luma = _LUMA_709 if int(frame.colorspace) == _BT709 else _LUMA_2020
        self._to_709 = np.eye(3, dtype=np.float32) if int(context.color_primaries) == _BT709 else _TO_709
        bits = frame.format.components[0].bits
        black, white, chroma = 16 << 8, 235 << 8, 224 << 8  # in 16 bits
        if int(frame.color_range) == _FULL_RANGE:
            black, white, chroma = 0, (1 << 16) - (1 << 16 - bits), (1 << 16) - (1 << 16 - bits)
        red, blue = 2 * (1 - luma[0]), 2 * (1 - luma[2])
        decode = np.array(
            [[1, 0, red], [1, -blue * luma[2] / luma[1], -red * luma[0] / luma[1]], [1, blue, 0]], np.float64
        ) / np.array([white - black, chroma, chroma])
        self._decode = (_LAST * decode).astype(np.float32)
        self._offset = (_LAST * decode @ [-black, -(1 << 15), -(1 << 15)] + 0.5).astype(np.float32)[:, None]

    @classmethod
    def of(cls, frame: Any, context: Any) -> HighDynamicRange | None:
        """The converter for a video, or None if it is SDR."""
        curve = _CURVES.get(int(context.color_trc or 0))
        return cls(frame, context, curve) if curve and frame.format.name.startswith("yuv") else None

    def to_sdr(self, yuv: NDArray[np.uint16]) -> Pixels:
        """(H, W, 3) Y'CbCr in 16 bits -> (H, W, 3) RGB in BT.709."""
        out: Pixels = np.empty(yuv.shape, np.uint8)
        rows = max(1, _PIXELS // yuv.shape[1])
        for top in range(0, len(yuv), rows):
            part = yuv[top : top + rows]
            coded = self._decode @ part.reshape(-1, 3).T.astype(np.float32)
            coded += self._offset
            light = _linear(self._curve).take(np.clip(coded, 0, _LAST, out=coded).astype(np.uint16), mode="clip")
            rgb = self._to_709 @ light
            _clip_to_white(rgb)
            for channel, values in enumerate(rgb):
                out[top : top + rows, :, channel] = _to_sdr_levels(values).reshape(part.shape[:2])
        return out


def _clip_to_white(light: Light) -> None:
    """Scale what is brighter than white down to it, in place: (3, n) in units of white."""
    highest = _highest(light)
    if highest.max() > _FADES:  # luma never exceeds the highest channel
        luma = _LUMA_2020 @ light
        fade = np.maximum(luma - _FADES, 0) / np.maximum(luma, 1e-6)
        light += fade * (luma - light)
        highest = _highest(light)
    light /= np.maximum(highest, 1)


def _highest(light: Light) -> Light:
    """(3, n) -> (n,): the highest channel of each pixel."""
    highest: Light = np.maximum(np.maximum(light[0], light[1]), light[2])
    return highest


@lru_cache
def _linear(curve: Curve) -> Light:
    """The light of every coded value, in units of white."""
    coded = np.linspace(0, 1, _LAST + 1)
    if curve == "pq":
        power = coded ** (1 / 78.84375)
        light = (
            10_000
            / _WHITE
            * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        )
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
        light = _HLG_PEAK / _WHITE * scene**_HLG_GAMMA
    return light.astype(np.float32)


def _to_sdr_levels(light: Light) -> NDArray[np.uint8]:
    """Light in units of white -> the 8-bit values of a BT.709 display."""
    steps = np.sqrt(np.clip(light, 0, 1)) * _LAST + 0.5  # spaced by perceived brightness
    return _sdr_levels().take(steps.astype(np.uint16), mode="clip")


@lru_cache
def _sdr_levels() -> NDArray[np.uint8]:
    light = np.linspace(0, 1, _LAST + 1) ** 2
    return np.rint(255 * light ** (1 / _GAMMA)).astype(np.uint8)

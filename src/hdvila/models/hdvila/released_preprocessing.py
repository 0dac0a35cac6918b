"""Frame preparation exactly as the released HD-VILA code does it in evaluation, to reproduce its numbers.

Our own paths never use it: it shrinks with the nearest neighbour, and its high-resolution frame is the low-resolution
crop enlarged four times, without any detail of its own.

`official_streams` makes the two streams of a store whose centre is the input that the released code gives its model: a
reader of the store finds the same pictures where it would look for real ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.decode import DecodedFrame, TimeSpan
from hdvila.media.info import VideoInfo
from hdvila.media.packed import Packing
from hdvila.media.streams import ClipStreams, FrameStream, FrameToPixels, streams
from hdvila.media.transforms import GREY, enlarge
from hdvila.models.hdvila.sampling import RATIO
from hdvila.types import Pixels

Rule = Literal["video", "gif"]
_VIDEO_SIZE, _VIDEO_CROP = (180, 288), (160, 256)
_GIF_SIDE = 192
_ALL_THERE_IS = Packing(quality=100)


def official_streams(
    path: str | os.PathLike[str],
    spans: Sequence[TimeSpan],
    rule: Rule = "video",
    hr_fps: float = 2.0,
    lr_fps: float = 6.0,
    packing: Packing = _ALL_THERE_IS,
) -> Iterator[ClipStreams]:
    """``hr`` and ``lr`` of every span, as `hdvila.media.clip_streams` gives them.

    LR is the 180x288 picture from which the released code crops, or the 192x192 one of a GIF; HR is that four times as
    large, in the middle of 180x288 exactly the enlarged crop. So the window that `hdvila.store.Corpus.sample` looks at
    in evaluation (160x256 out of 180x288; all of a GIF, with ``fit="pad"``) is the official one. The released code may
    choose any frame as a middle frame; for that, HR must have the rate of LR.

    Raises:
        MediaError: the file cannot be read.
        UsageError: a rule that does not exist, rates that do not divide, or a span outside the video.
    """
    _check(rule)
    margins = 0, 0
    if rule == "video":
        margins = (_VIDEO_SIZE[0] - _VIDEO_CROP[0]) // 2, (_VIDEO_SIZE[1] - _VIDEO_CROP[1]) // 2

    def low(picture: DecodedFrame) -> Pixels:
        made: Pixels = picture.once("official", lambda: _with_margin(picture.rgb, rule))
        return made

    def looks(info: VideoInfo) -> dict[str, FrameToPixels]:
        return {"hr": lambda picture: _enlarge_inside(low(picture), *margins), "lr": low}

    small = _GIF_SIDE if rule == "gif" else _VIDEO_SIZE[0]
    wanted = {"hr": FrameStream(hr_fps, RATIO * small, "lr"), "lr": FrameStream(lr_fps, small)}
    yield from streams(path, spans, wanted, looks, packing)


def released_cut(
    path: str | os.PathLike[str],
    spans: Sequence[TimeSpan],
    wanted: Mapping[str, FrameStream],
    *,
    rule: Rule,
) -> Iterator[ClipStreams]:
    """`official_streams` with the rates of `wanted`, as `hdvila.corpus.prepare` asks for them."""
    return official_streams(path, spans, rule, wanted["hr"].fps, wanted["lr"].fps)


def _check(rule: str) -> None:
    if rule not in ("video", "gif"):
        raise UsageError(f"there is no official frame preparation {rule!r}, only 'gif' and 'video'")


def _with_margin(rgb: Pixels, rule: Rule) -> Pixels:
    """(H, W, 3) -> (180, 288, 3) or (192, 192, 3): the official picture and what lies around its crop."""
    whole: Pixels = (_shrink if rule == "video" else _gif)(rgb[None])[0]
    return whole


def _enlarge_inside(low: Pixels, top: int, left: int) -> Pixels:
    """(h, w, 3) -> (4h, 4w, 3); what lies within the margins is enlarged by itself, as its own edges are to be seen."""
    inner = low[top : len(low) - top, left : low.shape[1] - left]
    high, inside = (enlarge(rgb[None], RATIO)[0] for rgb in (low, inner))
    result: Pixels = np.ascontiguousarray(high)
    result[RATIO * top : RATIO * (len(low) - top), RATIO * left : RATIO * (low.shape[1] - left)] = inside
    return result


def _shrink(rgb: Pixels) -> Pixels:
    """(n, H, W, 3) -> (n, 180, 288, 3)."""
    rows, columns = _nearest(rgb.shape[1], _VIDEO_SIZE[0]), _nearest(rgb.shape[2], _VIDEO_SIZE[1])
    shrunk: Pixels = rgb[:, rows[:, None], columns]
    return shrunk


def _nearest(source: int, target: int) -> NDArray[np.int64]:
    """Which source line stands for each target line: floor(i * source / target), in float32 as torch computes it."""
    scaled = np.arange(target, dtype=np.float32) * (np.float32(source) / np.float32(target))
    lines: NDArray[np.int64] = np.minimum(np.floor(scaled).astype(np.int64), source - 1)
    return lines


def _gif(rgb: Pixels) -> Pixels:
    """(n, H, W, 3) -> (n, 192, 192, 3)."""
    height, width = rgb.shape[1:3]
    scale = _GIF_SIDE / max(height, width)
    size = (_GIF_SIDE, int(width * scale)) if height > width else (int(height * scale), _GIF_SIDE)
    padded = np.full((len(rgb), _GIF_SIDE, _GIF_SIDE, 3), GREY, np.uint8)
    resized = _bilinear(_channels_first(rgb), size)
    padded[:, : size[0], : size[1]] = resized.astype(np.uint8).transpose(0, 2, 3, 1)
    return padded


def _bilinear(rgb: Pixels, size: tuple[int, int]) -> NDArray[np.float32]:
    """(n, 3, H, W) uint8 -> (n, 3, *size) float32."""
    import torch

    pixels = torch.from_numpy(rgb).float()
    resized = torch.nn.functional.interpolate(pixels, size=size, mode="bilinear", align_corners=False)
    return np.asarray(resized.numpy(), np.float32)


def _channels_first(rgb: Pixels) -> Pixels:
    return np.ascontiguousarray(rgb.transpose(0, 3, 1, 2))

"""What it takes to bring a frame of high dynamic range to ordinary colours, beside an ordinary 10-bit frame.

    python benchmarks/hdr.py [height] [width]

Both are the same noise in 4:2:0, told apart by their tags, on one thread and in turns; the ratio is of the medians.
"""

from __future__ import annotations

import statistics
import sys
import time
from types import SimpleNamespace

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from hdvila.media.colours import Colours

ROUNDS = 9
_LIMITED, _BT2020 = 1, 9
_CURVES = {"ordinary": 1, "HLG": 18}  # numbers of H.273


def main(height: int = 1080, width: int = 1920) -> None:
    noise = np.random.default_rng(0).integers(64, 940, (height * 3 // 2, width), np.uint16)
    frame = av.VideoFrame.from_ndarray(noise, format="yuv420p10le")
    frame.colorspace, frame.color_range = _BT2020, _LIMITED
    colours = {
        name: Colours(frame, SimpleNamespace(color_primaries=_BT2020, color_trc=curve))
        for name, curve in _CURVES.items()
    }
    spent: dict[str, list[float]] = {name: [] for name in _CURVES}
    converter = VideoReformatter()
    for _ in range(ROUNDS):
        for name, conversion in colours.items():
            began = time.perf_counter()
            conversion.rgb(frame, width, height, converter)
            spent[name].append(time.perf_counter() - began)
    ordinary, hlg = (1000 * statistics.median(times) for times in spent.values())
    print(f"{width}x{height}: ordinary {ordinary:.1f} ms, HLG {hlg:.1f} ms, ratio {hlg / ordinary:.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

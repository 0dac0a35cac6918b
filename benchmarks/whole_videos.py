"""Whole videos for benchmarks: repeated to a length, and decoded with nothing done with them.

python benchmarks/whole_videos.py VIDEO ...     decodes them one after the other
"""

from __future__ import annotations

import sys
from pathlib import Path

import av


def decode(path: Path) -> None:
    """All frames, with one thread, nothing done with them."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for _ in container.decode(video=0):
            pass


def lengthen(path: Path, target: Path, seconds: float) -> float:
    """Repeat a video, as it is encoded, until it lasts so long; -> seconds."""
    shown = 0.0
    with av.open(str(target), "w") as to:
        stream = None
        while shown < seconds:
            with av.open(str(path)) as container:
                source = container.streams.video[0]
                stream = stream or to.add_stream_from_template(source)
                end = shown
                for packet in container.demux(source):
                    if packet.pts is None or packet.dts is None or packet.time_base is None:
                        continue
                    end = max(end, shown + float((packet.pts + (packet.duration or 0)) * packet.time_base))
                    offset = round(shown / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    to.mux(packet)
            shown = end
    return shown


if __name__ == "__main__":
    for name in sys.argv[1:]:
        decode(Path(name))

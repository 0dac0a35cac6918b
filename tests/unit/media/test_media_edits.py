"""Edit lists, as telephones and editors trim, cut and delay what stays in the file: only what they show counts."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hdvila.corpus.options import CorpusOptions
from hdvila.media import clip_streams, open_video
from tests.unit.media.numbered_pictures import number_in

FPS, CLOCK = 25, 1000  # of the movie
EDITS = {  # (seconds, from which second of the media on; None: nothing is shown)
    "end": [(1.2, 0.0)],
    "both ends": [(1.0, 0.6)],
    "delayed": [(0.5, None), (1.6, 0.4)],
    "middle": [(0.8, 0.0), (0.8, 1.6)],
    "exchanged": [(0.8, 1.2), (0.8, 0.2)],
    "twice": [(0.6, 0.8), (0.6, 0.8)],
}


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def with_edits(data: bytes, edits: list[tuple[float, float | None]]) -> bytes:
    """The file with another edit list; its media begin where the present one begins them."""
    out = b""
    for kind, content in boxes(data):
        if kind in (b"moov", b"trak", b"edts"):
            content = with_edits(content, edits)
        if kind == b"elst":
            *_, first, _ = struct.unpack(">IIIiI", content)
            content = struct.pack(">II", 0, len(edits))
            for seconds, begin in edits:
                media = -1 if begin is None else first + round(begin * 12800)
                content += struct.pack(">IiI", round(seconds * CLOCK), media, 1 << 16)
        out += struct.pack(">I", len(content) + 8) + kind + content
    return out


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_list_is_followed_and_no_damage(make_video: Callable[..., Path], tmp_path: Path, name: str) -> None:
    whole = make_video("edited.mp4", b_frames=2, video_track_timescale="12800")
    path = tmp_path / "edited.mp4"
    path.write_bytes(with_edits(whole.read_bytes(), EDITS[name]))
    expected = [
        round(begin * FPS) + k
        for seconds, begin in EDITS[name]
        if begin is not None
        for k in range(round(seconds * FPS))
    ]
    order = np.random.default_rng(0).permutation(len(expected))
    with open_video(path) as video:
        assert video.info.damage is None
        assert video.info.duration == pytest.approx(
            len(expected) / FPS
        )  # from the container's start, the first picture
        np.testing.assert_allclose(video.pts_seconds, np.arange(len(expected)) / FPS, atol=1e-6)
        assert [number_in(rgb) for rgb in video.frames(order).rgb] == [expected[k] for k in order]
        assert not video.spoiled.any()
    spans = [(0.1, 0.4), (0.7, 1.0)]
    assert [streams.spoiled for streams in clip_streams(path, spans, CorpusOptions().streams)] == [0, 0]

"""What is said of a store whose pictures do not reach what a setting asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hdvila.corpus.options import hybrid_streams
from hdvila.data.source import PreparedStore
from hdvila.evaluate.fitting import what_is_blurred
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Frames


@pytest.mark.parametrize(
    ("high", "low", "said"),
    [
        (72, 18, True),  # of a store for smaller windows: the video has 72 lines
        (144, 36, False),  # of one for this window
        (24, 24, False),  # of one for this window, and the video has no more
        (24, 18, True),  # the same video in a store for smaller windows
    ],
)
def test_a_store_for_smaller_windows_is_told_from_small_videos(tmp_path: Path, high: int, low: int, said: bool) -> None:
    times = np.arange(6) / 10
    with CorpusWriter(tmp_path, hybrid_streams()) as writer:
        for name in ("a", "b"):
            hr, lr = (np.zeros((n, side, side, 3), np.uint8) for n, side in ((2, high), (6, low)))
            writer.add(Clip(name, name, 0.0, 0.6, "a thing"), {"hr": Frames(hr, times[::5]), "lr": Frames(lr, times)})
    prepared = PreparedStore(Corpus(tmp_path), tmp_path, "hdvila prepare msrvtt-1ka")
    note = what_is_blurred(prepared, [0, 1], Preprocess(128, 128, enlarged=True, hr_every=1))
    assert note.startswith("2 of 2 clips have LR pictures of fewer than the 36 lines") is said
    assert ("run hdvila prepare msrvtt-1ka before all others" in note) is said
    assert not what_is_blurred(prepared, [0, 1], Preprocess(128, 128, hr_every=5)), "real HR is not made of LR"

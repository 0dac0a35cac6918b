"""The released code's frame preparation, from generated pictures to the pixels that it hands to the model.

The golden holds every 16th pixel of the HR frames and every 8th of the LR frames; HR may differ by one grey level,
because the original enlarges with OpenCV's fixed-point arithmetic.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from safetensors.numpy import load_file

from hdvila.errors import UsageError
from hdvila.media.view import Fit
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.released_preprocessing import official_streams
from hdvila.models.hdvila.sampling import HybridClip, HybridSampling
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Frames, Pixels
from tests.hybrid_streams import hybrid_streams
from tests.official_clip import official_clip
from tests.parity import formulas
from tests.parity.places import GOLDENS

GOLDEN = load_file(GOLDENS / "hdvila_preprocess.safetensors")


def generated(name: str, frames: int, height: int, width: int, block: int) -> Frames:
    """Coloured squares with a slanting ramp over them."""
    squares = formulas.image(name, (frames, 3, height, width), block).numpy()
    row, column = np.mgrid[:height, :width]
    rgb = np.clip(np.floor(squares * 3 / 4) + (3 * row + 2 * column) % 64, 0, 255).astype(np.uint8)
    return Frames(np.ascontiguousarray(rgb.transpose(0, 2, 3, 1)), np.arange(frames) / 6)


@pytest.fixture(scope="module")
def video() -> HybridClip:
    return official_clip(generated("prep_a", 60, 240, 320, 20), HybridSampling(2, 3, 4))


@pytest.fixture(scope="module")
def gif() -> HybridClip:
    return official_clip(generated("prep_gif", 20, 150, 200, 10), HybridSampling(1, 3, 4), "gif")


def assert_pixels(found: Pixels, expected: str, slack: int) -> None:
    worst = np.abs(found.astype(int) - GOLDEN[expected]).max()
    assert found.shape == GOLDEN[expected].shape
    assert worst <= slack, f"{expected}: differs by {worst} grey levels"


def test_videos(video: HybridClip) -> None:
    assert video.high is not None
    assert video.low is not None
    assert video.high.shape == (2, 3, 640, 1024)
    assert_pixels(video.low[..., ::8, ::8], "retrieval_video.img_other_slice", 0)
    assert_pixels(video.low[..., ::8, ::8], "qa_video.img_other_slice", 0)
    assert_pixels(video.high[..., ::16, ::16], "retrieval_video.img_middle_slice", 1)
    assert_pixels(video.high[:1, :, 100:132, 200:232], "retrieval_video.img_middle_patch", 1)
    np.testing.assert_allclose(video.high.mean(axis=(2, 3)), GOLDEN["retrieval_video.img_middle_mean"], atol=0.05)


def test_gifs(gif: HybridClip) -> None:
    assert gif.high is not None
    assert gif.low is not None
    assert gif.high.shape == (1, 3, 768, 768)
    assert_pixels(gif.low[..., ::8, ::8], "gif.img_other_slice", 0)
    assert_pixels(gif.high[..., ::16, ::16], "gif.img_middle_slice", 1)
    assert (gif.low[..., 144:, :] == 127).all()


@pytest.mark.parametrize(("golden", "rule", "size"), [("a", "video", (640, 1024)), ("gif", "gif", (768, 768))])
def test_a_store_shows_them_through_its_own_window(
    tmp_path: Path, golden: str, rule: str, size: tuple[int, int]
) -> None:
    frames = generated("prep_a", 60, 240, 320, 20) if rule == "video" else generated("prep_gif", 20, 150, 200, 10)
    segments = 2 if rule == "video" else 1
    write_losslessly(tmp_path / "clip.avi", frames)
    with CorpusWriter(tmp_path / "store", hybrid_streams(6, 6)) as writer:
        ((packed, _),) = official_streams(tmp_path / "clip.avi", [(0.0, len(frames) / 6)], rule, 6, 6)  # type: ignore[arg-type]
        writer.add(Clip("clip", "clip", 0.0, len(frames) / 6, "", "cue"), packed)
    fit: Fit = "crop" if rule == "video" else "pad"
    seen = Preprocess(*size, segments, 3, 4, fps=6.0, hr_every=1, fit=fit)
    name = "retrieval_video" if rule == "video" else "gif"
    for preprocess in (seen, replace(seen, enlarged=True)):  # a stored HR frame that is an LR one enlarged, or made one
        found = Corpus(tmp_path / "store").sample(0, preprocess)
        assert found.high is not None
        assert found.low is not None
        assert_pixels(found.low[..., ::8, ::8], f"{name}.img_other_slice", _JPEG)
        assert_pixels(found.high[..., ::16, ::16], f"{name}.img_middle_slice", _JPEG)


_JPEG = 6  # grey levels that JPEG takes at its best quality


def write_losslessly(path: Path, frames: Frames) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=6)
        stream.height, stream.width, stream.pix_fmt = *frames.rgb.shape[1:3], "bgr0"
        for rgb in frames.rgb:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")))
        container.mux(stream.encode(None))


def test_another_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only"):
        next(official_streams(tmp_path / "clip.avi", [(0.0, 1.0)], "film"))  # type: ignore[arg-type]

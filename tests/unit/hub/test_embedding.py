"""Videos, frames, images and lists of them become vectors; what cannot be meant is refused in words."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hdvila.errors import UsageError
from hdvila.hub import Processor
from hdvila.media.codecs import write_video
from hdvila.media.video import open_video
from hdvila.models.hdvila.model import HDVILA
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.text.tokenizer import Tokenizer
from tests.unit.models.small_hdvila import tiny_model

RATE = 20.0


@pytest.fixture(scope="module")
def model() -> HDVILA:
    made = tiny_model()
    made.processor = Processor(Preprocess(64, 128, segments=2, neighbours=2), Tokenizer.train(["a dog", "a cat"], 60))
    return made


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = np.random.default_rng(0).integers(0, 256, (24, 72, 136, 3), dtype=np.uint8)
    write_video(tmp_path_factory.mktemp("video") / "v.mp4", pictures, RATE)
    return tmp_path_factory.getbasetemp() / "video0" / "v.mp4"


def test_frames_in_memory_are_the_video_that_they_are_of(model: HDVILA, video: Path) -> None:
    with open_video(video) as opened:
        frames = opened.frames(range(24))
    expected = model.embed_video(video)
    assert expected.shape == (32,)
    assert torch.equal(model.embed_video(frames.rgb, fps=RATE), expected)
    assert torch.equal(model.embed_video(frames.rgb, fps=Fraction(RATE)), expected)
    assert torch.equal(model.embed_video(torch.from_numpy(frames.rgb), times=frames.pts_seconds), expected)
    part = model.embed_video(video, 0.3, 0.9)
    assert torch.equal(model.embed_video(frames.rgb, 0.3, 0.9, times=frames.pts_seconds.tolist()), part)
    assert not torch.equal(part, expected)
    late = model.embed_video(frames.rgb, times=frames.pts_seconds + 7)
    torch.testing.assert_close(late, expected)


def test_a_list_gives_a_row_for_each(model: HDVILA, video: Path) -> None:
    one, two = model.embed_video(video), model.embed_video(video, 0.3, 0.9)
    assert torch.equal(model.embed_video([video, str(video)]), torch.stack([one, one]))
    assert torch.equal(model.embed_video((video,), 0.3, 0.9), two[None])
    assert model.embed_text("a dog").shape == model.embed_text(["a dog"]).shape == (1, 32)
    torch.testing.assert_close(model.embed_text(["a dog", "a cat"])[:1], model.embed_text("a dog"))


def test_an_image_is_a_video_that_stands_still(model: HDVILA) -> None:
    image = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    vector = model.embed_video(image)
    assert torch.equal(vector, model.embed_video(np.stack([image] * 5), fps=5))
    bgr = np.ascontiguousarray(image[..., ::-1])
    assert torch.equal(vector, model.embed_video(bgr[..., ::-1])), "a view with a negative stride"
    pil = pytest.importorskip("PIL.Image")
    assert torch.equal(vector, model.embed_video(pil.fromarray(image)))
    turned = pil.fromarray(np.rot90(image))
    turned.getexif()[0x0112] = 6  # to be shown a quarter clockwise
    assert torch.equal(vector, model.embed_video(turned))
    grey = np.repeat(image[..., :1], 3, -1)
    assert torch.equal(model.embed_video(pil.fromarray(image[..., 0])), model.embed_video(grey))
    assert model.embed_video([image, pil.fromarray(image)]).shape == (2, 32)


FRAMES = np.zeros((4, 8, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("source", "given", "said"),
    [
        ("v.mp4", {"start": float("nan"), "end": 2}, "start=nan: give seconds"),
        ("v.mp4", {"end": float("inf")}, "end=inf: give seconds"),
        ("v.mp4", {"start": -1.0}, r"start=-1.0: give seconds"),
        ("v.mp4", {"start": "0"}, "start='0': give seconds"),
        ("v.mp4", {"start": 3, "end": 1}, "ends before it starts"),
        ("v.mp4", {"fps": 3}, "a file contains the times of its frames"),
        ([], {}, "empty list of videos"),
        (FRAMES, {}, "4 frames in memory: say when they appear, by fps= or by times="),
        (FRAMES, {"fps": 2, "times": [0, 1, 2, 3]}, "not both"),
        (FRAMES, {"fps": 0}, "fps=0: give frames per second"),
        (FRAMES, {"fps": float("nan")}, "fps=nan"),
        (FRAMES, {"times": [0, 1, 2]}, "for 4 frames: give one for each"),
        (FRAMES, {"times": [0, 2, 1, 3]}, "increase from frame to frame"),
        (FRAMES, {"times": ["a", 2, 1, 3]}, "as numbers"),
        (FRAMES, {"fps": 2, "start": 9, "end": 10}, "the given frames: a clip at 9.000..10.000 s lies outside"),
        (FRAMES.astype(np.float32), {"fps": 2}, "type float32: give RGB from 0 to 255 as uint8"),
        (np.moveaxis(FRAMES, -1, 1), {"fps": 2}, r"shape \(4, 3, 8, 8\).* channels last"),
        (FRAMES[0], {"fps": 2}, "this is one image"),
        (list(FRAMES), {"fps": 2}, r"make one array of a list of frames \(np\.stack\)"),
        (io.BytesIO(b"video"), {}, "type BytesIO is not a video"),
        (FRAMES[:0], {"fps": 2}, r"shape \(0, 8, 8, 3\)"),
        (3, {}, "type int is not a video: give a path, frames"),
        (None, {}, "type NoneType is not a video"),
    ],
)
def test_what_cannot_be_meant_is_refused(model: HDVILA, source: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        model.embed_video(source, **given)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "empty list of texts"),
        (["a", 3], "3 is not a text"),
        (None, "None is not a text"),
        (b"a", "b'a' is not a text"),
    ],
)
def test_what_is_no_text_is_refused(model: HDVILA, texts: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        model.embed_text(texts)

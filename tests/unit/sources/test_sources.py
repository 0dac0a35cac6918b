"""Folders of images and files of features answer as corpora do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hdvila.data.dataset import ClipDataset
from hdvila.data.order import SampleKey
from hdvila.data.settings import DataSettings
from hdvila.errors import StoreError, UsageError
from hdvila.evaluate.embedding import embed_clips
from hdvila.hub import Processor, build_model
from hdvila.media import encode_jpeg, read_image
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.inputs import stack_arrays
from hdvila.recipes.hdvila.miniature import miniature_model
from hdvila.sources import FeatureFiles, ImageFolder, images
from hdvila.text.tokenizer import Tokenizer
from hdvila.types import Pixels
from tests.systems.frame_mean import Frames

SEEN = Preprocess(64, 64, segments=1, neighbours=1, rate=1, fps=2.0, hr_every=1)


def image(level: int, height: int = 72, width: int = 96) -> bytes:
    return encode_jpeg(np.full((height, width, 3), level, np.uint8), 95)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cat.jpg").write_bytes(image(200))
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "run").mkdir()
    for number in (1, 2, 10):
        (tmp_path / "run" / f"frame{number}.jpg").write_bytes(image(10 * number))
    return tmp_path


def test_images_and_folders_of_images_are_clips(folder: Path) -> None:
    source = ImageFolder(folder, {"cat": "a cat"}, fps=2.0)
    assert [(clip.clip_id, clip.text, clip.end) for clip in source.clips] == [("cat", "a cat", 1.0), ("run", "", 1.5)]
    assert (len(source), source.size(0)) == (2, (72, 96))
    still, played = (source.sample(i, Frames(count=3)) for i in range(2))
    assert np.abs(still.rgb.astype(int) - 200).max() <= 2
    assert played.rgb.mean((1, 2, 3)) == pytest.approx([10, 20, 100], abs=2), "2 is before 10"
    assert played.pts_seconds.tolist() == [0.0, 0.5, 1.0]


def test_an_image_is_decoded_once_a_sample(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []

    def counted(path: Path) -> Pixels:
        decoded.append(path.name)
        return read_image(path)

    monkeypatch.setattr(images, "read_image", counted)
    seen = ImageFolder(folder, fps=2.0).sample(0, SEEN)
    assert seen.low.shape == (1, 2, 3, 16, 16)
    assert decoded == ["cat.jpg"]


def test_clips_of_different_arrays_are_no_batch(folder: Path) -> None:
    source = ImageFolder(folder, fps=2.0)
    whole, low = (source.sample(0, replace(SEEN, streams=streams)) for streams in ("hybrid", "low"))
    assert [array is None for array in stack_arrays([low, low])] == [True, False]
    with pytest.raises(ValueError, match="shape"):
        stack_arrays([whole, low])


def test_every_system_learns_from_them_and_is_evaluated_on_them(folder: Path) -> None:
    source = ImageFolder(folder, {"cat": "a cat", "run": "a run"}, fps=2.0)
    hybrid = source.sample(1, SEEN, np.random.default_rng(0))
    assert hybrid.high.shape == (1, 3, 64, 64)
    assert hybrid.low.shape == (1, 2, 3, 16, 16)
    tokenizer = Tokenizer.train(["a cat", "a run"], 60)
    for inputs in (SEEN, Frames()):
        data = ClipDataset(source, DataSettings(preprocess=inputs, text_length=6), tokenizer, seed=1)
        batch = data.batch([SampleKey(0, 1), SampleKey(0, 0)])
        assert batch.size == 2
        assert batch.video[0] is not None
        assert not torch.equal(batch.video[0][0], batch.video[0][1])
    model = build_model(miniature_model("stage1")).eval()
    model.processor = Processor(SEEN, tokenizer, 6)
    vectors = embed_clips(model, source, [0, 1])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_what_is_not_a_folder_of_images_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "cat.png").write_bytes(b"no image at all")
    with pytest.raises(UsageError, match="two of its images are called 'cat'"):
        ImageFolder(folder)
    (folder / "cat.jpg").unlink()
    with pytest.raises(StoreError, match=r"cat\.png: the image cannot be read"):
        ImageFolder(folder).sample(0, Frames())
    (tmp_path / "empty").mkdir()
    for place, message in (("empty", "holds no image"), ("nowhere", "there is no such folder")):
        with pytest.raises(UsageError, match=message):
            ImageFolder(tmp_path / place)
    with pytest.raises(UsageError, match="fps=0"):
        ImageFolder(folder, fps=0)


def test_features_have_times(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.float16).reshape(3, 4)
    np.save(tmp_path / "one.npy", rows)
    np.savez(tmp_path / "two.npz", features=rows.astype(np.float64), other=rows)
    files = FeatureFiles(tmp_path, interval=1.5, first=0.75)
    assert files.videos == ("one", "two")
    assert files.features("one").rows.dtype == np.float16
    assert files.features("two").rows.dtype == np.float32
    assert files.features("one").times.tolist() == [0.75, 2.25, 3.75]
    assert np.array_equal(files.features("two").rows, rows)


def test_features_that_are_none_are_named(tmp_path: Path) -> None:
    np.save(tmp_path / "flat.npy", np.zeros(3, np.float32))
    np.save(tmp_path / "nan.npy", np.full((2, 2), np.nan, np.float32))
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY")
    np.savez(tmp_path / "two.npz", a=np.zeros((1, 1), np.float32), b=np.zeros((1, 1), np.float32))
    files = FeatureFiles(tmp_path, interval=2.0)
    for video, message in (("flat", r"\(3,\) float32"), ("nan", "NaN"), ("cut", "not an array"), ("two", "a, b")):
        with pytest.raises(StoreError, match=message):
            files.features(video)
    with pytest.raises(UsageError, match="no features of 'three', but of cut"):
        files.features("three")
    (tmp_path / "more").mkdir()
    np.save(tmp_path / "more" / "flat.npy", np.zeros((1, 1), np.float32))
    with pytest.raises(UsageError, match="are both of 'flat'"):
        FeatureFiles(tmp_path, interval=2.0)
    with pytest.raises(UsageError, match="interval=0"):
        FeatureFiles(tmp_path / "more", interval=0)

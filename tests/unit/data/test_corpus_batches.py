"""A batch out of a corpus, whose pictures are written into place, is that of the plain way: decode all, cut, stack."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from hdvila.data.dataset import ClipDataset
from hdvila.data.order import SampleKey
from hdvila.data.settings import DataSettings
from hdvila.errors import UsageError
from hdvila.media import Form, crop_to
from hdvila.media.transforms import pad_to
from hdvila.media.view import View
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip, hybrid_indices
from hdvila.models.inputs import stack_arrays
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Frames, Pixels
from tests.hybrid_streams import hybrid_streams
from tests.unit.data.test_batches import tokenize

SIZES = [(72, 144), (71, 143), (128, 64), (65, 301), (36, 64)]  # the first is cut without being resized
SEED = 3


@pytest.fixture(scope="module", params=["jpeg", "h264"])
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Clips of several sizes, the first ones so short that a sample shows frames again."""
    form: Form = request.param
    root = tmp_path_factory.mktemp(form)
    rng = np.random.default_rng(0)
    with CorpusWriter(root, hybrid_streams(form=form)) as writer:
        for number, (height, width) in enumerate(SIZES):
            pts = np.arange(6 + 7 * number) / 10
            hr = rng.integers(0, 256, (len(pts[::5]), height, width, 3), np.uint8)
            lr = rng.integers(0, 256, (len(pts), -(-height // 4), -(-width // 4), 3), np.uint8)
            clip = Clip(f"c{number}", f"v{number}", 0, len(pts) / 10, f"text {number}")
            writer.add(clip, {"hr": Frames(hr, pts[::5]), "lr": Frames(lr, pts)})
    return Corpus(root)


def plain(corpus: Corpus, i: int, preprocess: Preprocess, rng: np.random.Generator) -> HybridClip:
    middle, others = hybrid_indices(corpus.num_frames(i), preprocess.sampling, rng, preprocess.hr_every)
    view = View.draw(rng, preprocess.fit, preprocess.flip)

    def seen(stream: str, numbers: np.ndarray, height: int, width: int, grid: int) -> Pixels:
        rgb = corpus.frames(i, stream, numbers.ravel()).rgb  # type: ignore[arg-type]
        rgb = rgb[:, :, ::-1] if view.mirrored else rgb
        cut = [
            pad_to(picture, height, width, grid)
            if view.fit == "pad"
            else crop_to(picture, height, width, view.where, view.zoom, grid)
            for picture in rgb
        ]
        return np.stack(cut).transpose(0, 3, 1, 2)

    high = seen("hr", middle // 5, preprocess.height, preprocess.width, 4)
    low = seen("lr", others, preprocess.height // 4, preprocess.width // 4, 1)
    return HybridClip(high, low.reshape(*others.shape, *low.shape[1:]))


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("flip", [0.0, 0.5, 1.0])
def test_a_batch_is_that_of_the_plain_way(corpus: Corpus, fit: str, flip: float) -> None:
    preprocess = Preprocess(64, 128, segments=3, neighbours=2, rate=2, fit=fit, flip=flip)  # type: ignore[arg-type]
    data = ClipDataset(corpus, DataSettings(preprocess=preprocess, text_length=4), tokenize, SEED)
    batches = [[SampleKey(epoch, i) for i in range(len(SIZES))] for epoch in range(6)]
    with ThreadPoolExecutor(3) as pool:  # each thread has memory of its own to decode into
        read = list(pool.map(data.batch, batches))
    for keys, batch in zip(batches, read, strict=True):
        high, low = stack_arrays(
            [plain(corpus, d.index, preprocess, np.random.default_rng(d.as_int(SEED))) for d in keys]
        )
        assert torch.equal(batch.video[0], torch.from_numpy(high))  # type: ignore[arg-type]
        assert torch.equal(batch.video[1], torch.from_numpy(low))  # type: ignore[arg-type]


def test_a_sample_stays_what_it_was_when_others_are_read(corpus: Corpus) -> None:
    preprocess = Preprocess(64, 128, segments=1, neighbours=2, rate=1)
    first = corpus.sample(0, preprocess)
    before = first.high.copy(), first.low.copy()  # type: ignore[union-attr]
    for i in range(len(SIZES)):
        corpus.sample(i, preprocess)
    assert np.array_equal(first.high, before[0])  # type: ignore[arg-type]
    assert np.array_equal(first.low, before[1])  # type: ignore[arg-type]


def test_a_place_of_another_shape_is_refused(corpus: Corpus) -> None:
    preprocess = Preprocess(64, 128)
    for other in (Preprocess(128, 128), Preprocess(64, 128, segments=1), Preprocess(64, 128, streams="high")):
        with pytest.raises(UsageError, match=r"Preprocess\.room"):
            corpus.sample(0, preprocess, into=other.room())

"""A batch is a function of (seed, step): not of history, process, or worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hdvila.data.batch import Batch
from hdvila.data.dataset import ClipDataset
from hdvila.data.loader import BatchShare, Ordered, step_batches
from hdvila.data.order import Mixture, Order, SampleKey
from hdvila.data.settings import DataSettings
from hdvila.errors import StoreError, UsageError
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip
from hdvila.types import Clip


class Noise:
    """Clips whose pixels are the random numbers that they are given."""

    clips = tuple(Clip(f"c{i}", "v", 0.0, 1.0, f"text {i}") for i in range(10))

    def sample(self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None) -> HybridClip:
        assert rng is not None
        if i == 99:
            raise StoreError("shard 7 is damaged: build it again")
        return HybridClip(
            rng.integers(0, 255, (1, 3, 64, 64), np.uint8), rng.integers(0, 255, (1, 2, 3, 16, 16), np.uint8)
        )


def tokenize(texts: Sequence[str], length: int) -> tuple[np.ndarray, np.ndarray]:
    ids = np.array([[int(text.split()[1])] * length for text in texts])
    return ids, np.ones_like(ids)


def dataset(seed: int = 0) -> ClipDataset:
    preprocess = Preprocess(64, 64, segments=1, neighbours=1)
    return ClipDataset(Noise(), DataSettings(preprocess=preprocess, text_length=4), tokenize, seed)


def batches(data: ClipDataset, order: Order, share: BatchShare, *steps: int, workers: int = 0) -> Iterator[list[Batch]]:
    """The micro-batches of a run with one source."""
    return (micros for _, micros in step_batches([Ordered(data, order)], Mixture(), share, *steps, workers=workers))


def assert_equal(one: Batch, other: Batch) -> None:
    for a, b in zip((*one.video, *one[1:]), (*other.video, *other[1:]), strict=True):
        assert torch.equal(a, b) if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) else a == b


@given(clips=st.integers(1, 60), size=st.integers(1, 12), seed=st.integers(0, 5), epoch=st.integers(0, 4))
def test_an_epoch_shows_every_clip_at_most_once_and_nearly_all(clips: int, size: int, seed: int, epoch: int) -> None:
    if clips < size:
        with pytest.raises(UsageError, match=f"batch_size={size}"):
            Order(clips, size, seed)
        return
    order = Order(clips, size, seed)
    first = epoch * order.steps_per_epoch + 1
    keys = [key for step in range(first, first + order.steps_per_epoch) for key in order.sample_keys(step)]
    assert {key.epoch for key in keys} == {epoch}
    assert len({key.index for key in keys}) == len(keys) > clips - size
    assert all(0 <= key.index < clips for key in keys)


def test_epochs_and_seeds_differ() -> None:
    order = Order(10, 10, 0)
    shown = [[key.index for key in order.sample_keys(step)] for step in (1, 2)]
    shown.append([key.index for key in Order(10, 10, 1).sample_keys(1)])
    assert len({tuple(indices) for indices in shown}) == 3


@given(seed=st.integers(0, 2**31), epoch=st.integers(0, 99), index=st.integers(0, 2**30))
def test_keys_are_63_bits(seed: int, epoch: int, index: int) -> None:
    assert 0 <= SampleKey(epoch, index).as_int(seed) < 2**63


@pytest.mark.parametrize(("world", "accumulate"), [(1, 1), (2, 1), (1, 2), (2, 3)])
def test_the_shares_make_up_the_batch_in_its_order(world: int, accumulate: int) -> None:
    keys = [SampleKey(0, i) for i in range(12)]
    parts = [BatchShare(12, rank, world, accumulate).split(keys) for rank in range(world)]
    together = [key for micro in range(accumulate) for part in parts for key in part[micro]]
    assert together == keys


def test_a_batch_that_cannot_be_cut_is_refused() -> None:
    with pytest.raises(UsageError, match=r"batch_size=10 .* 4 processes .* multiple of 12"):
        BatchShare(10, world=4, accumulate=3)


def test_a_run_that_begins_later_sees_the_same_batches() -> None:
    data, order, share = dataset(), Order(10, 4, 3), BatchShare(4)
    unbroken = list(batches(data, order, share, 1, 6))
    continued = list(batches(data, order, share, 4, 6))
    for one, other in zip(unbroken[3:], continued, strict=True):
        assert_equal(one[0], other[0])


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(workers: int) -> None:
    data, order, share = dataset(), Order(10, 4, 3), BatchShare(4, accumulate=2)
    for one, other in zip(
        batches(data, order, share, 1, 4), batches(data, order, share, 1, 4, workers=workers), strict=True
    ):
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_arrives_as_it_was_raised(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Order, "sample_keys", lambda self, step: [SampleKey(0, 99)])
    monkeypatch.setattr(Noise, "clips", Noise.clips * 10)
    with pytest.raises(StoreError, match=r"^shard 7 is damaged: build it again$"):
        next(batches(dataset(), Order(10, 1, 0), BatchShare(1), 1, 1, workers=workers))


def test_epochs_show_other_frames_of_a_clip() -> None:
    data = dataset()
    first, second = (data.batch([SampleKey(epoch, 3)]) for epoch in (0, 1))
    assert torch.equal(first.input_ids, second.input_ids)
    assert not torch.equal(first.video[0], second.video[0])  # type: ignore[arg-type]
    assert not torch.equal(first.keys, second.keys)

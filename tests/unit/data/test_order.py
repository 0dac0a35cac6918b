"""The order of clips: the one of documented runs where there are few, and one without a list where there are many."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from hdvila.data.order import SHUFFLED, Order, permuted

MANY = 103_000_000


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 63, 64, 65, 1000, 4097])
def test_each_number_stands_at_one_place(count: int) -> None:
    for epoch in range(3):
        assert sorted(permuted(np.arange(count), count, [7, epoch]).tolist()) == list(range(count))


def test_places_are_those_of_the_whole_whatever_is_asked_with_them() -> None:
    whole = permuted(np.arange(1000), 1000, [1, 2])
    assert permuted(np.array([999, 5, 5]), 1000, [1, 2]).tolist() == whole[[999, 5, 5]].tolist()


def test_orders_of_different_epochs_and_seeds_have_nothing_in_common() -> None:
    one, epoch, seed = (permuted(np.arange(4096), 4096, key) for key in ([1, 0], [1, 1], [2, 0]))
    for other in (epoch, seed, np.arange(4096)):
        assert (one == other).sum() < 10, "one in common is expected by chance"
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.08
    steps = np.diff(one)
    assert len(np.unique(steps)) > 2500, "neighbours are no fixed distance apart"


def test_batches_of_a_large_corpus_are_spread_and_come_from_anywhere() -> None:
    order = Order(MANY, 1024, 3)
    found = np.concatenate([[key.index for key in order.sample_keys(step)] for step in range(1, 21)])
    assert len(np.unique(found)) == len(found)
    tenths = np.bincount(found * 10 // MANY, minlength=10)
    assert tenths.min() > 0.8 * len(found) / 10
    later = [key.index for key in order.sample_keys(order.steps_per_epoch + 1)]
    assert {key.epoch for key in order.sample_keys(order.steps_per_epoch + 1)} == {1}
    assert later != found[:1024].tolist()
    assert [key.index for key in Order(MANY, 1024, 3).sample_keys(7)] == found[6 * 1024 : 7 * 1024].tolist()


def test_a_large_order_keeps_no_list() -> None:
    tracemalloc.start()
    try:
        Order(MANY, 256, 0).sample_keys(400_000)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 1_000_000


def test_the_order_of_documented_runs_stays() -> None:
    for clips in (20, SHUFFLED):
        expected = np.random.default_rng([5, 0]).permutation(clips)[:8].tolist()
        assert [key.index for key in Order(clips, 8, 5).sample_keys(1)] == expected
    assert [key.index for key in Order(20, 8, 5).sample_keys(1)] == [9, 18, 3, 7, 1, 16, 19, 13]

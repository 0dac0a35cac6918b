"""Evaluations that several processes share give every one of them the numbers of one alone, bit for bit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hdvila.evaluate.masked_words import evaluate_masked_words
from hdvila.evaluate.retrieval import embed_clips
from hdvila.evaluate.sharing import Processes
from tests.unit.evaluate.test_masked_words import Numbered, Seeing


def together(world: int, work: Callable[[Processes], Any]) -> list[Any]:
    """What `work` gives in each of `world` processes, played by threads."""
    parts: list[Any] = [None] * world
    results: list[Any] = [None] * world
    barrier = threading.Barrier(world)

    def run(rank: int) -> None:
        def gather(own: Any) -> list[Any]:
            parts[rank] = own
            barrier.wait()
            found = list(parts)
            barrier.wait()
            return found

        results[rank] = work(Processes(rank, world, gather))

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(world)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Measuring(Seeing):
    def encode_video(self, high: Any, low: Any) -> Any:
        return high.float().mean((1, 2, 3, 4))[:, None] + low.float().mean((1, 2, 3, 4, 5))[:, None]


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_every_process_has_all_numbers(world: int) -> None:
    corpus = Numbered(*"aabbccdde")
    alone = embed_clips(Measuring(), corpus, range(9), 2)
    assert alone[:, 0].tolist() == [2 * n for n in range(9)]
    words = evaluate_masked_words(Measuring(), corpus, share=0.5, batch_size=2)
    for found in together(world, lambda some: embed_clips(Measuring(), corpus, range(9), 2, processes=some)):
        assert np.array_equal(found, alone)
    for report in together(
        world, lambda some: evaluate_masked_words(Measuring(), corpus, share=0.5, batch_size=2, processes=some)
    ):
        assert report == words


def test_work_is_shared_by_whole_batches() -> None:
    shown = [Processes(rank, 3).own(["ab", "cd", "ef", "g"]) for rank in range(3)]
    assert shown == [["ab", "g"], ["cd"], ["ef"]]

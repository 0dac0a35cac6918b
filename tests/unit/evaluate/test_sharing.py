"""Evaluations that several processes share give every one of them the numbers of one alone, bit for bit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hdvila import processes
from hdvila.evaluate.answering import answer_questions, ask_head
from hdvila.evaluate.clip_test import corpus_test
from hdvila.evaluate.embedding import embed_clips
from hdvila.evaluate.masked_words import evaluate_masked_words
from hdvila.evaluate.predict import Reranking, predict
from hdvila.evaluate.sharing import ALONE, Processes, processes_of_group
from tests.unit.evaluate.test_answering import NUMBERS, QUESTIONS, Levels, Sums, tokens
from tests.unit.evaluate.test_masked_words import Numbered, Seeing
from tests.unit.evaluate.test_retrieval import ShadeModel, Shades


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


class Pairing(ShadeModel):
    """Scores a clip and a text by how near their grey levels are."""

    config = SimpleNamespace(capabilities={"pair_scores"})
    processor = SimpleNamespace(preprocess=ShadeModel.processor.preprocess, tokenizer=tokens, text_length=4)

    def visual_tokens(self, high: Tensor, low: Tensor) -> Tensor:
        return high.flatten(1).float().mean(1)[None, :, None, None]

    def match_scores(self, visual_SMPD: Tensor, ids: Tensor, mask: Tensor, consensus: str) -> Tensor:
        return -((visual_SMPD[0, :, 0, 0] - ids[:, 0]) ** 2)


def everything(some: Processes) -> dict[str, Any]:
    """What every kind of evaluation says, in batches that do not fit evenly."""
    corpus, shades = Numbered(*"aabbccdde"), corpus_test(Shades(range(0, 130, 10)))
    how: dict[str, Any] = {"batch_size": 2, "processes": some}
    retrieval = predict(ShadeModel(), shades, **how)
    assert retrieval.vectors is not None
    reranked = predict(ShadeModel(), shades, reranking=Reranking(Pairing(), 3), **how)
    return {
        "clips": embed_clips(Measuring(), corpus, range(9), 2, processes=some)[:, 0].tolist(),
        "masked words": evaluate_masked_words(Measuring(), corpus, share=0.5, **how),
        "retrieval": [retrieval.predictions.similarity.tolist(), *(one.tolist() for one in retrieval.vectors)],
        "pairs": predict(Pairing(), shades, **how).predictions.similarity.tolist(),
        "re-ranking": reranked.predictions.similarity.tolist(),
        "questions": answer_questions(Sums(), Levels(), QUESTIONS, NUMBERS, ask=ask_head, **how),
    }


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_every_process_has_all_results(world: int) -> None:
    alone = everything(ALONE)
    assert alone["clips"] == [2 * n for n in range(9)]
    assert np.argmax(alone["re-ranking"], 1).tolist() == list(range(13))
    assert together(world, everything) == [alone] * world


def in_group(file: Path, rank: int) -> dict[str, Any]:
    torch.distributed.init_process_group("gloo", init_method=file.as_uri(), rank=rank, world_size=2)
    try:
        return everything(processes_of_group())
    finally:
        torch.distributed.destroy_process_group()


def test_two_processes_have_the_results_of_one(tmp_path: Path) -> None:
    found = processes.together(partial(in_group, tmp_path / "meeting"), 2)
    assert found == [everything(ALONE)] * 2


def test_work_is_shared_by_whole_batches() -> None:
    shown = [Processes(rank, 3).own(["ab", "cd", "ef", "g"]) for rank in range(3)]
    assert shown == [["ab", "g"], ["cd"], ["ef"]]

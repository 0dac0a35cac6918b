"""Scoring pairs: every clip is looked at once, each text is scored with the clips that ask for it, in any batches."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hdvila.errors import UsageError
from hdvila.evaluate.pair_scoring import score_pairs
from hdvila.evaluate.predict import rerank
from hdvila.models.hdvila.preprocess import Preprocess
from tests.unit.evaluate.test_answering import Levels, tokens


class Products:
    """The score of clip i (grey, 10 i) and the text "... n" is i n."""

    device = torch.device("cpu")
    processor = SimpleNamespace(preprocess=Preprocess(64, 64, 1, 1, 1), tokenizer=tokens, text_length=4)

    def __init__(self) -> None:
        self.looked, self.pairs = 0, 0

    def visual_tokens(self, high: Tensor, low: Tensor | None) -> Tensor:
        self.looked += len(high)
        return high.float().mean((2, 3, 4)).T[:, :, None, None] / 10

    def match_scores(self, visual_SMPD: Tensor, ids: Tensor, mask: Tensor, consensus: str) -> Tensor:
        self.pairs += len(ids)
        assert visual_SMPD.shape[1] == len(ids) == len(mask)
        assert consensus == "max"
        return visual_SMPD[0, :, 0, 0] * ids[:, 0]


@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.parametrize("pairs_at_once", [1, 4, 64])
def test_texts_are_scored_with_the_clips_that_ask_for_them(
    batch_size: int, pairs_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hdvila.evaluate.pair_scoring.PAIRS_AT_ONCE", pairs_at_once)
    model, source = Products(), Levels()
    texts = ["text 3", "text 1", "text 3", "text 2"]
    about = [[0, 1, 2, 3], [], [3], [2, 0], [1, 3, 1]]
    found = score_pairs(model, source, [6, 0, 5, 2, 4], texts, about, consensus="max", batch_size=batch_size)
    assert [scores.tolist() for scores in found] == [[18, 6, 18, 12], [], [10], [6, 6], [4, 8, 4]]
    assert source.read == Counter(dict.fromkeys([6, 0, 5, 2, 4], 1))
    assert model.looked == 5
    assert model.pairs == 3 + 0 + 1 + 1 + 2, "a text is scored once with a clip"


def test_the_first_hits_of_both_directions_are_scored_and_stand_above_the_others() -> None:
    found_QV = np.array([[0.9, 0.8, 0.1], [0.7, 0.2, 0.3], [0.6, 0.5, 0.4]], np.float32)
    asked: list[Any] = []

    def score(about: Any) -> list[np.ndarray]:
        asked.extend(about)
        return [np.array([-5.0 - text for text in texts], np.float32) for texts in about]

    new_QV = rerank(found_QV, 1, score)
    assert asked == [[0, 1, 2], [0], [2]]  # the first video of every text, and the first text of every video
    assert new_QV[[0, 1, 2, 0, 2], [0, 0, 0, 1, 2]].tolist() == [-5, -6, -7, -5, -7]
    left = new_QV[[0, 1, 1, 2], [2, 1, 2, 1]]
    assert left.max() < -7
    assert np.argsort(left).tolist() == [0, 1, 2, 3]
    with pytest.raises(UsageError, match="the first 0 hits"):
        rerank(found_QV, 0, score)

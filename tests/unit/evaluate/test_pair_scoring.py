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
from hdvila.evaluate.predict import Reranking, rerank
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.nn import pair_batches
from hdvila.nn.pair_batches import match_pairs
from tests.systems.frame_pairs import FramePairs, FramePairsConfig
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
@pytest.mark.parametrize("tokens_at_once", [1, 9, 1000])
def test_texts_are_scored_with_the_clips_that_ask_for_them(
    batch_size: int, tokens_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pair_batches.TOKENS_AT_ONCE, "cpu", tokens_at_once)
    model, source = Products(), Levels()
    texts = ["text 3", "text 1", "text 3", "text 2"]
    about = [[0, 1, 2, 3], [], [3], [2, 0], [1, 3, 1]]
    found = score_pairs(model, source, [6, 0, 5, 2, 4], texts, about, consensus="max", batch_size=batch_size)
    assert [scores.tolist() for scores in found] == [[18, 6, 18, 12], [], [10], [6, 6], [4, 8, 4]]
    assert source.read == Counter(dict.fromkeys([6, 0, 5, 2, 4], 1))
    assert model.looked == 5
    assert model.pairs == 3 + 0 + 1 + 1 + 2, "a text is scored once with a clip"


class Watched(FramePairs):
    """A cross-encoder of random weights that notes the shapes of its batches."""

    def __init__(self) -> None:
        super().__init__(FramePairsConfig(vocab_size=50))
        self.shapes: list[tuple[int, int, int]] = []

    def match_scores(self, visual: Tensor, ids: Tensor, mask: Tensor, consensus: str) -> Tensor:
        self.shapes.append((len(visual), *ids.shape))
        return super().match_scores(visual, ids, mask, consensus)


@torch.no_grad()
def test_batches_are_of_like_length_and_bounded_and_change_scores_by_rounding_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    model = Watched().eval()
    frames = torch.randint(0, 256, (3, 4, 3, 32, 32), dtype=torch.uint8)
    lengths = torch.tensor([7, 2, 5, 2, 7, 3, 2, 2])
    mask = (torch.arange(9) < lengths[:, None]).long()
    ids = torch.randint(5, 50, (8, 9)) * mask
    clips, texts = torch.arange(3).repeat_interleave(8), torch.arange(8).repeat(3)
    visual = model.visual_tokens(frames)
    alone = [
        model.match_scores(visual[:, [clip]], ids[[text]], mask[[text]], "logsumexp")
        for clip, text in zip(clips.tolist(), texts.tolist(), strict=True)
    ]
    for budget, at_once in ((1, 1), (400, 5), (100_000, 24)):
        monkeypatch.setitem(pair_batches.TOKENS_AT_ONCE, "cpu", budget)
        model.shapes.clear()
        advanced: list[int] = []
        found = match_pairs(model, visual, clips, texts, ids, mask, "logsumexp", advanced.append)
        torch.testing.assert_close(found, torch.cat(alone), rtol=1e-5, atol=1e-6)
        assert max(pairs for _, pairs, _ in model.shapes) == at_once
        assert all(pairs == 1 or 4 * pairs * (16 + length) <= budget for _, pairs, length in model.shapes)
        assert advanced == [pairs for _, pairs, _ in model.shapes]
        assert [length for *_, length in model.shapes] == sorted((length for *_, length in model.shapes), reverse=True)
    assert model.shapes == [(4, 24, 7)], "no column is padding in every row"


def test_texts_of_equal_tokens_tie_and_scores_are_rounded_where_that_is_asked() -> None:
    model, source = Products(), Levels()
    texts, about = ["a 3", "b 3", "c 3", "d 1"], [[0, 1, 2, 3], [3, 0]]
    same, other = score_pairs(model, source, [5, 2], texts, about, consensus="max")
    assert [same.tolist(), other.tolist()] == [[15, 15, 15, 5], [2, 6]]
    assert model.pairs == 4
    model.match_scores = lambda visual, ids, mask, how: ids[:, 0] / 3 + visual[0, :, 0, 0] * 1e-6  # type: ignore[method-assign]
    for rounded, expected in ((False, [[1.000005, 0.333338], [1.000002, 0.333335]]), (True, [[1, 0.3333]] * 2)):
        scores = score_pairs(model, source, [5, 2], texts[2:], [[0, 1]] * 2, rounded=rounded)
        np.testing.assert_allclose(scores, expected, atol=5e-7)
        assert (scores[0][1] == scores[1][1]) == rounded


def test_the_memory_of_the_visual_side_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdvila.evaluate.pair_scoring.SEGMENTS_AT_ONCE", 2)
    model, looked = Products(), []
    visual_tokens = model.visual_tokens
    model.visual_tokens = lambda *video: looked.append(len(video[0])) or visual_tokens(*video)  # type: ignore[func-returns-value, method-assign]
    score_pairs(model, Levels(), [6, 0, 5, 2, 4], ["a 1"], [[0]] * 5, consensus="max", batch_size=100)
    assert looked == [2, 2, 1]


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
        Reranking(Products(), 0)

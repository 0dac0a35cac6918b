"""Scores of many pairs of a clip and a text from a cross-encoder, in batches across clips and texts.

Legend: U texts, B clips, M pairs, S segments, P places in a frame, L tokens, D width.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hdvila.nn.capabilities import PairScorer

__all__ = ["PAIRS", "match_pairs"]

PAIRS = "logsumexp"
"""The consensus over segments of a matched score, where nothing says how the model was trained: it equals the mean of
the exponentiated logits, normalised, as ClipBERT has it."""

TOKENS_AT_ONCE = {"cpu": 8192, "cuda": 65536}
"""Tokens, visual ones and words of all segments, that go through the model at once, by device."""


def match_pairs(
    model: PairScorer,
    visual_SBPD: Tensor,
    clips_M: Tensor,
    texts_M: Tensor,
    ids_UL: Tensor,
    mask_UL: Tensor,
    consensus: str,
    advance: Callable[[int], object] = lambda _: None,
) -> Tensor:
    """Score pairs of a clip and a text.

    Pairs of like length stand in one batch, whichever clips they are of, so that little padding is computed. A batch
    has as many pairs as have `TOKENS_AT_ONCE` tokens.

    Args:
        model: in evaluation mode, within `hdvila.nn.device.computing` and without gradients.
        visual_SBPD: visual tokens of the clips (`PairScorer.visual_tokens`).
        clips_M, texts_M: the clip and the text of each pair, on the CPU.
        ids_UL, mask_UL: the texts, padded at the right, on the CPU.
        consensus: how segments become one score: mean, max or logsumexp.
        advance: is called with the number of pairs of each batch when it is scored.

    Returns:
        (M,) float32 on the CPU, in the order of the pairs; higher is better.
    """
    segments, _, places, _ = visual_SBPD.shape
    device = visual_SBPD.device
    budget = TOKENS_AT_ONCE.get(device.type, TOKENS_AT_ONCE["cuda"])
    columns_L = torch.arange(1, mask_UL.shape[1] + 1)
    lengths_M = (mask_UL.bool() * columns_L).amax(1)[texts_M]
    order_M = torch.argsort(lengths_M, descending=True, stable=True)
    scores_M = torch.empty(len(order_M))
    done = 0
    while done < len(order_M):
        length = int(lengths_M[order_M[done]])  # the longest that is left
        some = order_M[done : done + max(1, budget // (segments * (places + length)))]
        ids, mask = (one[texts_M[some], :length].to(device) for one in (ids_UL, mask_UL))
        found = model.match_scores(visual_SBPD[:, clips_M[some].to(device)], ids, mask, consensus)
        scores_M[some] = found.float().cpu()
        advance(len(some))
        done += len(some)
    return scores_M

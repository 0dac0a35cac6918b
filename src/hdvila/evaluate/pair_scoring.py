"""Scores of pairs of a clip and a text, from a model that reads both together.

Legend: Q texts, V clips, U different texts, B clips of a batch, M their pairs, S segments, P places in a frame,
L tokens, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdvila.data.dataset import encode
from hdvila.data.prefetch import prefetch_clips
from hdvila.data.source import ClipSource
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.hub import computing
from hdvila.nn.capabilities import PairScorer
from hdvila.nn.pair_batches import match_pairs
from hdvila.nn.pretrained import to_tensors
from hdvila.progress import SILENT, Reporter

__all__ = ["SEGMENTS_AT_ONCE", "score_pairs"]

SEGMENTS_AT_ONCE = 32
"""Segments of clips that go through the visual side of a model at once."""


@torch.inference_mode()
def score_pairs(
    model: PairScorer,
    source: ClipSource,
    clips: Sequence[int],
    texts: Sequence[str],
    about: Sequence[Sequence[int]],
    *,
    consensus: str = "mean",
    batch_size: int = 16,
    rounded: bool = False,
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> list[NDArray[np.float32]]:
    """Score texts with clips; clips by the evaluation rule of the model's inputs.

    The visual side of a clip is computed once, however many texts are scored with it, and only those of one batch of
    clips are in memory. Texts of equal tokens are scored once with a clip, so that they tie
    exactly. Otherwise scores depend on their batch by rounding only.

    Args:
        model: in evaluation mode, with a processor.
        source: where the clips are.
        clips: (V,) their numbers.
        texts: (Q,) texts.
        about: (V,) for each clip the numbers of the texts to score with it, as many as it needs.
        consensus: how segments become one score: mean, max or logsumexp.
        batch_size: clips of a batch; fewer where they would have more than `SEGMENTS_AT_ONCE` segments.
        rounded: to four decimals, as the released code of ClipBERT ranks them.
        reporter: shows progress.
        processes: share the clips; each has all scores.

    Returns:
        (V,) for each clip the scores of its texts, in the order of `about`; higher is better.

    Raises:
        StoreError: a clip cannot be read.
    """
    processor = model.processor
    number_Q, ids_UL, mask_UL = _different(texts, processor)
    batch_size = min(batch_size, max(1, SEGMENTS_AT_ONCE // processor.preprocess.segments))
    batches = [range(first, min(first + batch_size, len(clips))) for first in range(0, len(clips), batch_size)]
    own = processes.own(batches)
    read = prefetch_clips(source, [clips[place] for batch in own for place in batch], processor.preprocess)
    scores: list[list[NDArray[np.float32]]] = []
    total = sum(len(about[place]) for batch in own for place in batch)
    with reporter.task("scoring pairs", total=total) as bar, computing(model):
        for batch in own:
            video = to_tensors(processor.preprocess.collate(list(islice(read, len(batch)))), model.device)
            visual_SBPD = model.visual_tokens(*video)
            wanted = [np.unique(number_Q[list(about[place])], return_inverse=True) for place in batch]
            counts = [len(numbers) for numbers, _ in wanted]
            places = np.repeat(np.arange(len(batch)), counts)
            numbers = np.concatenate([numbers for numbers, _ in wanted])
            pairs_M = torch.from_numpy(places), torch.from_numpy(numbers)
            found_M = match_pairs(model, visual_SBPD, *pairs_M, ids_UL, mask_UL, consensus, bar.advance).numpy()
            found_M = found_M.round(4) if rounded else found_M
            own_scores = np.split(found_M, np.cumsum(counts)[:-1])
            scores.append([found[back] for found, (_, back) in zip(own_scores, wanted, strict=True)])
            bar.advance(sum(len(back) for _, back in wanted) - len(places))  # texts that are there more than once
    return [found for batch_scores in processes.all_results(scores) for found in batch_scores]


def _different(texts: Sequence[str], processor: Any) -> tuple[NDArray[np.intp], Tensor, Tensor]:
    """(Q,) which of the different texts each one is, and these: ids and mask (U, L)."""
    names = {text: number for number, text in enumerate(sorted(set(texts)))}
    ids, mask = encode(processor.tokenizer, [(text,) for text in names], processor.text_length)
    rows, number = torch.unique(torch.stack([ids, mask.to(ids.dtype)]), dim=1, return_inverse=True)
    return number.numpy()[[names[text] for text in texts]], rows[0], rows[1]

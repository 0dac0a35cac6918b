"""Scores of pairs of a clip and a text, from a model that reads both together.

Legend: Q texts, V clips, U different texts, M pairs scored at once, S segments, P places in a frame, L tokens, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

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
from hdvila.nn.pretrained import to_tensors
from hdvila.progress import SILENT, Reporter

__all__ = ["score_pairs"]

PAIRS_AT_ONCE = 64


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
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> list[NDArray[np.float32]]:
    """Score texts with clips; clips by the evaluation rule of the model's inputs.

    The visual side of a clip is computed once, however many texts are scored with it. Equal texts are scored once, so
    that they tie exactly.

    Args:
        model: in evaluation mode, with a processor.
        source: where the clips are.
        clips: (V,) their numbers.
        texts: (Q,) texts.
        about: (V,) for each clip the numbers of the texts to score with it, as many as it needs.
        consensus: how segments become one score: mean, max or logsumexp.
        batch_size: clips that go through the visual side at once.
        reporter: shows progress.
        processes: share the clips; each has all scores.

    Returns:
        (V,) for each clip the scores of its texts, in the order of `about`; higher is better.

    Raises:
        StoreError: a clip cannot be read.
    """
    processor = model.processor
    unique = {text: number for number, text in enumerate(sorted(set(texts)))}
    number_Q = np.array([unique[text] for text in texts])
    ids_UL, mask_UL = encode(processor.tokenizer, [(text,) for text in unique], processor.text_length)
    batches = [range(first, min(first + batch_size, len(clips))) for first in range(0, len(clips), batch_size)]
    own = processes.own(batches)
    read = prefetch_clips(source, [clips[place] for batch in own for place in batch], processor.preprocess)
    scores: list[list[NDArray[np.float32]]] = []
    total = sum(len(about[place]) for batch in own for place in batch)
    with reporter.task("scoring pairs", total=total) as bar, computing(model):
        for batch in own:
            video = to_tensors(processor.preprocess.collate(list(islice(read, len(batch)))), model.device)
            visual_SVPD = model.visual_tokens(*video)
            wanted = [np.unique(number_Q[list(about[place])], return_inverse=True) for place in batch]
            counts = [len(numbers) for numbers, _ in wanted]
            rows = np.repeat(np.arange(len(batch)), counts)
            numbers = np.concatenate([numbers for numbers, _ in wanted])
            parts = [np.zeros(0, np.float32)]
            for first in range(0, len(rows), PAIRS_AT_ONCE):
                some = slice(first, first + PAIRS_AT_ONCE)
                ids_ML, mask_ML = _trimmed(ids_UL[numbers[some]], mask_UL[numbers[some]])
                visual_SMPD = visual_SVPD[:, torch.from_numpy(rows[some]).to(model.device)]
                found_M = model.match_scores(visual_SMPD, ids_ML.to(model.device), mask_ML.to(model.device), consensus)
                parts.append(found_M.float().cpu().numpy())
                bar.advance(len(found_M))
            own_scores = np.split(np.concatenate(parts), np.cumsum(counts)[:-1])
            scores.append([found[back] for found, (_, back) in zip(own_scores, wanted, strict=True)])
            bar.advance(sum(len(back) for _, back in wanted) - len(rows))  # texts that are there more than once
    return [found for batch_scores in processes.all_results(scores) for found in batch_scores]


def _trimmed(ids_ML: Tensor, mask_ML: Tensor) -> tuple[Tensor, Tensor]:
    """Without the columns at the right that are padding in every row."""
    length = int(mask_ML.any(0).nonzero().max()) + 1
    return ids_ML[:, :length], mask_ML[:, :length]

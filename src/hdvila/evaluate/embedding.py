"""Vectors of clips and texts from a dual encoder, and their similarity.

Legend: B clips of a batch, Q texts, V videos (clips), D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from hdvila.data.prefetch import prefetch_clips
from hdvila.data.source import ClipSource
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.hub import computing
from hdvila.media.view import Look, joined
from hdvila.nn.capabilities import DualEncoder
from hdvila.nn.pretrained import to_tensors
from hdvila.progress import SILENT, Reporter

__all__ = ["embed_clips", "embed_texts", "similarity"]


@torch.inference_mode()
def embed_clips(
    model: DualEncoder,
    corpus: ClipSource,
    numbers: Sequence[int],
    batch_size: int = 16,
    reporter: Reporter = SILENT,
    looks: Sequence[Look] | None = None,
    processes: Processes = ALONE,
) -> NDArray[np.float32]:
    """Unit vectors (V, D) of the clips with these numbers, by the evaluation rule of the model's inputs.

    Args:
        model: in evaluation mode, with a processor.
        corpus: where the clips are.
        numbers: (V,) of the clips.
        batch_size: clips embedded at once.
        reporter: shows progress.
        looks: (V,) the windows through which each clip is seen; its vector is the direction of their mean. None: one
            window in the middle.
        processes: share the clips; each has all vectors.

    Raises:
        StoreError: a clip cannot be read.
    """
    inputs = model.processor.preprocess
    rows: list[NDArray[np.float32]] = []
    views = [() for _ in numbers] if looks is None else [look.views for look in looks]
    batches = [range(first, min(first + batch_size, len(numbers))) for first in range(0, len(numbers), batch_size)]
    own = processes.own(batches)
    seen = [(numbers[place], view) for batch in own for place in batch for view in views[place] or (None,)]
    windows = [view for _, view in seen if view is not None]
    clips = prefetch_clips(corpus, [number for number, _ in seen], inputs, windows)
    with reporter.task("embedding clips", total=sum(map(len, own))) as bar, computing(model):
        for batch in own:
            counts = [max(1, len(views[place])) for place in batch]
            parts = []
            for first in range(0, sum(counts), batch_size):
                some = list(islice(clips, min(batch_size, sum(counts) - first)))
                video = to_tensors(inputs.collate(some), model.device)
                parts.append(model.encode_video(*video).float().cpu().numpy())
            vectors_BD = np.concatenate(parts)
            rows.append(vectors_BD if max(counts) == 1 else joined(vectors_BD, counts))
            bar.advance(len(batch))
    return np.concatenate(processes.all_results(rows))


def embed_texts(
    model: DualEncoder, texts: Sequence[str], batch_size: int = 16, processes: Processes = ALONE
) -> NDArray[np.float32]:
    """Unit vectors (Q, D) of texts. Equal texts are embedded once, so that their vectors are equal.

    Args:
        model: in evaluation mode, with a processor.
        texts: (Q,) texts.
        batch_size: texts embedded at once.
        processes: share the texts; each has all vectors.
    """
    unique = sorted(set(texts))
    batches = [unique[first : first + batch_size] for first in range(0, len(unique), batch_size)]
    with computing(model):
        parts = [model.embed_text(batch).float().cpu().numpy() for batch in processes.own(batches)]
    place = {text: number for number, text in enumerate(unique)}
    rows: NDArray[np.float32] = np.concatenate(processes.all_results(parts))[[place[text] for text in texts]]
    return rows


def similarity(texts_QD: NDArray[np.float32], videos_VD: NDArray[np.float32]) -> NDArray[np.float32]:
    """(Q, V) dot products, computed in float64, so that equal vectors have equal scores in blocks of any size."""
    return (texts_QD.astype(np.float64) @ videos_VD.T.astype(np.float64)).astype(np.float32)

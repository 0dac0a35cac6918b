"""Retrieval on the clips of a corpus: which clip belongs to these words, and which words to this clip.

Legend: B clips of a batch, Q texts, V videos (clips), D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hdvila.annotations.synthetic import CHANNEL
from hdvila.data.prefetch import prefetch_clips
from hdvila.data.source import ClipSource, looks_at, share_seen
from hdvila.errors import UsageError
from hdvila.evaluate.metrics.rank import RankMetrics, TieRule, retrieval_metrics
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.hub import computing, precision_of
from hdvila.media.view import Look, joined
from hdvila.nn.capabilities import DualEncoder
from hdvila.nn.pretrained import to_tensors
from hdvila.progress import SILENT, Reporter

__all__ = ["RetrievalReport", "embed_clips", "embed_texts", "evaluate_retrieval", "similarity"]


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """Numbers with their protocol.

    Attributes:
        protocol: what was asked of the model, in words that fit above a table.
        queries, videos: how many texts and clips.
        missing: ids of clips that were left out because nothing is said in them.
        ties: queries of either direction whose right answer shares its score; see `text_to_video.ties` for one.
        seen: how much of the area of the clips' frames the model saw, 0..1, ``least`` and ``mean``; None where the
            source does not know their sizes.
        precision: in which the model computed.
        text_to_video, video_to_text: the two directions.
    """

    protocol: str
    queries: int
    videos: int
    missing: tuple[str, ...]
    ties: int
    text_to_video: RankMetrics
    video_to_text: RankMetrics
    seen: dict[str, float] | None = None
    precision: str = "float32"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, by the names above."""
        record = {
            "protocol": self.protocol,
            "queries": self.queries,
            "videos": self.videos,
            "missing": list(self.missing),
            "ties": self.ties,
            "precision": self.precision,
            "text_to_video": self.text_to_video.to_dict(),
            "video_to_text": self.video_to_text.to_dict(),
        }
        return record | ({} if self.seen is None else {"seen": self.seen})


def evaluate_retrieval(
    model: DualEncoder,
    corpus: ClipSource,
    *,
    clips: Sequence[int] | None = None,
    batch_size: int = 16,
    ties: TieRule = "pessimistic",
    as_trained: bool = False,
    reporter: Reporter = SILENT,
) -> RetrievalReport:
    """Embed clips and their words with `model` and rank them by cosine, in both directions.

    Each clip's words are one query and its pictures one candidate, sampled by the evaluation rule (no chance in it).
    Equal words are embedded once, so that they tie exactly.

    Args:
        model: a model with ``encode_video``, ``embed_text`` and a processor (see `hdvila.load_model`).
        corpus: where the clips are.
        clips: their numbers in ``corpus.clips``; default: all.
        batch_size: clips embedded at once.
        ties: see `hdvila.evaluate.metrics.rank.TieRule`.
        as_trained: look at the middle of the frames only, in the size that training sees, for studies of it; else
            through as many such windows as show four fifths of a frame of any shape.
        reporter: hears about progress.

    Raises:
        UsageError: no clip with words, or a model without a processor.
        StoreError: a clip cannot be read.
    """
    if model.processor is None:
        raise UsageError(
            "this model has no processor, so it cannot read pictures or words: use a model folder that has one, or set "
            "model.processor to a hdvila.hub.Processor"
        )
    chosen = list(range(len(corpus.clips)) if clips is None else clips)
    spoken = [i for i in chosen if corpus.clips[i].text.strip()]
    if not spoken:
        raise UsageError(f"none of the {len(chosen)} clips has words, and without queries there is nothing to rank")
    looks = looks_at(corpus, spoken, model.processor.preprocess, tiled=not as_trained)
    videos_VD = embed_clips(model, corpus, spoken, batch_size, reporter, looks)
    seen = share_seen(looks)
    part = f", {seen['least']:.0%} or more of every frame seen" if seen else ""
    texts_QD = embed_texts(model, [corpus.clips[i].text for i in spoken], batch_size)
    similarity_QV = similarity(texts_QD, videos_VD)
    forth, back = retrieval_metrics(similarity_QV, ties=ties), retrieval_metrics(similarity_QV.T, ties=ties)
    return RetrievalReport(
        protocol=f"{_world(corpus, spoken)}clips of a corpus and the words said in them, one to one, ties {ties}{part}",
        queries=len(spoken),
        videos=len(spoken),
        missing=tuple(corpus.clips[i].clip_id for i in chosen if not corpus.clips[i].text.strip()),
        ties=forth.ties + back.ties,
        text_to_video=forth,
        video_to_text=back,
        seen=seen,
        precision=precision_of(model),
    )


def _world(corpus: ClipSource, clips: Sequence[int]) -> str:
    """That all these clips are of the miniature world, as the words before the others; '' of other clips."""
    table = getattr(corpus, "table", None)
    if table is None or "channel" not in table.column_names:
        return ""
    return f"{CHANNEL}: " if set(table["channel"].take(clips).to_pylist()) == {CHANNEL} else ""


def similarity(texts_QD: NDArray[np.float32], videos_VD: NDArray[np.float32]) -> NDArray[np.float32]:
    """(Q, V) dot products, computed in float64, so that equal vectors have equal scores however it was blocked."""
    return (texts_QD.astype(np.float64) @ videos_VD.T.astype(np.float64)).astype(np.float32)


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
    """(V, D) unit vectors of the clips with these numbers, each looked at as `looks` says, or in the middle.

    `processes` share the work, and each has all vectors.
    """
    preprocess, device = model.processor.preprocess, model.device
    rows: list[NDArray[np.float32]] = []
    views = [() for _ in numbers] if looks is None else [look.views for look in looks]
    batches = [range(first, min(first + batch_size, len(numbers))) for first in range(0, len(numbers), batch_size)]
    own = processes.own(batches)
    shown = [(numbers[place], view) for some in own for place in some for view in views[place] or (None,)]
    windows = [view for _, view in shown if view is not None]
    clips = prefetch_clips(corpus, [number for number, _ in shown], preprocess, windows)
    with reporter.task("embedding clips", total=sum(map(len, own))) as bar, computing(model):
        for some in own:
            counts = [max(1, len(views[place])) for place in some]
            parts = []
            for first in range(0, sum(counts), batch_size):
                few = list(islice(clips, min(batch_size, sum(counts) - first)))
                video = to_tensors(preprocess.collate(few), device)
                parts.append(model.encode_video(*video).float().cpu().numpy())
            vectors = np.concatenate(parts)
            rows.append(vectors if max(counts) == 1 else joined(vectors, counts))
            bar.advance(len(some))
    return np.concatenate(processes.joined(rows))


def embed_texts(
    model: DualEncoder, texts: Sequence[str], batch_size: int = 16, processes: Processes = ALONE
) -> NDArray[np.float32]:
    """(Q, D) unit vectors; equal texts have equal vectors. `processes` share the work, and each has all of them."""
    unique = sorted(set(texts))
    batches = [unique[first : first + batch_size] for first in range(0, len(unique), batch_size)]
    with computing(model):
        parts = [model.embed_text(some).float().cpu().numpy() for some in processes.own(batches)]
    place = {text: number for number, text in enumerate(unique)}
    rows: NDArray[np.float32] = np.concatenate(processes.joined(parts))[[place[text] for text in texts]]
    return rows

"""Retrieval on the clips of a corpus: which clip belongs to these words, and which words to this clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdvila.annotations.synthetic import CHANNEL
from hdvila.data.source import ClipSource
from hdvila.evaluate.clip_test import corpus_test
from hdvila.evaluate.evaluation import Evaluated, evaluate
from hdvila.evaluate.metrics.rank import RankMetrics, TieRule
from hdvila.evaluate.predict import FIRST_HITS
from hdvila.evaluate.record import BeforeReranking, Ranks
from hdvila.nn.capabilities import DualEncoder, PairScorer
from hdvila.progress import SILENT, Reporter

__all__ = ["RetrievalReport", "evaluate_retrieval"]


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
        before_reranking: of a re-ranked result, the plain one beside it and the difference.
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
    before_reranking: BeforeReranking | None = None

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
        also = {"seen": self.seen, "before_reranking": self.before_reranking}
        return record | {name: value for name, value in also.items() if value is not None}


def evaluate_retrieval(
    model: DualEncoder | PairScorer,
    corpus: ClipSource,
    *,
    clips: Sequence[int] | None = None,
    batch_size: int = 16,
    ties: TieRule = "pessimistic",
    as_trained: bool = False,
    segments: int | None = None,
    reranked_by: PairScorer | str | Path | None = None,
    first: int = FIRST_HITS,
    reporter: Reporter = SILENT,
) -> RetrievalReport:
    """Rank clips by their words and words by their clips.

    Each clip's words are one query and its frames one candidate, sampled by the evaluation rule (no chance in it).
    Equal words are embedded once, so that they tie exactly. Thin over `hdvila.evaluate.evaluation.evaluate`.

    Args:
        model: a model with ``encode_video``, ``embed_text`` and a processor (see `hdvila.load_model`), or one that
            scores pairs.
        corpus: where the clips are.
        clips: their numbers in ``corpus.clips``; default: all.
        batch_size: clips embedded at once.
        ties: see `hdvila.evaluate.metrics.rank.TieRule`.
        as_trained: look at the middle of the frames only, in the size that training sees, for studies of it; else
            through as many such windows as show four fifths of a frame of any shape.
        segments: of a clip, instead of the model's own number.
        reranked_by, first: a second model, or its path, scores the first hits anew; see
            `hdvila.evaluate.evaluation.evaluate`.
        reporter: shows progress.

    Raises:
        UsageError: no clip with words, a model without a processor, or a second model that scores no pairs.
        StoreError: a clip cannot be read.
    """
    test = corpus_test(corpus, clips)
    done = evaluate(
        model,
        test,
        ties=ties,
        batch_size=batch_size,
        tiled=not as_trained,
        segments=segments,
        resamples=0,
        reranked_by=reranked_by,
        first=first,
        reporter=reporter,
    )
    return _report(done)


def _report(done: Evaluated) -> RetrievalReport:
    record = done.record
    world = f"{CHANNEL}: " if record.synthetic else ""
    assert record.recipe is not None
    seen = record.recipe["seen"]
    part = f", {seen['least']:.0%} or more of every frame seen" if seen else ""
    if reranking := record.recipe.get("reranking"):
        part += f", the first {reranking['first']:,} hits re-ranked by {reranking['method']}"
    assert record.text_to_video is not None
    assert record.video_to_text is not None
    return RetrievalReport(
        protocol=f"{world}clips of a corpus and the words said in them, one to one, ties {record.tie_rule}{part}",
        queries=record.queries,
        videos=record.videos,
        missing=done.test.left_out,
        ties=record.ties,
        text_to_video=_metrics(record.text_to_video),
        video_to_text=_metrics(record.video_to_text),
        seen=seen,
        precision=record.recipe["precision"],
        before_reranking=record.before_reranking,
    )


def _metrics(ranks: Ranks) -> RankMetrics:
    return RankMetrics(**{name: value for name, value in ranks.items() if name != "intervals"})  # type: ignore[arg-type]

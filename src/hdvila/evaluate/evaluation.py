"""Evaluate a model: a model and a test in, a record out.

`evaluate` does it; `evaluate_checkpoint` and `hdvila.evaluate.retrieval.evaluate_retrieval` only say what the test is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, cast

import torch

from hdvila.data.examples import question_texts
from hdvila.data.source import STORE, ClipSource, looks_at, share_seen
from hdvila.errors import UsageError
from hdvila.evaluate.clip_test import ClipTest, benchmark_test
from hdvila.evaluate.metrics.rank import TieRule, check_ties
from hdvila.evaluate.pair_scoring import SEGMENTS_AT_ONCE
from hdvila.evaluate.predict import FIRST_HITS, Reranking, check_reranked, predict
from hdvila.evaluate.predictions import write_predictions
from hdvila.evaluate.protocols import Split
from hdvila.evaluate.record import Record, hardware
from hdvila.evaluate.score import score
from hdvila.evaluate.stop_words import STOP_WORDS, without_stop_words
from hdvila.evaluate.subject import Subject, open_subject, prepare, ready
from hdvila.evaluate.ways import Predicted
from hdvila.hub import check_keywords, precision_of
from hdvila.models.inputs import Inputs
from hdvila.models.shown import Sampling
from hdvila.nn.capabilities import PairScorer, Reads
from hdvila.progress import SILENT, Reporter
from hdvila.text.coverage import truncation_report

__all__ = ["Evaluated", "evaluate", "evaluate_checkpoint"]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A record and what it was made from.

    Attributes:
        record: the numbers.
        predicted: what the model says.
        test: what it was asked, about which clips.
        inputs: how the model looked at them.
        differences: what paper and code of its system do differently on this benchmark.
        vocabulary: all that the model can answer to an open question; None for other tasks.
    """

    record: Record
    predicted: Predicted
    test: ClipTest
    inputs: Inputs
    differences: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] | None = None


def evaluate_checkpoint(
    checkpoint: str,
    protocol_name: str,
    data: Path,
    *,
    store: str = STORE,
    split: Split = "test",
    sampling: Sampling = "standard",
    ties: TieRule = "pessimistic",
    allow_missing: bool = False,
    segments: int | None = None,
    reranked_by: str | None = None,
    first: int = FIRST_HITS,
    through: Callable[[ClipSource], ClipSource] | None = None,
    predictions: Path | None = None,
    reporter: Reporter = SILENT,
    **config: Any,
) -> Evaluated:
    """Run the test of a benchmark's protocol. Thin over `evaluate`, where the other arguments are explained.

    Args:
        checkpoint: what `hdvila.load_model` reads; a GPU is used where there is one.
        protocol_name: the protocol.
        data: the annotation files, here or in ``annotations/``, and the prepared videos (`hdvila prepare`).
        store: folder of the prepared videos in `data`.
        split: of the benchmark, test or validation.
        allow_missing: the store may lack videos; the gallery that is left is in the record.

    Raises:
        UsageError: files or videos are missing, or model, protocol and videos do not fit together.
        CheckpointError, StoreError: model or store cannot be read, or `predictions` cannot be written.
    """
    check_keywords(**config)
    return evaluate(
        checkpoint,
        benchmark_test(protocol_name, data, store=store, split=split, allow_missing=allow_missing),
        sampling=sampling,
        ties=ties,
        segments=segments,
        reranked_by=reranked_by,
        first=first,
        through=through,
        predictions=predictions,
        reporter=reporter,
        **config,
    )


def evaluate(
    model: Reads | str | Path,
    test: ClipTest,
    *,
    sampling: Sampling = "standard",
    ties: TieRule = "pessimistic",
    segments: int | None = None,
    batch_size: int | None = None,
    tiled: bool = False,
    resamples: int = 1000,
    reranked_by: PairScorer | str | Path | None = None,
    first: int = FIRST_HITS,
    through: Callable[[ClipSource], ClipSource] | None = None,
    predictions: Path | None = None,
    reporter: Reporter = SILENT,
    **config: Any,
) -> Evaluated:
    """Ask a model what a test asks, and score what it says.

    Args:
        model: what `hdvila.load_model` reads, or a model, which is left as it was. A model in memory has no history, so
            nothing says whether it was trained on these videos.
        test: a benchmark's (`benchmark_test`), or clips of a corpus (`corpus_test`), which a model looks at by itself.
        sampling: see `Sampling`; of benchmarks, and of `model` alone.
        ties: see `hdvila.evaluate.metrics.rank.TieRule`.
        segments: of a clip, instead of the model's or the protocol's own number; of `model` alone.
        batch_size: clips at once; default: as many as have 32 segments.
        tiled: on a corpus, look through as many windows as show four fifths of a frame, where the model gives vectors;
            else through the one in the middle.
        resamples: see `hdvila.evaluate.score.score`.
        reranked_by: a second model, given as the first, which scores the `first` hits of each text and of each video
            anew; it must have the capability ``pair_scores``, and may be the same. Frames, texts and consensus are its
            own. The record has both results (`Record.before_reranking`).
        first: hits that are re-ranked, 1 or more.
        through: changes what the model sees of the clips, for studies.
        predictions: a file for what the model says (`write_predictions`), written before it is scored, so that no later
            error takes hours of work away.
        reporter: shows progress and notes.
        config: keywords of `hdvila.load_model`, such as settings that a checkpoint file cannot tell; `precision` is
            ``"auto"`` unless given. Settings are of `model` alone; device, dtype, precision and strict are of both.

    Raises:
        UsageError: models, protocol and videos do not fit together.
        CheckpointError, StoreError: model or store cannot be read, or `predictions` cannot be written.
    """
    check_ties(ties)
    if test.annotations.hidden and predictions is None:
        raise UsageError(
            f"the answers of the {test.split} of {test.protocol.name} are secret, so nothing can be scored: write the "
            "predictions for the benchmark's server (--predictions FILE.json), or choose --split validation"
        )
    began = time.perf_counter()
    for note in test.annotations.notes:
        reporter.note(note)
    if reranked_by is not None:
        check_reranked(test.protocol)
    subject = prepare(open_subject(model, config), test, sampling, segments)
    scorer = reranking = None
    if reranked_by is not None:
        where = {name: value for name, value in config.items() if name in ("device", "dtype", "precision", "strict")}
        scorer = prepare(open_subject(reranked_by, where), test, "standard", None, "pair_scores")
        reranking = Reranking(
            cast("PairScorer", scorer.model),
            first,
            scorer.consensus,
            scorer.rounded,
            test.annotations,
        )
    asked = _as_read(test, sampling)
    models = [(subject, asked)] if scorer is None else [(subject, asked), (scorer, test)]
    notes = list(subject.notes)
    if scorer is not None:
        notes += [f"{scorer.name}, which re-ranks: {note}" for note in scorer.notes]
    cut = [_cut_texts(read, one.processor) for one, read in models if test.prepared is not None]
    for note in [*notes, *filter(None, dict.fromkeys(cut))]:
        reporter.note(note)
    if through is not None:
        asked = replace(asked, source=through(asked.source))
    inputs = subject.processor.preprocess
    looks = looks_at(test.source, test.clips, inputs, tiled=tiled and not subject.by_segments)
    with ready(subject), ready(scorer):
        predicted = predict(
            subject.model,
            asked,
            consensus=subject.consensus,
            batch_size=batch_size or _clips_at_once(subject),
            rounded=subject.rounded,
            looks=looks if test.prepared is None else None,
            reranking=reranking,
            reporter=reporter,
        )
    if predictions is not None:
        write_predictions(predictions, predicted.predictions)
    answers = getattr(subject.processor, "answers", None)
    vocabulary = answers.words if answers else None
    record = score(
        test.protocol,
        test.annotations,
        predicted.predictions,
        method=subject.name if scorer is None else f"{subject.name}, re-ranked by {scorer.name}",
        split=test.split,
        ties=ties,
        allow_missing=test.allow_missing,
        vocabulary=vocabulary,
        vectors=predicted.vectors,
        before=None if predicted.before is None else (subject.name, predicted.before),
        resamples=resamples,
    )
    recipe = {"seen": share_seen(looks), **_how_seen(subject, test, sampling)}
    if scorer is not None:
        how = _how_seen(scorer, test, "standard")
        recipe["reranking"] = {"method": scorer.name, "first": first, "checkpoint": scorer.identity()} | how
    record = replace(
        record,
        fine_tuned=_fine_tuned(subject),
        checkpoint=subject.identity(),
        recipe=recipe,
        notes=(*record.notes, *notes),
        hardware=hardware(_device_name(subject.model.device)),
        seconds=round(time.perf_counter() - began, 3),
    )
    return Evaluated(record, predicted, test, inputs, _differences(subject, test), vocabulary)


# ---- the test


def _as_read(test: ClipTest, sampling: Sampling) -> ClipTest:
    """The test with its captions as the model reads them."""
    if sampling != "zero-shot":
        return test
    captions = tuple(replace(one, text=without_stop_words(one.text)) for one in test.annotations.captions)
    return replace(test, annotations=replace(test.annotations, captions=captions))


def _clips_at_once(subject: Subject) -> int:
    return max(1, SEGMENTS_AT_ONCE // int(subject.processor.preprocess.segments))


def _cut_texts(test: ClipTest, processor: Any) -> str:
    """How many texts about the clips are longer than the model reads; or nothing."""
    captions = ((one.text,) for one in test.annotations.captions if one.video_id in test.numbers)
    questions = (question_texts(one) for one in test.annotations.questions if one.video_id in test.numbers)
    return truncation_report(chain(captions, questions), processor.tokenizer, processor.text_length)


# ---- the record


def _how_seen(subject: Subject, test: ClipTest, sampling: Sampling) -> dict[str, Any]:
    """How the model was shown the test, and its training."""
    how: dict[str, Any] = {"sampling": sampling, "store": test.store}
    how |= {"preprocess": subject.processor.preprocess.to_dict(), "precision": precision_of(subject.model)}
    if sampling == "zero-shot":
        how["stop_words"] = f"{len(STOP_WORDS)} removed (Glasgow Information Retrieval Group)"
    if subject.by_segments:
        how |= {"consensus": subject.consensus, "consensus_from": subject.consensus_from}
    if subject.rounded:
        how["rounded_scores"] = True
    return {**how, "training": subject.recipe}


def _fine_tuned(subject: Subject) -> tuple[str, ...] | None:
    """The protocols that the model was fine-tuned on; None where nothing tells, as of a model in memory."""
    known = subject.place is not None and (subject.trainings or subject.recipe is not None)
    return tuple(one.protocol for one in subject.trainings) if known else None


def _differences(subject: Subject, test: ClipTest) -> tuple[str, ...]:
    if test.prepared is None:
        return ()
    shown = subject.shown(test.protocol.name)
    return () if shown is None else shown.differences


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"

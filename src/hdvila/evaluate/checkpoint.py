"""A checkpoint, a protocol and a data folder to a record: embed or answer, score, and say by what it was made."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from hdvila.annotations.records import Annotations
from hdvila.data.examples import clip_numbers, question_texts
from hdvila.data.provenance import TRAINED_ON, from_note
from hdvila.data.source import STORE, ClipSource, looks_at, open_prepared, share_seen, stream_rates
from hdvila.evaluate.fitting import Sampling, fit_processor, what_is_blurred, what_is_unsaid
from hdvila.evaluate.metrics.rank import TieRule
from hdvila.evaluate.pairing import answers_questions, check_pairing, check_unseen
from hdvila.evaluate.predict import Predicted, predict
from hdvila.evaluate.predictions import write_predictions
from hdvila.evaluate.protocols import Protocol, get_protocol, read_split
from hdvila.evaluate.record import Record, hardware
from hdvila.evaluate.score import score
from hdvila.evaluate.stop_words import STOP_WORDS, without_stop_words
from hdvila.hub import check_keywords, file_hashes, find_model, load_model, pick_device, read_note
from hdvila.models.inputs import Inputs
from hdvila.models.registry import system_of
from hdvila.nn.pretrained import PretrainedModel
from hdvila.progress import SILENT, Reporter
from hdvila.text.coverage import truncation_report

__all__ = ["Evaluated", "evaluate_checkpoint"]

SEGMENTS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A record and what it was made from.

    Attributes:
        annotations: the test, of all its videos.
        store, numbers: where its clips are: video -> number.
        inputs: how the model looked at them.
        differences: what paper and code of its system do differently on this benchmark.
        vocabulary: all that the model can answer to an open question; None for other tasks.
    """

    record: Record
    predicted: Predicted
    annotations: Annotations
    store: Path
    numbers: Mapping[str, int]
    inputs: Inputs
    differences: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] | None = None


def evaluate_checkpoint(
    checkpoint: str,
    protocol_name: str,
    data: Path,
    *,
    store: str = STORE,
    sampling: Sampling = "standard",
    ties: TieRule = "pessimistic",
    allow_missing: bool = False,
    segments: int | None = None,
    through: Callable[[ClipSource], ClipSource] | None = None,
    predictions: Path | None = None,
    reporter: Reporter = SILENT,
    **config: Any,
) -> Evaluated:
    """Run the test of a protocol.

    Args:
        checkpoint: what `hdvila.load_model` reads; a GPU is used where there is one.
        data: the annotation files, here or in ``annotations/``, and the prepared videos (`hdvila prepare`).
        store: folder of the prepared videos in `data`.
        sampling: see `Sampling`.
        allow_missing: the store may lack videos; the gallery that is left is in the record.
        segments: of a clip, instead of the model's or the protocol's own number.
        through: changes what the model sees of the clips, for studies.
        predictions: a file for what the model says (`write_predictions`), written before it is scored, so that no later
            error takes hours of work away.
        config: keywords of `hdvila.load_model`, such as settings that a checkpoint file cannot tell; `precision` is
            ``"auto"`` unless given.

    Raises:
        UsageError: files or videos are missing, or model, protocol and videos may not be put together.
        CheckpointError, StoreError: model or store cannot be read, or `predictions` cannot be written.
    """
    began = time.perf_counter()
    check_keywords(**config)
    protocol = get_protocol(protocol_name)
    annotations = read_split(protocol, data, "test")
    for note in annotations.notes:
        reporter.note(note)
    prepared = open_prepared(data, store, protocol.name)
    source: Any = prepared.source
    videos = [video.video_id for video in annotations.videos]
    numbers = clip_numbers(prepared, videos, allow_missing=allow_missing)
    place = find_model(checkpoint)
    model = load_model(place, **{"device": pick_device(), "precision": "auto", **config})
    trainings, recipe = from_note(read_note(place, TRAINED_ON)), read_note(place, "recipe.json")
    unsaid = what_is_unsaid(model, protocol, sampling)
    processor = fit_processor(model, place, protocol, stream_rates(source), sampling, bool(trainings), store)
    if segments is not None:
        processor = replace(processor, preprocess=processor.preprocess.in_segments(segments))
    model.processor = processor
    check_pairing(model, protocol, annotations, trainings)
    check_unseen(trainings, numbers)
    joined = _consensus(recipe, protocol, model) if answers_questions(model) else None
    blurred = what_is_blurred(prepared, list(numbers.values()), processor.preprocess)
    said = [note for note in (unsaid, blurred, joined.note if joined is not None else "") if note]
    for note in said:
        reporter.note(note)
    asked = _asked(annotations, sampling)
    if cut := truncation_report(_texts(asked, numbers), processor.tokenizer, processor.text_length):
        reporter.note(cut)
    predicted = predict(
        model,
        protocol,
        asked,
        through(source) if through else source,
        numbers,
        consensus=joined.how if joined is not None else "mean",
        batch_size=max(1, SEGMENTS_AT_ONCE // processor.preprocess.segments),
        reporter=reporter,
    )
    if predictions is not None:
        write_predictions(predictions, predicted.predictions)
    vocabulary = processor.answers.words if processor.answers else None
    record = score(
        protocol,
        annotations,
        predicted.predictions,
        method=str((recipe or {}).get("name", Path(checkpoint).name)),
        ties=ties,
        allow_missing=allow_missing,
        vocabulary=vocabulary,
        vectors=predicted.vectors,
    )
    seen: dict[str, Any] = {"sampling": sampling, "store": store, "preprocess": processor.preprocess.to_dict()}
    seen["precision"] = model.precision
    if sampling == "zero-shot":
        seen["stop_words"] = f"{len(STOP_WORDS)} removed (Glasgow Information Retrieval Group)"
    seen["seen"] = share_seen(looks_at(source, list(numbers.values()), processor.preprocess, tiled=False))
    if joined is not None:
        seen |= {"consensus": joined.how, "consensus_from": joined.origin}
    record = replace(
        record,
        fine_tuned=tuple(one.protocol for one in trainings) if trainings or recipe is not None else None,
        checkpoint={"path": checkpoint, **file_hashes(place)},
        recipe={**seen, "training": recipe},
        notes=(*record.notes, *said),
        hardware=hardware(_device_name(model.device)),
        seconds=round(time.perf_counter() - began, 3),
    )
    shown = system_of(model).shown(protocol.name)
    differences = () if shown is None else shown.differences
    return Evaluated(
        record, predicted, annotations, prepared.folder, numbers, processor.preprocess, differences, vocabulary
    )


@dataclass(frozen=True, slots=True)
class _Joined:
    """How answers to segments are joined, which of recipe and protocol says so, and what is to be said about it."""

    how: str
    origin: str
    note: str = ""


def _consensus(recipe: Mapping[str, Any] | None, protocol: Protocol, model: PretrainedModel) -> _Joined:
    """As the model was trained; where nothing says how, as its system is shown the benchmark."""
    if recipe is not None and "task.consensus" in recipe:
        return _Joined(recipe["task.consensus"], "the checkpoint's recipe")
    shown = system_of(model).shown(protocol.name)
    how = "mean" if shown is None else shown.consensus
    note = (
        "the checkpoint has no recipe that says how the answers to the segments of a clip were joined in its training; "
        f"they are joined by {how}, the published setting for {protocol.name}"
    )
    return _Joined(how, f"the protocol {protocol.name}", note)


def _asked(annotations: Annotations, sampling: Sampling) -> Annotations:
    """The captions as the model reads them."""
    if sampling != "zero-shot":
        return annotations
    captions = tuple(replace(caption, text=without_stop_words(caption.text)) for caption in annotations.captions)
    return replace(annotations, captions=captions)


def _texts(annotations: Annotations, videos: Container[str]) -> Iterator[tuple[str, ...]]:
    """What the model reads side by side about these videos."""
    for caption in annotations.captions:
        if caption.video_id in videos:
            yield (caption.text,)
    for question in annotations.questions:
        if question.video_id in videos:
            yield question_texts(question)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"

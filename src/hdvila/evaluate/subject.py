"""A model that is evaluated: opened with its history, checked against the test, and shown the clips as it must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from hdvila.data.provenance import TRAINED_ON, Training, from_note
from hdvila.data.source import stream_rates
from hdvila.errors import UsageError
from hdvila.evaluate.clip_test import ClipTest
from hdvila.evaluate.compatibility import (
    blur_warning,
    check_compatible,
    check_unseen,
    fit_processor,
    frame_count_warning,
)
from hdvila.hub import file_hashes, find_model, load_model, pick_device, read_note
from hdvila.models.config import Capability
from hdvila.models.registry import system_of
from hdvila.models.shown import Sampling, Shown
from hdvila.nn.capabilities import Reads
from hdvila.nn.pair_batches import PAIRS
from hdvila.nn.pretrained import PretrainedModel, evaluating

__all__ = ["Subject", "open_subject", "prepare", "ready"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A model to evaluate.

    Attributes:
        model: the model.
        name: of the row in tables.
        source, place: as it was given, and where it lies; empty and None for a model in memory.
        trainings: its history, where it lies in a folder that tells one.
        processor: with which it is shown the test.
        by_segments: whether it joins answers or scores of segments in this test.
        consensus, consensus_from: how, and what says so.
        rounded: whether scores of pairs are rounded before they are ranked (`compat.rounded_scores` of its recipe).
        notes: what a person must know about it.
    """

    model: Reads
    name: str
    source: str = ""
    place: Path | None = None
    trainings: tuple[Training, ...] = ()
    processor: Any = None
    by_segments: bool = False
    consensus: str = "mean"
    consensus_from: str = ""
    rounded: bool = False
    notes: tuple[str, ...] = ()

    @property
    def recipe(self) -> Mapping[str, Any] | None:
        """The settings of the recipe that trained the model; None: unknown."""
        return self.model.recipe if isinstance(self.model, PretrainedModel) else None

    def identity(self) -> dict[str, str] | None:
        """Path and hashes; None for a model in memory."""
        return None if self.place is None else {"path": self.source, **file_hashes(self.place)}

    def shown(self, protocol: str) -> Shown | None:
        """Its system's settings for a benchmark; None if it has none."""
        return system_of(self.model).shown(protocol) if isinstance(self.model, PretrainedModel) else None


def open_subject(model: Reads | str | Path, config: Mapping[str, Any]) -> Subject:
    """A model from where it lies, with its history; or one in memory."""
    if not isinstance(model, str | Path):
        return Subject(model, type(model).__name__)
    place = find_model(model)
    loaded = load_model(place, **{"device": pick_device(), "precision": "auto", **config})
    name = str((loaded.recipe or {}).get("name", Path(model).name))
    return Subject(loaded, name, str(model), place, from_note(read_note(place, TRAINED_ON)))


def prepare(
    subject: Subject,
    test: ClipTest,
    sampling: Sampling,
    segments: int | None,
    capability: Capability | None = None,
) -> Subject:
    """Make sure that the model fits the test, and decide how it looks at the clips and joins segments.

    Args:
        subject: the model.
        test: what it is asked.
        sampling: how it is shown a benchmark.
        segments: of a clip, instead of the model's or the protocol's own number.
        capability: by which it must do the test; None: by any.

    Raises:
        UsageError: they do not fit together.
        StoreError: a clip cannot be read.
    """
    model, trainings = subject.model, subject.trainings
    if test.prepared is None:
        processor, warnings = _own_processor(model, sampling), [""]
    elif not isinstance(model, PretrainedModel):
        raise UsageError(
            f"no system says how a {type(model).__name__} is shown {test.protocol.name}: register a system for it "
            "(examples/add_system.py), or give its predictions to hdvila evaluate"
        )
    else:
        rates = stream_rates(test.source)
        processor = fit_processor(model, subject.place, test.protocol, rates, sampling, bool(trainings), test.store)
        warnings = [frame_count_warning(model, test.protocol, sampling)]
    if segments is not None:
        processor = replace(processor, preprocess=processor.preprocess.in_segments(segments))
    subject = replace(subject, processor=processor)
    with ready(subject):
        way = check_compatible(model, test.protocol, test.annotations, trainings, capability)
    check_unseen(trainings, test.numbers)
    if test.prepared is not None:
        warnings.append(blur_warning(test.prepared, test.clips, processor.preprocess))
    if way.by_segments:
        how, origin, warning = _consensus(subject, test, way.capability)
        subject = replace(subject, by_segments=True, consensus=how, consensus_from=origin)
        warnings.append(warning)
    if way.capability == "pair_scores" and way.task == "retrieval":
        subject = replace(subject, rounded=bool((subject.recipe or {}).get("compat.rounded_scores")))
    return replace(subject, notes=tuple(filter(None, warnings)))


def _own_processor(model: Reads, sampling: Sampling) -> Any:
    if model.processor is None:
        raise UsageError(
            "this model has no processor, so it cannot read frames or words: use a model folder that has one, or set "
            "model.processor to a hdvila.hub.Processor"
        )
    if sampling != "standard":
        raise UsageError(f"clips of a corpus have no {sampling} setting: leave sampling out")
    return model.processor


def _consensus(subject: Subject, test: ClipTest, capability: Capability) -> tuple[str, str, str]:
    """How answers to segments are joined, what says so, and a warning: as the model was trained; where nothing says
    how, as its system is shown the benchmark."""
    if known := (subject.recipe or {}).get("task.consensus"):
        return str(known), "the checkpoint's recipe", ""
    shown = subject.shown(test.protocol.name)
    default = PAIRS if capability == "pair_scores" else "mean"
    how = default if shown is None else shown.consensus
    why = "as nothing else is known" if shown is None else f"the published setting for {test.protocol.name}"
    warning = (
        "the checkpoint has no recipe that says how the answers to the segments of a clip were joined in its training; "
        f"they are joined by {how}, {why}"
    )
    return how, "the default" if shown is None else f"the protocol {test.protocol.name}", warning


@contextmanager
def ready(subject: Subject | None) -> Iterator[None]:
    """Inside, the model has the processor of the test and is in evaluation mode; afterwards it is as it was."""
    if subject is None:
        yield
        return
    model = subject.model
    own = model.processor
    model.processor = subject.processor
    try:
        with evaluating(model) if isinstance(model, nn.Module) else nullcontext():
            yield
    finally:
        model.processor = own

"""Whether a model, a protocol and a set of videos fit together, and how the model looks at the videos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hdvila.annotations.records import Annotations
from hdvila.data.provenance import Training
from hdvila.data.source import OFFICIAL_STORE, STORE, PreparedStore, stream_rates
from hdvila.errors import UsageError
from hdvila.evaluate.metrics.answers import accepted
from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.evaluate.ways import Way, way_of, ways_of
from hdvila.hub import Processor, answers_of
from hdvila.models.config import IN_WORDS, Capability, Config, named
from hdvila.models.registry import system_of
from hdvila.models.shown import Sampling
from hdvila.nn.capabilities import Reads
from hdvila.nn.pretrained import PretrainedModel
from hdvila.text.tokenizer import Tokenizer
from hdvila.text.tokenizer_files import FILES

__all__ = ["blur_warning", "check_compatible", "check_unseen", "fit_processor", "frame_count_warning"]

BERT = "bert-base-uncased"


def check_compatible(
    model: Reads,
    protocol: Protocol,
    annotations: Annotations,
    trainings: Sequence[Training] = (),
    capability: Capability | None = None,
) -> Way:
    """Make sure that the model can do what the protocol asks; -> how it does it.

    Args:
        model: the model.
        protocol: what is asked.
        annotations: of the test.
        trainings: those that the model has behind it, the last of which made its answer head.
        capability: by which it must do it; None: by any.

    Raises:
        UsageError: it is of another variant, learned to answer another task, learned from more videos of the benchmark
            than the protocol trains on, or answers with words that the benchmark does not have.
    """
    way = way_of(model, protocol, capability)
    if way is None:
        wanted = dict.fromkeys(IN_WORDS[one.capability] for one in ways_of(protocol, capability))
        config: Config | None = getattr(model, "config", None)
        own = f"{named(config)} is for {IN_WORDS[config.trained_for]}" if config else f"{type(model).__name__} embeds"
        raise UsageError(
            f"the protocol {protocol.name} ({protocol.task}) needs a model for {' or '.join(wanted)}, and {own}: "
            "fine-tune one for it, or choose another protocol"
        )
    by_head = way.capability in ("open_answers", "options")
    if by_head and trainings and trainings[-1].protocol != protocol.name:
        way_out = "take a retrieval model" if protocol.options_are_captions else "fine-tune one for it"
        raise UsageError(
            f"the model was fine-tuned to answer {trainings[-1].protocol}, and the answers of {protocol.name} are "
            f"others: {way_out}"
        )
    if wider := next((one.protocol for one in trainings if one.protocol in protocol.wider), ""):
        raise UsageError(
            f"the model was fine-tuned on {wider}, whose {get_protocol(wider).train_size:,} videos are more than the "
            f"{protocol.train_size:,} of {protocol.name}, so its numbers cannot be compared with those published: "
            f"evaluate it by {wider}, or fine-tune one with data.benchmark.protocol={protocol.name}"
        )
    if way.capability == "open_answers":
        _check_vocabulary(getattr(model.processor, "answers", None), protocol, annotations)
    return way


def _check_vocabulary(answers: Any, protocol: Protocol, annotations: Annotations) -> None:
    if answers is None:
        raise UsageError(
            "the model gives numbers of answers and nothing says which words they mean: put the ans2label file that it "
            "was trained with beside it, as answers.json"
        )
    if protocol.task == "count" and (word := next((one for one in answers.words if not one.isdecimal()), None)):
        raise UsageError(
            f"the model answers with words such as {word!r}, and {protocol.name} asks for counts: it is "
            "from another benchmark"
        )
    if annotations.hidden:
        return
    asked = {word for question in annotations.questions for word in accepted(question)}
    if asked and not asked & answers.rows.keys():
        raise UsageError(
            f"the model answers with a vocabulary of {len(answers)} answers ({', '.join(answers.words[:3])}, ...), and "
            f"not one of the {len(asked)} right answers of {protocol.name} is among them: it is from another benchmark"
        )


def check_unseen(trainings: Iterable[Training], videos: Iterable[str]) -> None:
    """Make sure that no video of the test was trained on.

    Raises:
        UsageError: says how many were, and in which training.
    """
    gallery = list(videos)
    for training in trainings:
        if seen := training.seen(gallery):
            raise UsageError(
                f"the model was fine-tuned on {len(seen)} of the {len(gallery)} videos of this test ({seen[0]}, ...), "
                f"in the {training.split} split of {training.protocol}: numbers on them say nothing; take a model that "
                "has not seen them, or another split"
            )


def fit_processor(
    model: PretrainedModel,
    place: Path | None,
    protocol: Protocol,
    rates: Mapping[str, float],
    sampling: Sampling,
    fine_tuned: bool,
    store: str = STORE,
) -> Processor:
    """The processor with which a model is shown a benchmark.

    A fine-tuned model looks as it did in its own validation, another as its system is shown the benchmark
    (`hdvila.models.system.System.fit`), or by itself where nothing says how. A checkpoint file takes its words from the
    tokenizer beside it (BERT's, uncased, without one).

    Args:
        model: the model.
        place: where it lies (`hdvila.hub.find_model`); None for one in memory.
        protocol: of the benchmark.
        rates: frames a second of the store, by stream.
        sampling: see `Sampling`.
        fine_tuned: whether the model was trained on a benchmark.
        store: the folder of the prepared videos, by which those of the released code are known.

    Raises:
        UsageError: there is no such sampling, or store or model are not for it.
    """
    own: Processor | None = model.processor  # type: ignore[assignment]
    system = system_of(model)
    shown = system.shown(protocol.name)
    if shown is None and own is None:
        raise UsageError(
            f"{system.name} has no settings of its own for {protocol.name}, and the checkpoint does not say how it "
            "looks at clips"
        )
    if shown is None and sampling != "standard":
        raise UsageError(f"{system.name} has no {sampling} setting for {protocol.name}: leave --sampling out")
    if shown is None:
        assert own is not None
        inputs, text_length = own.preprocess, own.text_length
    else:
        inputs = system.fit(
            own.preprocess if own is not None else None,
            shown,
            sampling,
            protocol=protocol.name,
            released_store=store if store == OFFICIAL_STORE else "",
            fine_tuned=fine_tuned,
        )
        text_length = own.text_length if own is not None and fine_tuned else shown.text_length
    if own is None:
        own = _processor_beside(place, inputs)
    text_length = min(text_length, model.config.max_text_positions)
    return replace(own, preprocess=inputs.at_rates(rates), text_length=text_length)


def _processor_beside(place: Path | None, inputs: Any) -> Processor:
    """With the tokenizer and the answers that lie beside a checkpoint file."""
    if place is None:
        raise UsageError("this model has no processor, so it cannot read frames or words: set model.processor first")
    beside = any((place.parent / name).is_file() for name in FILES)
    return Processor(inputs, Tokenizer.load(place.parent if beside else BERT), answers=answers_of(place))


def frame_count_warning(model: PretrainedModel, protocol: Protocol, sampling: Sampling) -> str:
    """That a checkpoint file does not say on how many frames it was trained, and how many it is shown; or nothing."""
    return "" if model.processor is not None else system_of(model).unsaid(protocol.name, sampling)


def blur_warning(prepared: PreparedStore, numbers: Sequence[int], inputs: Any) -> str:
    """How many clips are seen blurred, because their stored frames have fewer lines than the window asks for and than
    their videos have, as in a store that was prepared for smaller windows; or nothing."""
    source: Any = prepared.source
    if not stream_rates(source):  # images as they are
        return ""
    for stream, lines in inputs.least_lines.items():

        def lacks(i: int, stream: str = stream, lines: int = lines) -> bool:
            stored = min(source.size(i, stream))
            return bool(stored < min(lines, *source.size(i)))

        if few := sum(map(lacks, numbers)):
            return (
                f"{few:,} of {len(numbers):,} clips have {stream.upper()} frames of fewer than the {lines} lines "
                "that this setting asks for, though their videos have more, so what the model sees is blurred: "
                f"{prepared.folder} was prepared for another protocol; delete it, and run {prepared.command} before "
                "all others"
            )
    return ""

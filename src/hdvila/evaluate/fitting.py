"""How a model looks at a benchmark's clips: as it was fine-tuned to, else as its system has it, in its own sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hdvila.data.source import OFFICIAL_STORE, STORE, PreparedStore
from hdvila.errors import UsageError
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.hub import Processor, answers_of
from hdvila.models.inputs import Inputs
from hdvila.models.registry import system_of
from hdvila.models.system import Sampling
from hdvila.nn.pretrained import PretrainedModel
from hdvila.text.tokenizer import Tokenizer
from hdvila.text.tokenizer_files import FILES

__all__ = ["Sampling", "fit_processor", "what_is_blurred", "what_is_unsaid"]

BERT = "bert-base-uncased"


def fit_processor(
    model: PretrainedModel,
    checkpoint: Path,
    protocol: Protocol,
    rates: Mapping[str, float],
    sampling: Sampling,
    fine_tuned: bool,
    store: str = STORE,
) -> Processor:
    """What shall stand between the store's clips and the model.

    A fine-tuned model looks as it did in its own validation, another as its system is shown the benchmark
    (`hdvila.models.system.System.fit`), or by itself where nothing says how; a checkpoint file takes its words from the
    tokenizer beside it (BERT's, uncased, without one).

    Args:
        checkpoint: where the model lies (`hdvila.hub.find_model`).
        rates: frames a second of the store, by stream.
        fine_tuned: whether the model was trained on a benchmark.
        store: the folder of the prepared videos, by which those of the released code are known.

    Raises:
        UsageError: there is no such sampling, or store or model are not for it.
    """
    own: Processor | None = model.processor  # type: ignore[assignment]
    system = system_of(model)
    shown = system.shown(protocol.name)
    if shown is None and (own is None or sampling != "standard"):
        lacking = f"no {sampling} setting" if own is not None else "no settings of its own"
        raise UsageError(
            f"{system.name} has {lacking} for {protocol.name}"
            + (
                ": leave --sampling out"
                if own is not None
                else ", and the checkpoint does not say how it looks at clips"
            )
        )
    preprocess: Inputs = own.preprocess if own is not None else shown.test  # type: ignore[union-attr]
    if shown is not None:
        preprocess = system.fit(
            own and own.preprocess, shown, sampling,
            protocol=protocol.name, released_store=store if store == OFFICIAL_STORE else "", fine_tuned=fine_tuned,
        )  # fmt: skip
    if own is None:
        folder = checkpoint.parent
        beside = any((folder / name).is_file() for name in FILES)
        own = Processor(preprocess, Tokenizer.load(folder if beside else BERT), answers=answers_of(checkpoint))
    length = own.text_length if fine_tuned or shown is None else shown.text_length
    length = min(length, model.config.max_text_positions)
    return replace(own, preprocess=preprocess.at_rates(rates), text_length=length)


def what_is_unsaid(model: PretrainedModel, protocol: Protocol, sampling: Sampling) -> str:
    """What a checkpoint file that does not say how it looks is shown for want of better; or nothing."""
    return "" if model.processor is not None else system_of(model).unsaid(protocol.name, sampling)


def what_is_blurred(prepared: PreparedStore, numbers: Sequence[int], inputs: Inputs) -> str:
    """Where stored frames are enlarged to be seen: how many clips have frames of fewer lines than the window asks for
    and their videos have, as in a store that was prepared for smaller windows; or nothing."""
    source: Any = prepared.source
    for stream, lines in inputs.least_lines.items():

        def lacks(i: int, stream: str = stream, lines: int = lines) -> bool:
            stored = min(source.frames(i, stream, [0]).rgb.shape[1:3])
            return bool(stored < min(lines, *source.size(i)))

        if few := sum(map(lacks, numbers)):
            return (
                f"{few:,} of {len(numbers):,} clips have {stream.upper()} pictures of fewer than the {lines} lines "
                "that this setting asks for, though their videos have more, so what the model sees is blurred: "
                f"{prepared.folder} was prepared for another protocol; delete it, and run {prepared.command} before "
                "all others"
            )
    return ""

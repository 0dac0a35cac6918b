"""How a model looks at a benchmark's clips: as it was fine-tuned to, else as the protocol says, in its own sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from hdvila.data.source import OFFICIAL_STORE, STORE, Prepared
from hdvila.errors import UsageError
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.hub import Processor, answers_of
from hdvila.media.preprocess import Preprocess
from hdvila.media.view import RATIO, ZOOM
from hdvila.text.tokenizer import Tokenizer
from hdvila.text.tokenizer_files import FILES

__all__ = ["Sampling", "fit_processor", "what_is_blurred", "what_is_unsaid"]

Sampling = Literal["standard", "zero-shot", "official"]
"""The protocol's `test`, its `zero_shot` (the paper's: larger pictures, whose HR frames are LR frames enlarged, and no
stop words), or its `official` (the released configuration's number of frames)."""
BERT = "bert-base-uncased"


def fit_processor(
    model: Any,
    checkpoint: Path,
    protocol: Protocol,
    rates: tuple[float, int],
    sampling: Sampling,
    fine_tuned: bool,
    store: str = STORE,
) -> Processor:
    """What shall stand between the store's clips and the model.

    A fine-tuned model looks as it did in its own validation. Another model of ours keeps its picture sizes and the time
    between its frames and takes the protocol's segments; a checkpoint file takes all from the protocol, its words from
    the tokenizer beside it (BERT's, uncased, without one).

    Args:
        checkpoint: where the model lies (`hdvila.hub.find_model`).
        rates: LR frames a second of the store, and how many of them go to an HR frame.
        fine_tuned: whether the model was trained on a benchmark.
        store: the folder of the prepared videos, by which those of the released code are known.

    Raises:
        UsageError: the protocol has no such sampling, or store or model are not for it.
    """
    own: Processor | None = model.processor
    settings = {"standard": protocol.test, "zero-shot": protocol.zero_shot, "official": protocol.official}
    asked = settings[sampling]
    if asked is None:
        raise UsageError(f"{protocol.name} has no {_OWN[sampling]} of its own: leave --sampling out")
    if sampling == "official" and own is not None:
        raise UsageError(
            f"the model says itself how many frames it looks at ({2 * own.preprocess.neighbours + 1} a segment), and "
            "--sampling official is for checkpoint files that do not: leave it out"
        )
    if sampling == "zero-shot" and store == OFFICIAL_STORE:
        raise UsageError(
            f"--store {store} holds the released code's pictures, of which the model sees 160x256 (LR); the paper's "
            f"zero-shot setting asks for {asked.height // RATIO}x{asked.width // RATIO}, is in none of that code's "
            "configurations, and would have these enlarged: leave --sampling or --store out"
        )
    if fine_tuned and sampling == "zero-shot":
        raise UsageError(
            "the model was fine-tuned on a benchmark, so no number of it is zero-shot: leave --sampling out, or take "
            "the model that the fine-tuning began with"
        )
    if own is None:
        folder = checkpoint.parent
        beside = any((folder / name).is_file() for name in FILES)
        own = Processor(asked, Tokenizer.load(folder if beside else BERT), answers=answers_of(checkpoint))
        preprocess, length = asked, protocol.text_length
    elif fine_tuned:
        preprocess, length = own.preprocess, own.text_length
    else:
        preprocess, length = _in_its_sizes(own.preprocess, asked, protocol), protocol.text_length
    length = min(length, model.config.max_text_positions)
    return replace(own, preprocess=_at_rates(preprocess, *rates), text_length=length)


def what_is_unsaid(model: Any, protocol: Protocol, sampling: Sampling) -> str:
    """Of a checkpoint file that was trained on one of two numbers of frames and does not say on which; or nothing."""
    if model.processor is not None or sampling != "standard" or protocol.official is None:
        return ""
    shown, other = (2 * one.neighbours + 1 for one in (protocol.test, protocol.official))
    return (
        f"the checkpoint does not say on how many frames a segment it was trained: it is shown {shown}, as the paper "
        f"has it for {protocol.name}; the released configuration has {other} (--sampling official)"
    )


def what_is_blurred(prepared: Prepared, numbers: Sequence[int], preprocess: Preprocess) -> str:
    """Where HR is enlarged out of LR (`Preprocess.enlarged`): how many clips have LR pictures of fewer lines than the
    window asks for and their videos have, as in a store that was prepared for smaller windows; or nothing."""
    if not preprocess.enlarged:
        return ""
    source: Any = prepared.source
    lines = math.ceil(preprocess.height // RATIO * ZOOM)

    def lacks(i: int) -> bool:
        stored = min(source.frames(i, "lr", [0]).rgb.shape[1:3])
        return bool(stored < min(lines, *source.size(i)))

    few = sum(map(lacks, numbers))
    if not few:
        return ""
    return (
        f"{few:,} of {len(numbers):,} clips have LR pictures of fewer than the {lines} lines that this setting asks "
        f"for, though their videos have more, so what the model sees is blurred: {prepared.folder} was prepared for "
        f"another protocol; delete it, and run {prepared.command} before all others"
    )


_OWN = {"zero-shot": "zero-shot setting", "official": "setting of the released code that differs from its own, or none"}


def _in_its_sizes(own: Preprocess, asked: Preprocess, protocol: Protocol) -> Preprocess:
    """The protocol's segments. Zero-shot has its frames and its enlarged middle ones as well, and for a model of the
    protocol's picture size its larger pictures."""
    if asked is not protocol.zero_shot:
        return replace(own, segments=asked.segments)
    if (own.height, own.width) == (protocol.test.height, protocol.test.width):
        return replace(asked, streams=own.streams)
    several = asked.neighbours if own.reads_low else own.neighbours
    return replace(own, segments=asked.segments, neighbours=several, enlarged=asked.enlarged, hr_every=asked.hr_every)


def _at_rates(preprocess: Preprocess, fps: float, hr_every: int) -> Preprocess:
    """The same seconds between frames on a store of these rates."""
    if preprocess.fps == fps and (preprocess.enlarged or preprocess.hr_every % hr_every == 0):
        return preprocess
    rate = max(1, round(preprocess.rate * fps / preprocess.fps)) if preprocess.rate else 0
    return replace(preprocess, fps=fps, hr_every=1 if preprocess.enlarged else hr_every, rate=rate)

"""Weights by name: read a file, put the weights into a module, and account for every key."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from hdvila.errors import CheckpointError

Weights = dict[str, Tensor]
WRAPPERS = ("model_state_dict", "state_dict", "model")
SHOWN = 5


@dataclass(slots=True)
class LoadReport:
    """What became of every key: of the file (`loaded`, `dropped`) and of the model (`started`)."""

    loaded: list[str] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)
    """Key of the file -> why it is left out."""
    started: dict[str, str] = field(default_factory=dict)
    """Weight of the model that the file does not give -> why it has its start value."""

    def __str__(self) -> str:
        lines = [f"{len(self.loaded)} weights loaded"]
        for verb, keys in (("left out", self.dropped), ("not in the file", self.started)):
            for reason in dict.fromkeys(keys.values()):
                group = [key for key, why in keys.items() if why == reason]
                lines.append(f"{len(group)} {verb}, {reason}: {_some(group)}")
        return "\n".join(lines)


def read_weights(path: str | Path) -> Weights:
    """The tensors of a .safetensors, .pt, .pth or .bin file, on the CPU. Nothing in the file is executed.

    Raises:
        CheckpointError: the file is missing or damaged, or holds anything but tensors by name.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file; give a .safetensors, .pt, .pth or .bin file")
    try:
        if path.suffix == ".safetensors":
            content: object = load_file(path)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about old formats; what is wrong is said below
                content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises whatever its reader stumbles over first
        if found := re.search(r"GLOBAL (\S+)", str(error)):
            raise CheckpointError(
                f"{path}: it holds Python objects besides tensors ({found[1]}), and files are read without executing "
                "anything in them: save its state dict alone where it was made"
            ) from error
        raise CheckpointError(
            f"{path}: it cannot be read as weights ({type(error).__name__}): it may be damaged, cut short or no such "
            "file at all; fetch it again"
        ) from error
    return unwrap(content, str(path))


def unwrap(content: object, name: str = "the checkpoint") -> Weights:
    """A flat dict name -> tensor out of wrapper dicts (`state_dict`, `model`, ...) and without a `module.` prefix.

    Raises:
        CheckpointError: no weights are found.
    """
    while isinstance(content, Mapping) and not _is_flat(content):
        inner = next((content[key] for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            raise CheckpointError(
                f"{name}: no weights by name in it, its keys are {_some([str(key) for key in content])}: "
                f"give a state dict, plain or under one of the keys {', '.join(WRAPPERS)}"
            )
        content = inner
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{name}: it holds a {type(content).__name__}, not weights by name: give a state dict")
    weights: Weights = dict(content)
    while all(key.startswith("module.") for key in weights):
        weights = {key.removeprefix("module."): tensor for key, tensor in weights.items()}
    return weights


def _is_flat(content: Mapping[Any, Any]) -> bool:
    return bool(content) and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())


ADVICE = (
    "Give the sizes or the variant of this file by keyword, or pass strict=False to take what fits and leave the rest "
    "at its start values"
)
"""For whoever loads a model in Python."""


def put_weights(
    model: nn.Module,
    weights: Weights,
    report: LoadReport,
    *,
    strict: bool = True,
    name: str = "the checkpoint",
    part: Callable[[str], bool] = lambda _: True,
    advice: str = ADVICE,
) -> None:
    """Copy weights into the parameters and buffers of the same names, cast to their types.

    `report` holds what is already explained: keys left out before, and weights that may be missing. The rest is
    accounted for in it here.

    Args:
        part: which of the model's names the weights are for; the others are left as they are.
        strict: whatever is missing, extra or misshapen without an explanation is an error; otherwise it goes into the
            report, and weights without a fitting tensor keep their start values.
        advice: the sentence of an error that says what to do.

    Raises:
        CheckpointError: names the first keys, what they should be, and what to do.
    """
    own = {key: tensor for key, tensor in model.state_dict().items() if part(key)}
    extra = [key for key in weights if key not in own]
    misshapen = [key for key in weights if key in own and not _fits(weights[key], own[key])]
    missing = [key for key in own if key not in weights and key not in report.started]
    if strict:
        _refuse(name, own, weights, extra, misshapen, missing, advice)
    report.dropped |= dict.fromkeys(extra, "unknown name")
    report.dropped |= dict.fromkeys(misshapen, "another shape or kind")
    report.started |= dict.fromkeys(missing, "missing") | dict.fromkeys(misshapen, "another shape or kind")
    fitting = [key for key in weights if key in own and key not in misshapen]
    with torch.no_grad():
        for key in fitting:
            own[key].copy_(weights[key])
    report.loaded += fitting


def _fits(given: Tensor, own: Tensor) -> bool:
    return given.shape == own.shape and given.is_floating_point() == own.is_floating_point()


def _refuse(
    name: str,
    own: Weights,
    weights: Weights,
    extra: list[str],
    misshapen: list[str],
    missing: list[str],
    advice: str,
) -> None:
    wrong = []
    if misshapen:
        shapes = [f"{key} is {_shape(weights[key])}, the model needs {_shape(own[key])}" for key in misshapen]
        wrong.append(f"{len(misshapen)} of another shape or kind: {_some(shapes, '; ')}")
    if missing:
        wrong.append(f"{len(missing)} missing: {_some(missing)}")
    if extra:
        named = [_with_nearest(key, missing or list(own)) for key in extra[:SHOWN]]
        wrong.append(f"{len(extra)} unknown: {_some(named, more=len(extra) - SHOWN)}")
    if wrong:
        raise CheckpointError(f"{name}: its keys do not fit the model. {'. '.join(wrong)}. {advice}")


def _with_nearest(key: str, candidates: list[str]) -> str:
    near = get_close_matches(key, candidates, n=1, cutoff=0.6)
    return f"{key} (nearest: {near[0]})" if near else key


def _shape(tensor: Tensor) -> str:
    shape = "x".join(map(str, tensor.shape)) or "a single number"
    return shape if tensor.is_floating_point() else f"{shape} of {str(tensor.dtype).removeprefix('torch.')}"


def _some(items: list[str], separator: str = ", ", more: int | None = None) -> str:
    """The first few items and how many more there are."""
    more = len(items) - SHOWN if more is None else more
    return separator.join(items[:SHOWN]) + (f"{separator}and {more} more" if more > 0 else "")

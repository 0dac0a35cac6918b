"""Load weights by name into a module, and report on every key."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from hdvila.errors import CheckpointError
from hdvila.nn.weight_files import Weights

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Sizes:
    """What names and shapes of weights tell of a model's sizes.

    Attributes:
        weights: by name.
        what: the system, as errors name its files.
    """

    weights: Weights
    what: str

    def of(self, key: str, axis: int = 0) -> int:
        """The size of a tensor along an axis.

        Raises:
            CheckpointError: there is no such tensor, or it has fewer axes.
        """
        found = self.weights.get(key)
        if found is None or found.ndim <= axis:
            raise CheckpointError(
                f"the checkpoint has no usable {key!r}, which tells a size of the model: is it a whole {self.what} "
                f"file? It has {len(self.weights)} keys, the first is {next(iter(self.weights), None)!r}"
            )
        return found.shape[axis]

    def count(self, pattern: str) -> int:
        """How many numbered parts there are: one more than the highest number, the first group of `pattern`."""
        numbers = [int(match[1]) for key in self.weights if (match := re.match(pattern, key))]
        return max(numbers, default=-1) + 1


@dataclass(slots=True)
class LoadReport:
    """The outcome for every key: of the file (`loaded`, `dropped`) and of the model (`started`)."""

    loaded: list[str] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)
    """Key of the file -> why it is left out."""
    started: dict[str, str] = field(default_factory=dict)
    """Weight of the model that is not in the file -> why it keeps its initial value."""
    notes: list[str] = field(default_factory=list)
    """What else to know, such as a kind of head that the file does not tell."""

    def __str__(self) -> str:
        lines = [f"{len(self.loaded)} weights loaded"]
        for verb, keys in (("left out", self.dropped), ("not in the file", self.started)):
            for reason in dict.fromkeys(keys.values()):
                group = [key for key, why in keys.items() if why == reason]
                lines.append(f"{len(group)} {verb}, {reason}: {_some(group)}")
        return "\n".join([*lines, *self.notes])


ADVICE = (
    "Give load_model what the file does not tell, by the names of the system's configuration (such as its variant or "
    "number of attention heads, where it has them), or strict=False to take what fits and keep initial weights for the "
    "rest; on the command line: hdvila convert CHECKPOINT --into FOLDER --set strict=False"
)
"""What to do when a whole model does not load."""


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
    """Copy weights into the parameters and buffers of the same names, cast to their dtypes.

    `report` holds the keys that are already explained: dropped ones, and weights that may be missing. All other keys
    are added to it.

    Args:
        part: selects the names of the model to fill; all others are left unchanged.
        strict: a missing, extra or misshapen key without an explanation is an error; otherwise it is listed in the
            report, and weights without a fitting tensor keep their initial values.
        advice: the last sentence of an error: what to do.

    Raises:
        CheckpointError: keys do not fit (names the first ones and the expected shapes), or values are not finite.
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
    check_finite(((key, weights[key].to(own[key].dtype)) for key in fitting), name)
    with torch.no_grad():
        for key in fitting:
            own[key].copy_(weights[key])
    report.loaded += fitting


def check_finite(weights: Iterable[tuple[str, Tensor]], name: str) -> None:
    """Make sure that every weight is finite: a single NaN makes every output of a model NaN.

    Args:
        name: of the source, for the error.

    Raises:
        CheckpointError: names the tensors with NaN or infinite values, and their number.
    """
    damaged = []
    for key, tensor in weights:
        # A NaN or infinity makes the sum non-finite, in one pass without a copy; rarely, an overflow does so too.
        if not tensor.is_floating_point() or math.isfinite(tensor.sum()):
            continue
        if lost := tensor.numel() - int(torch.isfinite(tensor).sum()):
            damaged.append(f"{key} ({lost:,} of {tensor.numel():,})")
    if damaged:
        raise CheckpointError(
            f"{name}: {len(damaged)} of its tensors hold values that are not finite (NaN or infinity): "
            f"{_some(damaged)}. Training diverged, or the file is damaged: use an earlier checkpoint"
        )


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
    """The first few items and the number of the others."""
    more = len(items) - SHOWN if more is None else more
    return separator.join(items[:SHOWN]) + (f"{separator}and {more} more" if more > 0 else "")


_INITIALISERS = {"fill_", "kaiming_uniform_", "normal_", "uniform_", "zero_"}
"""The in-place functions by which torch's own modules draw their initial weights."""


class _SkippedInitialisers(TorchFunctionMode):
    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in _INITIALISERS:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


@contextmanager
def without_initial_weights() -> Iterator[None]:
    """A context in which new modules allocate their weights but draw no values, which a file would overwrite at once.

    No page of memory is touched. The weights hold arbitrary values, and all of them must be filled afterwards.
    """
    with _SkippedInitialisers():
        yield

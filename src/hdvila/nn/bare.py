"""Modules whose weights come from elsewhere: made without the start values, which would be overwritten at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch.overrides import TorchFunctionMode

__all__ = ["without_start_values"]

_FILLING = {"fill_", "kaiming_uniform_", "normal_", "uniform_", "zero_"}
"""What torch's own modules give their weights start values with, in place."""


class _Unfilled(TorchFunctionMode):
    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in _FILLING:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


@contextmanager
def without_start_values() -> Iterator[None]:
    """Inside, new modules have weights of the right shapes that hold whatever was in memory: nothing is drawn, and no
    page of memory is touched. All of them must be filled afterwards."""
    with _Unfilled():
        yield

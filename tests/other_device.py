"""A device that every machine has and that is not the CPU: its tensors keep their values in the CPU's memory, and
operations refuse tensors of two devices as a GPU does.

    with elsewhere() as device:
        model.to(device)

Refused are operations on tensors of both devices (but for numbers without dimensions, for indices, and for copying),
random numbers by a CPU's generator, and `numpy`. Numbers are those of the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

_NAME = "elsewhere"
_aten = torch.ops.aten
_COPIES = {_aten._to_copy.default, _aten.copy_.default}
_INDEXED = {_aten.index.Tensor, _aten.index_put.default, _aten.index_put_.default, _aten._index_put_impl_.default}


class _Tensor(torch.Tensor):
    """On the other device; `here` are its values."""

    here: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, here: torch.Tensor) -> _Tensor:
        made: _Tensor = torch.Tensor._make_wrapper_subclass(
            cls, here.shape, here.stride(), here.storage_offset(), dtype=here.dtype, device=_device()
        )
        made.here = here
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})

    def tolist(self) -> Any:  # of a subclass torch itself has none
        return self.here.tolist()


class _Mode(TorchDispatchMode):
    """Also what begins on the CPU, such as `to(device)`, and new tensors."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


@contextmanager
def elsewhere() -> Iterator[torch.device]:
    """The device, while it is there."""
    device, before = _device(), torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(numbers, device=...) begins on the CPU
    try:
        with _Mode():
            yield device
    finally:
        torch._C._set_only_lift_cpu_tensors(before)


@cache
def _device() -> torch.device:
    registration: Any = pytest.importorskip("torch.utils.backend_registration")
    if not hasattr(registration, "_setup_privateuseone_for_python_backend"):
        pytest.skip("this torch takes no device that is written in Python")
    registration._setup_privateuseone_for_python_backend(_NAME)
    return torch.device(_NAME, 0)


def _run(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    leaves = tree_leaves((args, kwargs))
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    away = [tensor for tensor in tensors if isinstance(tensor, _Tensor)]
    if away and func not in _COPIES | _INDEXED:
        strangers = [tensor for tensor in tensors if tensor.dim() and not isinstance(tensor, _Tensor)]
        assert not strangers, f"{func}: tensors of {_NAME} and of {strangers[0].device}, {tuple(strangers[0].shape)}"
    asked = next((leaf for leaf in leaves if isinstance(leaf, torch.device)), None)
    there = bool(away) if asked is None else asked.type == _NAME
    assert not there or not any(isinstance(leaf, torch.Generator) for leaf in leaves), f"{func}: a CPU's generator"
    result = func(*tree_map(_here, args), **tree_map(_here, kwargs))
    if func is _aten.copy_.default:
        return args[0]
    if not there:
        return result
    with torch.inference_mode(False):  # such tensors could not be told of which others they are views
        result = tree_map(lambda leaf: _Tensor(leaf) if isinstance(leaf, torch.Tensor) else leaf, result)
        return return_and_correct_aliasing(func, args, kwargs, result) if away else result


def _here(leaf: Any) -> Any:
    if isinstance(leaf, _Tensor):
        return leaf.here
    return torch.device("cpu") if isinstance(leaf, torch.device) and leaf.type == _NAME else leaf

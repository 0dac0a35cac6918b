"""Pickles of numpy arrays, such as the ``.pkl`` files of detectron2. Nothing in a file is executed."""

from __future__ import annotations

import codecs
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["is_pickle", "read_pickle"]

_TORCH_MAGIC = bytes.fromhex("6cfc9c46f9206aa85019")
"""In the first bytes of a file of torch older than 1.6, which is a pickle too."""
_ALLOWED: dict[str, Any] = {
    "numpy.dtype": np.dtype,
    "numpy.ndarray": np.ndarray,
    "_codecs.encode": codecs.encode,
    "collections.OrderedDict": OrderedDict,
    **{
        f"numpy.{core}.multiarray.{name}": made.__reduce__()[0]
        for core in ("core", "_core")
        for name, made in (("_reconstruct", np.zeros(0)), ("scalar", np.float64(0)))
    },
}
"""What a file may name; calling any of them runs no code of the file."""


def is_pickle(path: Path) -> bool:
    """Whether a file is a pickle that torch did not write: decided by its first bytes."""
    with path.open("rb") as file:
        head = file.read(40)
    return head[:1] == b"\x80" and _TORCH_MAGIC not in head


def read_pickle(path: Path) -> object:
    """Arrays and plain values, in any nesting.

    Raises:
        pickle.UnpicklingError: it is damaged, or names another object (``GLOBAL module.name``).
    """
    try:
        with path.open("rb") as file:
            return _ArrayPickle(file, encoding="latin1").load()  # strings of Python 2
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # damaged files raise errors of any kind
        raise pickle.UnpicklingError(str(error)) from error


class _ArrayPickle(pickle.Unpickler):
    """Refuses to look up anything that is not listed, so that nothing in the file is executed."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[f"{module}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(f"GLOBAL {module}.{name}") from None

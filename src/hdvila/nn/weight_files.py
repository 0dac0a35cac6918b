"""Weight files: tensors by name, read from every common layout. Nothing in a file is executed."""

from __future__ import annotations

import argparse
import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from hdvila.errors import CheckpointError, is_defect, some_of
from hdvila.nn.array_pickles import is_pickle, read_pickle

Weights = dict[str, Tensor]
INDEX = ".index.json"
ENDINGS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
_NAMES = ("model.safetensors", "model.safetensors" + INDEX, "pytorch_model.bin", "pytorch_model.bin" + INDEX)
_OTHERS = {"training_args.bin", "optimizer.bin", "optimizer.pt", "scheduler.pt", "scheduler.bin", "scaler.pt"}
"""Other files that training programs save beside weights."""
_WRAPPERS = ("model_state_dict", "state_dict", "module", "model")
_WRAPPING = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
"""Name parts that torch inserts where it wraps a module, at any depth."""
_COUNTERS = {"n_averaged"}
"""Counters that torch's weight averaging saves beside the weights."""
_PART = re.compile(r"-\d{5}-of-(\d{5})(?=\.)")
_SCALAR = np.float64(0).__reduce__()[0]
_ARRAY = np.zeros(0).__reduce__()[0]
_HARMLESS: list[Any] = [
    argparse.Namespace, np.dtype, *{type(np.dtype(kind)) for kind in np.typecodes["AllInteger"] + "efd?"},
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    np.ndarray, *((_ARRAY, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
]  # fmt: skip
"""Plain values that training programs save beside weights, and arrays; constructing them runs no code of the file."""
ACCOUNT = "hdvila"
"""Entry of the safetensors header in which our own files describe their weights, as JSON."""


def find_weights(folder: Path) -> Path:
    """The weight file of a folder: one with a usual name, the index of one in parts, or the only one in the folder.

    Raises:
        CheckpointError: there is none, or several without a usual name (names them).
    """
    for name in _NAMES:
        if (folder / name).is_file():
            return folder / name
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and file.name not in _OTHERS]
    indexes = [file for file in files if file.name.endswith(INDEX)]
    found = indexes or [file for file in files if file.suffix in ENDINGS]
    if len(found) == 1 and not _PART.search(found[0].name):
        return found[0]
    if not found:
        raise CheckpointError(
            f"{folder}: it holds no weights, neither {_NAMES[0]} nor {_NAMES[2]} nor another weight file "
            f"({', '.join(ENDINGS)}): give a folder with weights, or a file"
        )
    if _PART.search(found[0].name):
        raise CheckpointError(_no_index(found[0]))
    raise CheckpointError(
        f"{folder}: it holds several weight files ({some_of([file.name for file in found])}) and none is called "
        f"{_NAMES[0]}: give the path of the file that you want"
    )


def files_of(weights: Path) -> list[Path]:
    """The files of these weights: `weights` itself, or an index with all its parts.

    Raises:
        CheckpointError: the index is damaged, or a part is missing.
    """
    if not weights.name.endswith(INDEX):
        return [weights]
    return [weights, *_parts(weights, _read_index(weights))]


def read_weights(path: str | Path) -> Weights:
    """The tensors of a weight file, or of the parts that an index (``*.index.json``) names, on the CPU.

    Wrapper dicts and common prefixes are removed (`unwrap`).

    Raises:
        CheckpointError: a file is missing or damaged, or holds something other than tensors by name.
    """
    return unwrap(read_content(path), str(path))


def read_content(path: str | Path) -> object:
    """The content of a weight file as it was saved: tensors by name, possibly in a wrapper with other values.

    Raises:
        CheckpointError: as `read_weights`.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file; give a weight file ({', '.join(ENDINGS)})")
    if path.name.endswith(INDEX):
        return _read_parts(path)
    if _PART.search(path.name):
        index = path.with_name(_PART.sub("", path.name) + INDEX)
        if not index.is_file():
            raise CheckpointError(_no_index(path))
        return _read_parts(index)
    return _read_file(path)


def read_account(path: Path) -> Mapping[str, Any]:
    """The description in the header of a safetensors file of ours (`ACCOUNT`); empty for any other file."""
    if not path.is_file() or not _is_safetensors(path):
        return {}
    try:
        with safe_open(path, "pt") as file:
            said = json.loads((file.metadata() or {}).get(ACCOUNT, "{}"))
    except Exception:  # damaged files raise errors of any kind; reading the tensors gives a better message
        return {}
    return said if isinstance(said, dict) else {}


def unwrap(content: object, name: str = "the checkpoint") -> Weights:
    """A flat dict name -> tensor, taken out of wrapper dicts and renamed without what wrapping adds.

    Wrapper dicts are ``state_dict``, ``module``, ``model`` and the like; any other dict of tensors if it is the only
    one. Removed from names are a common prefix (``module.``, ``model.``, ``_orig_mod.``, in any nesting), and
    ``_orig_mod.`` and the like at any position; the counter of averaged weights is dropped.

    Raises:
        CheckpointError: no weights are found.
    """
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{name}: it holds a {type(content).__name__}, not weights by name: give a state dict")
    flat = _opened(content)
    if flat is None:
        raise CheckpointError(f"{name}: {_why_not_flat(content)}")
    flat = {key: tensor for key, tensor in flat.items() if key not in _COUNTERS}
    parts = [[part for part in key.split(".") if part not in _WRAPPING] for key in flat]
    shared = 0
    while all(len(one) > shared + 1 and one[shared] == parts[0][shared] for one in parts):
        shared += 1
    weights = {".".join(one[shared:]): tensor for one, tensor in zip(parts, flat.values(), strict=True)}
    if len(weights) < len(flat):
        raise CheckpointError(
            f"{name}: it holds some weights twice, wrapped ({', '.join(sorted(_WRAPPING))}) and plain: save the state "
            "dict of one of the two modules"
        )
    return weights


def _opened(content: Mapping[Any, Any]) -> Mapping[str, Tensor] | None:
    """The tensors by name in `content`, in the first wrapper that contains some, or in the only dict of tensors."""
    if _is_flat(content):
        return content
    inner = (content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping))
    found = next((found for one in inner if (found := _opened(one)) is not None), None)
    others = [one for one in content.values() if isinstance(one, Mapping) and _is_flat(one)]
    return others[0] if found is None and len(others) == 1 else found


def _why_not_flat(content: Mapping[Any, Any]) -> str:
    if any(isinstance(value, np.ndarray) for value in content.values()):
        return (
            "its values are numpy arrays: give a state dict, tensors by name, such as {key: torch.as_tensor(array) for "
            "key, array in weights.items()}"
        )
    odd = [f"{key} is a {type(value).__name__}" for key, value in content.items() if not isinstance(value, Tensor)]
    if content and len(odd) < len(content):
        return f"it holds other values beside tensors ({some_of(odd)}): remove them"
    keys = some_of([str(key) for key in content]) or "none"
    several = [str(key) for key, value in content.items() if isinstance(value, Mapping) and _is_flat(value)]
    which = (
        f"several of them hold weights ({some_of(several)}): give one of them"
        if several
        else (f"give a state dict, tensors by name, plain or under one of the keys {', '.join(_WRAPPERS)}")
    )
    return f"it holds no weights by name, its keys are {keys}: {which}"


def _is_flat(content: Mapping[Any, Any]) -> bool:
    return bool(content) and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())


def _is_safetensors(path: Path) -> bool:
    """Decided by the first bytes, not by the file name."""
    with path.open("rb") as file:
        head = file.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size


def _read_file(path: Path) -> object:
    try:
        if _is_safetensors(path):
            with safe_open(path, "pt") as file:
                return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        if is_pickle(path):
            return _as_tensors(read_pickle(path))
        with warnings.catch_warnings(), torch.serialization.safe_globals(_HARMLESS):
            warnings.simplefilter("ignore")  # about old formats; errors are reported below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files raise errors of any kind
        if is_defect(error, reader="torch"):
            raise
        raise CheckpointError(f"{path}: {_why_unreadable(path, error)}") from error
    return _as_tensors(content)


def _as_tensors(content: object) -> object:
    """The same with tensors in place of arrays of numbers, in dicts of any depth."""
    if isinstance(content, Mapping):
        return {key: _as_tensors(value) for key, value in content.items()}
    if isinstance(content, np.ndarray) and content.dtype.kind in "biuf" and content.dtype.itemsize <= 8:
        return torch.from_numpy(np.array(content, dtype=content.dtype.newbyteorder("=")))
    return content


def _why_unreadable(path: Path, error: Exception) -> str:
    if found := re.search(r"GLOBAL (\S+)", str(error)):
        return (
            f"it holds Python objects besides tensors ({found[1]}), and hdvila executes nothing in a file: where it "
            "was made, save its state dict alone, torch.save(model.state_dict(), FILE)"
        )
    with path.open("rb") as file:
        head = file.read(40)
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer, not the file itself: fetch that with git lfs pull"
    return (
        f"it cannot be read as weights ({type(error).__name__}): it may be damaged, truncated or of another kind; "
        "fetch it again"
    )


def _read_index(index: Path) -> dict[str, str]:
    """Name of a tensor -> name of the file that holds it."""
    try:
        listed = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        good = all(isinstance(file, str) and Path(file).name == file for file in listed.values()) and bool(listed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{index}: it does not say which file holds which tensor ({type(error).__name__}): fetch it again"
        ) from error
    if not good:
        raise CheckpointError(f"{index}: its weight_map does not name files beside it: fetch it again")
    return dict(listed)


def _parts(index: Path, listed: Mapping[str, str]) -> list[Path]:
    parts = [index.with_name(name) for name in sorted(set(listed.values()))]
    if missing := [part.name for part in parts if not part.is_file()]:
        raise CheckpointError(
            f"{index}: {len(missing)} of its {len(parts)} parts are missing ({some_of(missing)}): fetch them too"
        )
    return parts


def _read_parts(index: Path) -> Weights:
    listed = _read_index(index)
    weights: Weights = {}
    for part in _parts(index, listed):
        content = _read_file(part)
        if not isinstance(content, Mapping) or not _is_flat(content):
            raise CheckpointError(f"{part}: it does not hold tensors by name, so it is not a part: fetch it again")
        weights |= {key: tensor for key, tensor in content.items() if listed.get(key) == part.name}
    if missing := [key for key in listed if key not in weights]:
        raise CheckpointError(
            f"{index}: {len(missing)} of its {len(listed)} tensors are in none of its parts ({some_of(missing)}): "
            "index and parts belong to two models, or are truncated; fetch all again"
        )
    return weights


def _no_index(part: Path) -> str:
    count, index = _PART.findall(part.name)[0], _PART.sub("", part.name) + INDEX
    return (
        f"{part}: it is one of {int(count)} parts, but their index ({index}), which says what each part holds, is "
        "not beside it: fetch it too"
    )

"""Weight files: tensors by name out of every layout in which people save them. Nothing in a file is executed."""

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

Weights = dict[str, Tensor]
INDEX = ".index.json"
ENDINGS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
_NAMES = ("model.safetensors", "model.safetensors" + INDEX, "pytorch_model.bin", "pytorch_model.bin" + INDEX)
_OTHERS = {"training_args.bin", "optimizer.bin", "optimizer.pt", "scheduler.pt", "scheduler.bin", "scaler.pt"}
"""What training programs leave beside weights."""
_WRAPPERS = ("model_state_dict", "state_dict", "module", "model")
_WRAPPING = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
"""Parts of names that torch puts in where it wraps a module, at any depth."""
_COUNTERS = {"n_averaged"}
"""What torch's averaging of weights counts beside them."""
_PART = re.compile(r"-\d{5}-of-(\d{5})(?=\.)")
_SCALAR = np.float64(0).__reduce__()[0]
_HARMLESS: list[Any] = [
    argparse.Namespace, np.dtype, *{type(np.dtype(kind)) for kind in np.typecodes["AllInteger"] + "efd?"},
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
]  # fmt: skip
"""Plain values that training programs write beside weights; making them runs no code of the file."""
ACCOUNT = "hdvila"
"""Entry of a safetensors header in which our own files say, as JSON, what weights they hold."""


def find_weights(folder: Path) -> Path:
    """The weights in a folder: a file of the usual names, the index of a file in parts, or the only one there is.

    Raises:
        CheckpointError: there is none, or one of several that cannot be told apart; names them.
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
            f"{folder}: it holds no weights, neither {_NAMES[0]} nor {_NAMES[2]} nor another file of weights "
            f"({', '.join(ENDINGS)}): give a folder with weights, or a file"
        )
    if _PART.search(found[0].name):
        raise CheckpointError(_no_index(found[0]))
    raise CheckpointError(
        f"{folder}: it holds several files of weights ({some_of([file.name for file in found])}) and none is called "
        f"{_NAMES[0]}: give the path of the one that you mean"
    )


def files_of(weights: Path) -> list[Path]:
    """The files in which weights lie: `weights` itself, or an index with all its parts.

    Raises:
        CheckpointError: the index is damaged, or a part is missing.
    """
    if not weights.name.endswith(INDEX):
        return [weights]
    return [weights, *_parts(weights, _read_index(weights))]


def read_weights(path: str | Path) -> Weights:
    """The tensors of a weight file, or of the parts that an index (``*.index.json``) names, on the CPU.

    Wrappers and wrapping prefixes are taken off (`unwrap`).

    Raises:
        CheckpointError: a file is missing or damaged, or holds anything but tensors by name.
    """
    return unwrap(read_content(path), str(path))


def read_content(path: str | Path) -> object:
    """What a weight file holds, as it was saved: tensors by name, perhaps in a wrapper with other values.

    Raises:
        CheckpointError: as `read_weights`.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file; give a file of weights ({', '.join(ENDINGS)})")
    if path.name.endswith(INDEX):
        return _read_parts(path)
    if _PART.search(path.name):
        index = path.with_name(_PART.sub("", path.name) + INDEX)
        if not index.is_file():
            raise CheckpointError(_no_index(path))
        return _read_parts(index)
    return _read_file(path)


def read_account(path: Path) -> Mapping[str, Any]:
    """What a safetensors file of ours says of itself (`ACCOUNT`); empty for any other file."""
    if not path.is_file() or not _is_safetensors(path):
        return {}
    try:
        with safe_open(path, "pt") as file:
            said = json.loads((file.metadata() or {}).get(ACCOUNT, "{}"))
    except Exception:  # a damaged file raises whatever its reader stumbles over first; reading its tensors says more
        return {}
    return said if isinstance(said, dict) else {}


def unwrap(content: object, name: str = "the checkpoint") -> Weights:
    """A flat dict name -> tensor out of wrapper dicts (``state_dict``, ``module``, ``model``, ...; another one if it is
    the only one), and without what wrapping puts before or into names: a prefix common to all of them (``module.``,
    ``model.``, ``_orig_mod.``, in any nesting), ``_orig_mod.`` and its like wherever they stand, and the counter of
    averaged weights.

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
            f"{name}: it holds some weights twice, once wrapped ({', '.join(sorted(_WRAPPING))}) and once plain: save "
            "the state dict of one of the two modules"
        )
    return weights


def _opened(content: Mapping[Any, Any]) -> Mapping[str, Tensor] | None:
    """The tensors by name in `content`, or in the first wrapper that leads to some, or in the only dict that is all
    tensors."""
    if _is_flat(content):
        return content
    inner = (content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping))
    found = next((found for one in inner if (found := _opened(one)) is not None), None)
    others = [one for one in content.values() if isinstance(one, Mapping) and _is_flat(one)]
    return others[0] if found is None and len(others) == 1 else found


def _why_not_flat(content: Mapping[Any, Any]) -> str:
    odd = [f"{key} is a {type(value).__name__}" for key, value in content.items() if not isinstance(value, Tensor)]
    if content and len(odd) < len(content):
        return f"beside tensors by name it holds what is none ({some_of(odd)}): leave that out"
    keys = some_of([str(key) for key in content]) or "none"
    several = [str(key) for key, value in content.items() if isinstance(value, Mapping) and _is_flat(value)]
    which = (
        f"several of them hold weights ({some_of(several)}): give one of them"
        if several
        else (f"give a state dict, tensors by name, plain or under one of the keys {', '.join(_WRAPPERS)}")
    )
    return f"no weights by name in it, its keys are {keys}: {which}"


def _is_flat(content: Mapping[Any, Any]) -> bool:
    return bool(content) and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())


def _is_safetensors(path: Path) -> bool:
    """By its first bytes: names of files change."""
    with path.open("rb") as file:
        head = file.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size


def _read_file(path: Path) -> object:
    try:
        if _is_safetensors(path):
            with safe_open(path, "pt") as file:
                return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (it is no dict)
        with warnings.catch_warnings(), torch.serialization.safe_globals(_HARMLESS):
            warnings.simplefilter("ignore")  # about old formats; what is wrong is said below
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises whatever its reader stumbles over first
        if is_defect(error, reader="torch"):
            raise
        raise CheckpointError(f"{path}: {_why_unreadable(path, error)}") from error


def _why_unreadable(path: Path, error: Exception) -> str:
    if found := re.search(r"GLOBAL (\S+)", str(error)):
        return (
            f"it holds Python objects besides tensors ({found[1]}), and files are read without executing anything in "
            "them: save its state dict alone where it was made, torch.save(model.state_dict(), FILE)"
        )
    with path.open("rb") as file:
        head = file.read(40)
    if head.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS, not the file that it stands for: fetch that with git lfs pull"
    return (
        f"it cannot be read as weights ({type(error).__name__}): it may be damaged, cut short or no such file at all; "
        "fetch it again"
    )


def _read_index(index: Path) -> dict[str, str]:
    """Name of a tensor -> name of the file that holds it."""
    try:
        listed = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        good = all(isinstance(file, str) and Path(file).name == file for file in listed.values()) and bool(listed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{index}: it does not say which tensor lies in which file ({type(error).__name__}): fetch it again"
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
            raise CheckpointError(f"{part}: it is no part of weights, tensors by name: fetch it again")
        weights |= {key: tensor for key, tensor in content.items() if listed.get(key) == part.name}
    if missing := [key for key in listed if key not in weights]:
        raise CheckpointError(
            f"{index}: {len(missing)} of its {len(listed)} tensors are in none of its parts ({some_of(missing)}): "
            "index and parts are of two models, or cut short; fetch all again"
        )
    return weights


def _no_index(part: Path) -> str:
    count, index = _PART.findall(part.name)[0], _PART.sub("", part.name) + INDEX
    return (
        f"{part}: it is one of {int(count)} parts, and the index that says what lies in which ({index}) is not "
        "beside it: fetch it too"
    )

"""Which model it is: hashes of its files, by which records tell one from another."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from hdvila.hub.processor import TOKENIZER
from hdvila.nn.pretrained import CONFIG, notes_of
from hdvila.nn.run_checkpoint import run_of
from hdvila.nn.weight_files import files_of, find_weights
from hdvila.text.answers import ANSWERS
from hdvila.text.tokenizer_files import FILES, SETTINGS

__all__ = ["identify"]


def identify(place: Path) -> dict[str, str]:
    """The hashes of a model, in hexadecimal digits.

    Args:
        place: a model folder, or a checkpoint file with what lies beside it (`find_model`).

    Returns:
        `sha256`: that of the weights file; of weights in parts, that of the hashes of index and parts. `identity`: one
        for all files that make what the model says and what is said of it: weights, sizes and preprocessing, tokenizer,
        answers, recipe, history. The names of folder and weights file are not in it, nor are other files.

    Raises:
        OSError: a file cannot be read.
        CheckpointError: there are no weights, or a part of them is missing.
    """
    folder, weights = (place, find_weights(place)) if place.is_dir() else (place.parent, place)
    described = [CONFIG] if place.is_dir() else []  # a file is read without the settings beside it
    beside = [folder / name for name in (*described, *FILES, SETTINGS, ANSWERS, *notes_of(folder))]
    if (run := run_of(place)) is not None:
        beside += [run / TOKENIZER / name for name in FILES]
    sums = {file.name: _sum(file) for file in beside if file.is_file()}
    parts = [_sum(file) for file in files_of(weights)]
    first = parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
    whole = json.dumps({"weights": first, "beside": sums}, sort_keys=True)
    return {"sha256": first, "identity": hashlib.sha256(whole.encode()).hexdigest()}


def _sum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

"""The annotation files of a protocol: those of a data folder, and one that a person gives, with the split it holds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hdvila.annotations.entries import find_beside
from hdvila.annotations.records import Annotations, Split
from hdvila.annotations.synthetic import is_synthetic
from hdvila.errors import UsageError
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["find_annotations", "read_file", "read_split", "split_of"]

_SPLITS: tuple[Split, ...] = ("test", "validation", "train")
_WORDS = {
    "test": r"tests?|testing|testset",
    "validation": r"val|valid|validate|validation|valset|validationset|dev|devset",
    "train": r"train\w*|trn|total|subtrain",
}
"""Words of a name, as patterns, without the number behind them."""


def find_annotations(protocol: Protocol, folder: Path, split: Split) -> Path:
    """The file of a split: the first of the protocol's names that stands in `folder` or ``folder/annotations``, as it
    is or with ``.gz``.

    Raises:
        UsageError: the benchmark has no such split, or none of the names is there.
    """
    names = protocol.files.get(split)
    if names is None and split == "test":
        _check_measured(protocol)
    if names is None:
        raise UsageError(
            f"{protocol.name} has no {split} split, only {', '.join(protocol.files)}; {protocol.split.split('; ')[-1]}"
        )
    places = [place for place in (folder, folder / "annotations") if place.is_dir()]
    for name in names:
        for place in places:
            if (file := find_beside(place, name)) is not None:
                return file
    raise UsageError(
        f"{folder}: the {split} annotations of {protocol.name} are missing; put one of {', '.join(names)} there or "
        f"into {folder / 'annotations'}, packed with gzip or not"
    )


def read_split(protocol: Protocol, folder: Path, split: Split) -> Annotations:
    """The annotations of a split, out of a data folder.

    Raises:
        UsageError: the file is missing, broken, or of another benchmark; says which names it may have.
    """
    path = find_annotations(protocol, folder, split)
    return replace(protocol.read(path, split), synthetic=is_synthetic(path))


def read_file(protocol: Protocol, path: Path) -> tuple[Annotations, Split | None]:
    """What is in a file that predictions are for, and its split by its name; None: the name says nothing.

    A file is read as the test, unless its name says validation. A note says so where the name is not one of the
    protocol's own.

    Raises:
        UsageError: it is a file to train on, is broken, or is of another benchmark.
    """
    _check_measured(protocol)
    split = split_of(protocol, path)
    tests = f"the test of {protocol.name} is {' or '.join(protocol.files['test'])}"
    if split == "train":
        raise UsageError(
            f"{path}: is by its name a training split, and numbers on that say nothing; {tests}; rename a test that "
            "is called so by mistake"
        )
    found = protocol.read(path, "validation" if split == "validation" and split in protocol.files else "test")
    found = replace(found, synthetic=is_synthetic(path))
    if split == "test":
        return found, split
    if split is None:
        note = f"the name {path.name} does not say which split it holds; it is taken for the test: {tests}"
    else:
        note = f"{path.name} is by its name a file for validation: no number for a table of tests; {tests}"
    return replace(found, notes=(*found.notes, note)), split


def _check_measured(protocol: Protocol) -> None:
    if protocol.task == "captions":
        raise UsageError(f"{protocol.name} is a set of captions to learn from, and nothing is measured on it")


def split_of(protocol: Protocol, path: Path) -> Split | None:
    """The split that a file holds by its name: one of the protocol's names, else by a word in it such as train.

    Of several splits in a name the first of test, validation and training counts. Where a benchmark's test is itself
    called its validation (YouCook2) or a numbered one (ActivityNet's val_1), that word stands for the test, unless the
    name says training too. None: the name says nothing.
    """
    name = path.name.removesuffix(".gz")
    words = _words(name)
    known = [split for split in _SPLITS if name in protocol.files.get(split, ())]
    said = [split for split in _SPLITS if any(_means(word, split) for word in words)]
    own = {word for test in protocol.files.get("test", ()) for word in _words(test) if _means(word, "validation")}
    if own & {*words} and "train" not in said:
        said.insert(0, "test")
    return next(iter((*known, *said)), None)


def _words(name: str) -> list[str]:
    """Of a file's name, each with the number behind it: val_1, val-1 and val1 are val1; trainQA is train and qa."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [re.sub("[_-]", "", word) for word in re.findall(r"[a-z]+(?:[_-]?\d+)?", parted.lower())]


def _means(word: str, split: Split) -> bool:
    return re.fullmatch(_WORDS[split], word.rstrip("0123456789")) is not None

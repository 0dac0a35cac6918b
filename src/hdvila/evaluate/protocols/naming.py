"""An annotation file that somebody names, and which split it holds, as far as its own name says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hdvila.annotations.records import Annotations, Split
from hdvila.errors import UsageError
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["read_file", "split_of"]

_SPLITS: tuple[Split, ...] = ("test", "validation", "train")
_WORDS = {
    "test": ("test",),
    "validation": ("val", "valid", "validate", "validation", "dev"),
    "train": ("train", "training", "trn", "total"),
}


def split_of(protocol: Protocol, path: Path) -> Split:
    """The split that a file holds by its name: one of the protocol's names, else by a word in it such as train.

    A name that says nothing is taken for the test's. Of several splits in a name the first of test, validation and
    training counts.
    """
    name = path.name.removesuffix(".gz")
    words = re.findall("[a-z]+", name.lower())
    known = [split for split in _SPLITS if name in protocol.files.get(split, ())]
    said = [split for split in _SPLITS if any(word in words for word in _WORDS[split])]
    return next(iter((*known, *said)), "test")


def read_file(protocol: Protocol, path: Path) -> tuple[Annotations, Split]:
    """What is in a file that predictions are for, and its split by its name; of one for validation a note says so.

    Raises:
        UsageError: it is a file to train on, is broken, or is of another benchmark.
    """
    split = split_of(protocol, path)
    tests = f"the test of {protocol.name} is {' or '.join(protocol.files['test'])}"
    if split == "train":
        raise UsageError(
            f"{path}: is by its name what models learn from, and numbers on that say nothing; {tests}; rename a test "
            "that is called so by mistake"
        )
    found = protocol.read(path, split if split in protocol.files else "test")
    if split == "test":
        return found, split
    note = f"{path.name} is by its name a file for validation: no number for a table of tests; {tests}"
    return replace(found, notes=(*found.notes, note)), split

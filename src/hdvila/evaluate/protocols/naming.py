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


def split_of(protocol: Protocol, path: Path) -> Split | None:
    """The split that a file holds by its name: one of the protocol's names, else by a word in it such as train.

    Of several splits in a name the first of test, validation and training counts. Where a benchmark's test is itself
    called its validation (YouCook2) or a numbered one (ActivityNet's val_1), that word stands for the test. None: the
    name says nothing.
    """
    name = path.name.removesuffix(".gz")
    words = _words(name)
    own = [word for test in protocol.files["test"] for word in _words(test) if _plain(word) in _WORDS["validation"]]
    known = [split for split in _SPLITS if name in protocol.files.get(split, ())]
    tests: list[Split] = ["test" for word in words if word in own]
    said = [split for split in _SPLITS if any(_plain(word) in _WORDS[split] for word in words)]
    return next(iter((*known, *tests, *said)), None)


def _words(name: str) -> list[str]:
    """Of a file's name, each with the number behind it: val_1 and val1 are val1."""
    return [word.replace("_", "") for word in re.findall(r"[a-z]+(?:_?\d+)?", name.lower())]


def _plain(word: str) -> str:
    return word.rstrip("0123456789")


def read_file(protocol: Protocol, path: Path) -> tuple[Annotations, Split]:
    """What is in a file that predictions are for, and its split by its name, the test where that says nothing.

    A note says what a name says other than the protocol's own, for no number is better than its split.

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
    found = protocol.read(path, split if split in protocol.files else "test")  # type: ignore[arg-type]
    if split == "test":
        return found, split
    if split is None:
        note = f"the name {path.name} does not say which split it holds, taken for {tests}: make sure that it is"
        return replace(found, notes=(*found.notes, note)), "test"
    note = f"{path.name} is by its name a file for validation: no number for a table of tests; {tests}"
    return replace(found, notes=(*found.notes, note)), split

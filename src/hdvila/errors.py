"""The errors of the house.

    HdvilaError
    ├── UsageError            wrong use: a key, a flag or an argument that cannot mean anything (exit status 2)
    ├── MediaError            a video or picture that cannot be read or written; names the file
    ├── TranscriptError       a subtitle file that cannot be read; names the file
    ├── CheckpointError       weights that do not fit the model; names the keys
    ├── StoreError            a corpus or shard that is missing, damaged or of another version
    ├── LibraryError          a search library that is missing, locked or of another version
    ├── TrainingError         a run that cannot start or go on; names the run folder
    ├── MissingDependency     an optional package is needed; says what to install
    └── InternalError         a mistake of this program; never the fault of a file

Every message has three parts: what happened and with which value, why, and what to do next.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from types import ModuleType

__all__ = [
    "CheckpointError",
    "HdvilaError",
    "InternalError",
    "Interrupted",
    "LibraryError",
    "MediaError",
    "MissingDependency",
    "StoreError",
    "TrainingError",
    "TranscriptError",
    "UsageError",
    "is_defect",
    "one_line",
    "reason_of",
    "require",
    "require_all",
    "some_of",
]

_SHOWN = 5
_MISSING = "the package {!r} is not installed, and this needs it: pip install 'hdvila[{}]'"


class HdvilaError(Exception):
    """Whatever this package raises on purpose.

    Attributes:
        kind: what is wrong in general, without names and numbers, where many files are to be counted by it; or empty.
    """

    def __init__(self, *message: object, kind: str = "") -> None:
        super().__init__(*message)
        self.kind = kind


class UsageError(HdvilaError):
    """Wrong use: an option, key or argument that cannot mean anything here."""


class MediaError(HdvilaError):
    """A video or picture that cannot be read or written."""


class TranscriptError(HdvilaError):
    """A subtitle file that cannot be read."""


class CheckpointError(HdvilaError):
    """Weights that do not fit."""


class StoreError(HdvilaError):
    """A corpus or shard that is missing, damaged or of another version."""


class LibraryError(HdvilaError):
    """A search library that is missing, locked or of another version."""


class TrainingError(HdvilaError):
    """A training run that cannot start or go on."""


class Interrupted(KeyboardInterrupt):
    """A long job was asked to stop by a signal, and has kept what it had made.

    Attributes:
        signal: its number, such as that of SIGINT or SIGTERM.
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal


class MissingDependency(HdvilaError):
    """An optional package is not installed."""


class InternalError(HdvilaError):
    """A mistake of this program, or of a library that it uses, that ended the work on one file."""

    def __init__(self, error: BaseException) -> None:
        where, trace = "", error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals.get("__name__", "").startswith(__package__ + "."):
                where = f" ({trace.tb_frame.f_globals['__name__']}, line {trace.tb_lineno})"
            trace = trace.tb_next
        what = f"internal error, please report it: {type(error).__name__}: {' '.join(str(error).split())}{where}"
        super().__init__(what, kind=f"internal error, please report it: {type(error).__name__}")


# What Python raises where code calls other code wrongly. NotImplementedError is among them because torch and others
# raise it for an operation that they do not have; no code of ours does. A file's bytes cannot make code of ours raise
# any of these; where a library parses damage with them, `is_defect` is told its name.
_DEFECTS = (TypeError, AttributeError, NameError, AssertionError, NotImplementedError, ImportError)


def is_defect(error: BaseException, reader: str = "") -> bool:
    """Whether an error is a mistake of a program, and so says nothing about the file that was being read.

    Args:
        reader: a package that parses the file in Python and stumbles over damage with such errors; those that are
            raised inside it do not count.
    """
    if not isinstance(error, _DEFECTS):
        return False
    inside, trace = "", error.__traceback__
    while trace is not None:
        inside, trace = trace.tb_frame.f_globals.get("__name__", ""), trace.tb_next
    return not reader or inside.split(".")[0] != reader


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional package, or say which extra brings it.

    Args:
        module: the import name, such as ``"faiss"``.
        extra: the extra of this package that installs it, such as ``"search"``.

    Raises:
        MissingDependency: the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependency(_MISSING.format(module, extra)) from error


def require_all(*modules: str, extra: str) -> None:
    """Say at once, before hours of work, which optional package is missing; nothing is imported.

    Raises:
        MissingDependency: one of them is not installed.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingDependency(_MISSING.format(module, extra))


def one_line(error: BaseException) -> str:
    """The message of an error without line breaks; its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def reason_of(error: BaseException) -> str:
    """What an error says of a file that is named already: of the system's and FFmpeg's only the reason."""
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


def some_of(names: Sequence[str]) -> str:
    """Which they are, for a message of one line: the first five, and how many more."""
    first = ", ".join(names[:_SHOWN])
    return first if len(names) <= _SHOWN else f"{first} and {len(names) - _SHOWN:,} more"

"""The conventions of all commands: results on stdout, progress and errors on stderr, exit statuses.

    0    done
    1    some inputs failed and are listed, or the work could not be done
    2    wrong use
    130  interrupted from the keyboard (SIGINT)
    143  ended by SIGTERM; finished work is kept

An expected failure is one line on stderr. Set ``HDVILA_DEBUG=1`` for its traceback.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

import typer

from hdvila.cli.reporters import PlainReporter, RichReporter
from hdvila.errors import HdvilaError, Interrupted, UsageError
from hdvila.files import is_full_disk
from hdvila.progress import Reporter

if TYPE_CHECKING:
    from hdvila.hub import WantedPrecision

__all__ = [
    "DONE",
    "FAILED",
    "INTERRUPTED",
    "PRECISION",
    "WRONG_USE",
    "counted",
    "emit",
    "escape_unencodable",
    "file_line",
    "finish",
    "model_name",
    "precision_name",
    "reporter",
    "short",
    "status_of",
]

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
_SIGNAL = 128  # plus the number of a signal, as shells count

_CLICK_USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WEIGHT_FILES = (".safetensors", ".pt", ".pth", ".bin")


def emit(record: Mapping[str, object], json: bool, line: str = "") -> None:
    """Write one result to stdout and flush: as JSON on one line, or as `line` for a person.

    Args:
        record: the result for JSON; numbers must be finite.
        json: write JSON instead of the line.
        line: the result for a person.
    """
    text = _as_json(record) if json else line
    escape_unencodable(sys.stdout)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 clip``, ``2,185 clips``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def file_line(status: str, clips: int, file: str, reason: str) -> str:
    """A line about a file of a library."""
    held = counted(clips, "clip") if clips else ""
    why = f"  ({reason.removeprefix(f'{file}: ')})" if reason else ""
    return f"{status:<9}  {held:>10}  {short(file)}{why}"


def short(path: str | os.PathLike[str]) -> str:
    """A path for a person: relative if that is shorter, with line breaks and control characters escaped."""
    whole = os.fspath(path)
    try:
        from_here = os.path.relpath(whole)
    except (OSError, ValueError):  # the folder is gone, or another drive
        from_here = whole
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), min(whole, from_here, key=len))


def reporter() -> Reporter:
    """Progress bars with the remaining time if stderr is a terminal, else a line from time to time."""
    escape_unencodable(sys.stderr)
    return RichReporter() if sys.stderr.isatty() else PlainReporter(sys.stderr)


def finish(failed: int) -> None:
    """End a command with status 1 if some inputs failed (they are listed already), else 0."""
    if failed:
        raise typer.Exit(FAILED)


def model_name(source: str) -> str:
    """Check the value of an option that names a model: an existing path, or a possible hub name.

    Raises:
        UsageError: it is neither.
    """
    could_be_hub_name = re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", source) and not source.endswith(_WEIGHT_FILES)
    if not os.path.exists(source) and not could_be_hub_name:
        raise UsageError(f"{source}: there is no such model: name a model folder, a checkpoint file or a hub name a/b")
    return source


PRECISION = typer.Option(
    "auto", "--precision", help="What the model computes in: float32, bfloat16, or auto: bfloat16 where it is fast."
)


def precision_name(given: str) -> WantedPrecision:
    """Check the value of `PRECISION`, and remark if this machine is slow in it.

    Raises:
        UsageError: there is no such precision.
    """
    from hdvila.hub import SLOW, fast_precision, wanted_precision

    wanted = wanted_precision(given)
    if wanted == "bfloat16" and fast_precision() != "bfloat16":
        reporter().note(f"{SLOW}: --precision float32")
    return wanted


def status_of(error: BaseException) -> int:
    """Write an error to stderr, in one line, and return its exit status.

    Args:
        error: any exception of a command.

    Raises:
        BaseException: the same error, if it is unexpected: a defect, shown with its traceback.
    """
    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, _CLICK_USAGE_ERROR) and not str(error):
        return DONE  # a group without a command: its help is already printed
    if isinstance(error, BrokenPipeError):
        # The reader of stdout has exited (`hdvila search ... | head`), so there is nothing to report.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    message, status = _expected(error)
    if not message:
        raise error
    if os.environ.get("HDVILA_DEBUG"):
        traceback.print_exception(error)
    escape_unencodable(sys.stderr)
    sys.stderr.write(f"hdvila: {' '.join(message.split())}\n")
    return status


def _expected(error: BaseException) -> tuple[str, int]:
    """(message, status), or ("", 0) for an unexpected error."""
    if isinstance(error, _CLICK_USAGE_ERROR):
        return _usage_message(error), WRONG_USE
    if isinstance(error, Interrupted):
        return str(error), _SIGNAL + error.signal
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return "interrupted; the same command goes on from here", INTERRUPTED
    if is_full_disk(error):
        return f"no room left to write: {error}; free some space, then the same command goes on from here", FAILED
    if isinstance(error, UsageError):
        return str(error), WRONG_USE
    if isinstance(error, HdvilaError):
        return str(error), FAILED
    if isinstance(error, OSError):
        return _os_message(error), FAILED
    return "", DONE


def _usage_message(error: Exception) -> str:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "hdvila"
    dashed = (
        "; words that begin with a dash go behind --" if command.endswith(" search") and "option" in message else ""
    )
    return f"{message.rstrip('.?')}; see {command} --help{dashed}"


def _os_message(error: OSError) -> str:
    what = error.strerror or type(error).__name__
    where = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    return f"{what}{where}" if where or error.strerror else str(error) or what


def _as_json(record: Mapping[str, object]) -> str:
    return json.dumps(record, allow_nan=False)


def escape_unencodable(stream: TextIO) -> None:
    """Make a stream write characters that the terminal cannot show, as in file names, as escapes instead of failing."""
    if hasattr(stream, "reconfigure"):
        with contextlib.suppress(OSError, ValueError):
            stream.reconfigure(errors="backslashreplace")

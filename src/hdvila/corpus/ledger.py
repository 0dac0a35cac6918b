"""``build.json``: what a corpus was built with. Settings that shape its clips are those of the first build, for good.

It holds nothing of the machine, so that equal builds are equal to the byte; a run that was killed and started again
leaves the same entry as one that was not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from hdvila.corpus.failures import Failure, StepSummary
from hdvila.corpus.options import CorpusOptions
from hdvila.errors import StoreError
from hdvila.files import replacing

LEDGER = "build.json"
_OF_THE_MACHINE = frozenset({"root", "downloads", "workers", "cluster"})
_BEFORE_TARGETS = {"target_seconds": 0.0, "target_words": 0.0}  # how clips were laid before there were targets
_OF_A_RUN = frozenset(
    {"min_height", "language", "exclude", "exclude_like", "hours_per_category", "seed", "clips_per_shard"}
)


def read_ledger(root: Path) -> dict[str, Any]:
    """``settings``, ``runs`` and ``contaminated`` of a corpus, each empty where nothing is known.

    Raises:
        StoreError: the file cannot be read.
    """
    empty: dict[str, Any] = {"settings": {}, "runs": [], "contaminated": []}
    try:
        found = json.loads((root / LEDGER).read_text(encoding="utf-8"))
        ledger = empty | {name: type(empty[name])(found[name]) for name in empty if name in found}
    except FileNotFoundError:
        return empty
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{root / LEDGER}: cannot be read ({error}); put it back, or start a new corpus") from error
    if ledger["settings"]:
        ledger["settings"] = _BEFORE_TARGETS | ledger["settings"]
    return ledger


def begun_with(root: Path) -> dict[str, Any]:
    """The options that shaped the clips of a corpus, as `CorpusOptions` takes them; nothing where it has no clip, or
    none that is known. Without ``punctuation``, of which it knows the name alone.

    Raises:
        StoreError: the file cannot be read.
    """
    known = {field.name for field in fields(CorpusOptions)} - {"punctuation"}
    if not any((root / "shards").glob("*.tar")):
        return {}
    return {name: value for name, value in read_ledger(root)["settings"].items() if name in known}


def fix_settings(root: Path, options: CorpusOptions, *, empty: bool) -> CorpusOptions:
    """See that clips are made as the clips that are there were made; in a corpus that is `empty`, so it stays from now.

    Gives the options with the targets that hold: those of the corpus where none are given.

    Raises:
        StoreError: they were made with another setting; names it and both values.
    """
    ledger = read_ledger(root)
    options = _with_targets(options, ledger["settings"], empty)
    settings = _plain(options, _OF_THE_MACHINE | _OF_A_RUN)
    for name, value in settings.items():
        before = ledger["settings"].get(name, value)
        if before != value and not empty:
            raise StoreError(
                f"{root}: was built with {name}={before}, not {value}, and all clips of a corpus are made alike; "
                f"give {name}={before} (--{name.replace('_', '-')} {before}), or use another folder"
            )
    if settings != ledger["settings"]:
        write_ledger(root, ledger | {"settings": settings})
    return options


def _with_targets(options: CorpusOptions, settings: dict[str, Any], empty: bool) -> CorpusOptions:
    """With each target as it is given, or else as the corpus began; an `empty` one begins with what `options` say."""
    seconds, words = options.targets
    if not empty:
        begun = _BEFORE_TARGETS | settings
        seconds = begun["target_seconds"] if options.target_seconds is None else options.target_seconds
        words = begun["target_words"] if options.target_words is None else options.target_words
    return replace(options, target_seconds=float(seconds), target_words=float(words))


def record_run(
    root: Path,
    source: str,
    options: CorpusOptions,
    steps: Sequence[StepSummary],
    contaminated: Iterable[Failure],
    stored: Collection[str],
) -> list[Failure]:
    """Add a run, unless an equal one is there, and the videos that should not be in the corpus.

    Gives all such videos, in the order of their names: what an earlier run found counts as long as they are `stored`.

    Raises:
        StoreError: the file cannot be read or written.
    """
    ledger = read_ledger(root)
    run = {
        "source": source,
        "options": _plain(options, frozenset(asdict(options)) - _OF_A_RUN),
        "steps": [{"name": step.step, "in": step.came_in, "out": step.came_out} for step in steps],
    }
    reasons = {row["video"]: row["reason"] for row in ledger["contaminated"] if row["video"] in stored}
    reasons |= {failure.video: failure.reason for failure in contaminated}
    after = {
        "runs": ledger["runs"] if run in ledger["runs"] else [*ledger["runs"], run],
        "contaminated": [{"video": video, "reason": reasons[video]} for video in sorted(reasons)],
    }
    write_ledger(root, ledger | after)
    return [Failure(row["video"], "exclude", row["reason"]) for row in after["contaminated"]]


def _plain(options: CorpusOptions, without: Collection[str]) -> dict[str, Any]:
    """Options as plain values, files by their names alone."""
    said: dict[str, Any] = {name: value for name, value in asdict(options).items() if name not in without}
    for name in ("exclude", "exclude_like"):
        if name in said:
            said[name] = [path.resolve().name for path in said[name]]
    if "lr_height" in said:
        said["lr_height"] = options.lr_lines
    if "punctuation" in said:
        said["punctuation"] = options.punctuation.resolve().name if options.punctuation else "built in"
    return said


def write_ledger(root: Path, ledger: Mapping[str, Any]) -> None:
    """Replace the file in one step.

    Raises:
        StoreError: it cannot be written.
    """
    with replacing(root / LEDGER, kind=StoreError) as partial:
        partial.write_text(json.dumps(ledger, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")

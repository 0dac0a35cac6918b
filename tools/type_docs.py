"""Type the commands of the documents and hold what comes out against the number that stands beside them.

    python tools/type_docs.py                        every typed block of README.md and docs/, in order; hours
    python tools/type_docs.py docs/finetuning.md     of one page
    python tools/type_docs.py --list                 what there is

A block is typed if a comment stands above it: ``<!-- typed: NAME -->``, or ``<!-- typed: NAME, within 4 -->``. Blocks
of one name on one page are one session: they run in one new folder, line by line, as a reader types them. A line that
ends with a comment such as ``# R@1 44 %`` must come to that number, which is read from what the same line prints with
``--json``, in percent, and `within` says how far it may be off (2 by default). A line that fails ends its session.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"<!-- typed: ([\w-]+)(?:, within ([\d.]+))? -->\n+```sh\n(.*?)```", re.DOTALL)
_EXPECTED = re.compile(r"[#,]\s*(accuracy|R@1|R@5|R@10)\s+([\d.]+) %")
_PLACES = {"accuracy": ("accuracy",), **{f"R@{k}": ("text_to_video", f"r{k}") for k in (1, 5, 10)}}


@dataclass(frozen=True)
class Line:
    """A command, what it must come to ((metric, percent) pairs), and how far off it may be."""

    command: str
    expected: tuple[tuple[str, float], ...]
    within: float


def sessions(page: Path) -> dict[str, list[Line]]:
    """The commands of a page by the name of their session."""
    found: dict[str, list[Line]] = {}
    for name, within, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        found.setdefault(name, []).extend(_lines(block, float(within or 2)))
    return found


def _lines(block: str, within: float) -> Iterator[Line]:
    for text in block.replace("\\\n", " ").splitlines():
        command, _, comment = text.partition("  #")
        if command.strip() and not command.startswith("#"):
            pairs = _EXPECTED.findall(f"#{comment}")
            yield Line(command.strip(), tuple((metric, float(number)) for metric, number in pairs), within)


def run(lines: list[Line], folder: Path) -> bool:
    """Type the lines in a folder; whether all went well and came to their numbers."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for line in lines:
        began = time.perf_counter()
        print(f"  $ {line.command}", flush=True)
        done = subprocess.run(["bash", "-c", line.command], cwd=folder, env=environment, capture_output=True, text=True)
        print(f"    {time.perf_counter() - began:.0f} s, status {done.returncode}", flush=True)
        if done.returncode:
            print(done.stdout + done.stderr)
            return False
        if line.expected:
            said = subprocess.run(
                ["bash", "-c", f"{line.command} --json"], cwd=folder, env=environment, capture_output=True, text=True
            )
            record = json.loads(said.stdout.splitlines()[-1])
            held = [_holds(record, metric, wanted, line.within) for metric, wanted in line.expected]
            if not all(held):
                return False
    return True


def _holds(record: Mapping[str, Any], metric: str, wanted: float, within: float) -> bool:
    value: Any = record
    for name in _PLACES[metric]:
        value = value[name]
    came = 100 * float(value)
    holds = abs(came - wanted) <= within
    print(
        f"    {metric} {came:.1f} %, the page says {wanted:g} (within {within:g}): {'yes' if holds else 'NO'}",
        flush=True,
    )
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, help="default: README.md and all of docs/")
    parser.add_argument("--only", help="one session")
    parser.add_argument("--into", type=Path, help="where to type; default: a new folder that is deleted afterwards")
    parser.add_argument("--list", action="store_true")
    chosen = parser.parse_args()
    wrong = []
    for page in chosen.pages or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for name, lines in sessions(page).items():
            if chosen.only not in (None, name):
                continue
            print(f"{page.name}: {name}, {len(lines)} commands", flush=True)
            if chosen.list:
                continue
            with tempfile.TemporaryDirectory() as new:
                folder = chosen.into or Path(new)
                folder.mkdir(parents=True, exist_ok=True)
                if not run(lines, folder):
                    wrong.append(f"{page.name}: {name}")
    if wrong:
        print(f"not as written: {', '.join(wrong)}")
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())

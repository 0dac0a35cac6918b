"""Build the wheel and use it as a stranger would: on every Python that is here, in a clean environment, unconstrained.

    python tools/try_wheel.py                      # every Python that pyproject.toml names and this machine has
    python tools/try_wheel.py --python python3.12  # these only

For each Python, one after the other: a new environment, the wheel alone with the newest of all that it needs, then
videos are rendered, cut to a corpus, indexed, searched and evaluated; then the wheel with [train], and a model is
trained for two steps, saved, loaded and used. Then the environment is deleted. torch alone is not the newest but that
of constraints.txt, because it is large; on Linux its CUDA build comes wherever no CPU build is offered, some 5 GB.

Exit status 1: something failed, or no Python could be tried. The last lines say what was tried and what was not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOM = 8 * 10**9  # bytes that an environment with a CUDA build and its downloads need
LONGEST = 1800  # seconds of one command

SMALL_MODEL = """
import torch
from hdvila.hub import Processor, build_model
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.recipes.hdvila.miniature import miniature_model
from hdvila.text.tokenizer import Tokenizer
from dataclasses import replace
torch.manual_seed(0)
model = build_model(replace(miniature_model("stage1"), frames=3))
words = ["a red ball rolls to the left", "the blue cube falls"]
model.processor = Processor(Preprocess(128, 192, segments=1, neighbours=1, rate=4), Tokenizer.train(words, 200), 16)
model.save_pretrained("model")
"""
USE_MODEL = """
import pathlib, hdvila
model = hdvila.load_model("run/model")
video = model.embed_video(sorted(pathlib.Path("world/videos").glob("*.mp4"))[0], 0.0, 4.0)
assert abs(float(model.embed_text(["a red ball"])[0] @ video)) <= 1.001, "no cosine"
"""
VERSIONS = """
import importlib.metadata as m, json, platform
versions = {name: m.version(name) for name in ("torch", "av", "numpy", "pyarrow")}
print(json.dumps({"python": platform.python_version(), **versions}))
"""
SIZES = [
    *("--language", "any", "--min-height", "144", "--hr-height", "144", "--lr-height", "36", "--workers", "1"),
    *("--target-seconds", "0"),
]


class Failed(Exception):
    """A command of a trial that did not do what it should."""


class NoTorch(Exception):
    """The index does not give torch for this Python: that says nothing of the wheel."""


@dataclass
class Environment:
    """A clean environment with a working folder; what runs in it sees nothing of ours."""

    python: str
    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "env" / ("Scripts" if os.name == "nt" else "bin")

    def run(self, *words: str | Path, wanted: str = "") -> str:
        """Run a program of the environment; its output, in which `wanted` has to stand."""
        program, *rest = map(str, words)
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "VIRTUAL"))
        }
        print(f"    {program} {' '.join(' '.join(word.split())[:60] for word in rest)}", flush=True)
        done = subprocess.run(
            [self.bin / program, *rest], cwd=self.folder, env=clean, text=True, capture_output=True, timeout=LONGEST
        )
        if done.returncode or wanted not in done.stdout:
            missing = f", and {wanted!r} is not in what it printed" if not done.returncode else ""
            raise Failed(f"exit status {done.returncode}{missing}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="an interpreter; may be given several times")
    asked = parser.parse_args().python
    pythons = {str(version): path for path in asked for version in [_version(path)]} if asked else dict(_pythons())
    told: list[str] = []
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hdvila-wheel-") as name:
        wheel = _build(Path(name))
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
        _check_page(wheel)
        for version, path in pythons.items():
            if not path:
                told.append(f"Python {version}: not here, not tried")
            elif (free := shutil.disk_usage(name).free) < ROOM:
                told.append(f"Python {version}: not tried, {free / 1e9:.1f} GB of {ROOM / 1e9:.0f} GB are free")
            else:
                line, good = _try(version, path, wheel, Path(name))
                told.append(line)
                failed += not good
    print("\n".join(["", *told]))
    good = sum(" good" in line for line in told)
    print(f"{good} passed, {failed} failed, {len(told) - good - failed} skipped")
    return 1 if failed or not good else 0


def _try(version: str, python: str, wheel: Path, root: Path) -> tuple[str, bool]:
    """One Python: what to tell of it, and whether all went well."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"python-{version}-", dir=root) as folder:
        here, stage = Environment(python, Path(folder)), "install"
        try:
            for stage, work in (("base", _base), ("[train]", _train)):
                print(f"Python {version}, {stage}", flush=True)
                work(here, wheel)
            facts = json.loads(here.run("python", "-c", VERSIONS))
        except NoTorch as error:
            return f"Python {version}: not tried, {error}", True
        except (Failed, subprocess.SubprocessError) as error:
            print(error, flush=True)
            return f"Python {version}: FAILED in {stage}: {str(error).splitlines()[0]}", False
        size = sum(file.lstat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e9
    found = ", ".join(f"{name} {number}" for name, number in facts.items())
    return f"Python {version}: base and [train] good ({found}; {size:.1f} GB, {time.monotonic() - began:.0f} s)", True


def _base(here: Environment, wheel: Path) -> None:
    subprocess.run([here.python, "-m", "venv", here.folder / "env"], check=True, timeout=LONGEST)
    try:
        here.run("python", "-m", "pip", "install", "--quiet", "--no-compile", _torch())
    except (Failed, subprocess.SubprocessError) as error:
        print(error, flush=True)
        raise NoTorch(f"{_torch()} cannot be installed here") from error
    here.run("python", "-m", "pip", "install", "--quiet", "--no-compile", wheel)
    here.run("python", "-m", "pip", "check")
    here.run("hdvila", "doctor", wanted="frames are read as they were written")
    here.run("hdvila", "miniature", "render", "--into", "world", "--videos", "3", "--workers", "1")
    manifest = "world/manifest-train.jsonl"
    here.run("hdvila", "corpus", "build", manifest, "--into", "corpus", *SIZES, wanted="0 failed")
    here.run("python", "-c", SMALL_MODEL)
    here.run("hdvila", "index", "world/videos", "--library", "library", "--model", "model", wanted="indexed")
    here.run("hdvila", "search", "a red ball", "--library", "library", wanted=".mp4")
    here.run("hdvila", "evaluate", "--model", "model", "--corpus", "corpus", wanted="R@1")


def _train(here: Environment, wheel: Path) -> None:
    here.run("python", "-m", "pip", "install", "--quiet", "--no-compile", f"{wheel}[train]")
    changes = ["steps=2", "batch_size=4", "data.miniature.videos=3"]
    settings = [word for change in changes for word in ("--set", change)]
    here.run("hdvila", "train", "miniature-stage1", "--into", "run", *settings, wanted="model")
    here.run("python", "-c", USE_MODEL)
    here.run("hdvila", "index", "world/videos", "--library", "trained", "--model", "run/model", wanted="indexed")
    here.run("hdvila", "search", "a red ball", "--library", "trained", wanted=".mp4")


def _build(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder / "dist", ROOT]
    subprocess.run(command, check=True, timeout=LONGEST)
    (wheel,) = (folder / "dist").glob("hdvila-*.whl")
    return wheel


def _check_page(wheel: Path) -> None:
    """What an index shows of the wheel: nothing leads to files that are not there.

    Raises:
        SystemExit: something does.
    """
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        page = archive.read(name).decode()
    if dead := re.findall(r"\]\((?!https?:|#)[^)]*\)", page):
        sys.exit(f"{wheel.name}: on an index these links lead nowhere: {', '.join(dead)}")
    if "Project-URL: " not in page:
        sys.exit(f"{wheel.name}: pyproject.toml names no project.urls")


def _torch() -> str:
    """As constraints.txt has it."""
    text = (ROOT / "constraints.txt").read_text()
    return next(line for line in text.splitlines() if line.startswith("torch=="))


def _pythons() -> Iterator[tuple[str, str]]:
    """The versions that pyproject.toml names, and an interpreter of each, or ''."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        classifiers = tomllib.load(file)["project"]["classifiers"]
    for version in re.findall(r"Python :: (3\.\d+)", "\n".join(classifiers)):
        names = [f"python{version}", *sorted(_of_pyenv(version)), sys.executable]
        yield version, next((path for name in names if (path := shutil.which(name)) and _version(path) == version), "")


def _of_pyenv(version: str) -> Iterator[str]:
    if program := shutil.which("pyenv"):
        root = subprocess.run([program, "root"], capture_output=True, text=True, check=True).stdout.strip()
        yield from map(str, Path(root, "versions").glob(f"{version}.*/bin/python"))


def _version(python: str) -> str:
    """Such as ``3.12``; '' where the interpreter does not run or lacks what an environment needs."""
    code = "import ssl, sqlite3, venv, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


if __name__ == "__main__":
    sys.exit(main())

"""``hdvila doctor``: what is installed and what this machine can do. A look, never a test: exit status 0."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sqlite3
from collections.abc import Iterator

import typer

from hdvila import __version__
from hdvila.cli.console import emit

app = typer.Typer(add_completion=False)

_BASE = ("torch", "numpy", "av", "faiss-cpu", "tokenizers", "safetensors", "simplejpeg", "pyarrow")
_EXTRAS = {
    "train": ("lightning-fabric", "tensorboard", "matplotlib", "jinja2"),
    "corpus": ("fsspec",),
    "hub": ("huggingface-hub",),
}
_DECODERS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "prores")


@app.command()
def doctor(json: bool = typer.Option(False, "--json", help="One object a line.")) -> None:
    """What is installed, and what this machine can do."""
    for name, value in _findings():
        emit({"name": name, "value": value}, json, f"{name:<18}{value}")


def _findings() -> Iterator[tuple[str, str]]:
    yield "hdvila", __version__
    yield "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    for package in _BASE:
        yield package, _version(package) or "MISSING: pip install hdvila"
    yield "sqlite", sqlite3.sqlite_version
    yield "decoders", _decoders()
    yield "cuda", _cuda()
    for extra, packages in _EXTRAS.items():
        missing = [package for package in packages if not _version(package)]
        found = ", ".join(f"{package} {_version(package)}" for package in packages if package not in missing)
        yield f"extra {extra}", f"missing {', '.join(missing)}: pip install 'hdvila[{extra}]'" if missing else found


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _decoders() -> str:
    try:
        codecs = importlib.import_module("av.codec").codecs_available
    except ImportError as error:
        return f"none: PyAV does not load ({error})"
    missing = [name for name in _DECODERS if name not in codecs]
    return ", ".join(name for name in _DECODERS if name in codecs) + (f"; not {', '.join(missing)}" if missing else "")


def _cuda() -> str:
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"none: torch does not load ({error})"
    if not torch.cuda.is_available():
        return "none; everything runs on the CPU"
    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return f"{', '.join(names)} (CUDA {torch.version.cuda})"

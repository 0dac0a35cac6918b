"""``hdvila doctor``: checks the installation, and writes and reads a video. Exit status 1: something is broken."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import typer
from packaging.requirements import Requirement

from hdvila import __version__
from hdvila.cli import console
from hdvila.errors import HdvilaError
from hdvila.processes import usable_cores

app = typer.Typer(add_completion=False)

_DECODERS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "prores")
_GREYS = tuple(range(20, 236, 18))
_LEVELS = 4  # largest change of a grey by H.264 or JPEG


@app.command()
def doctor(json: bool = typer.Option(False, "--json", help="One object a line.")) -> None:
    """Check what is installed, and that this machine reads and writes videos. Exit status 1: something is broken."""
    broken = 0
    for name, value in _findings():
        broken += value.startswith(("MISSING", "BROKEN"))
        console.emit({"name": name, "value": value}, json, f"{name:<20}{value}")
    console.finish(broken)


def _findings() -> Iterator[tuple[str, str]]:
    yield "hdvila", __version__
    yield "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "cores", str(usable_cores())
    yield from _packages()
    yield "sqlite", sqlite3.sqlite_version
    yield "decoders", _decoders()
    yield "video", _video()
    yield "cuda", _cuda()
    yield from _extras()


def _packages() -> Iterator[tuple[str, str]]:
    """The required packages, by the metadata of hdvila."""
    for requirement in _requirements("hdvila"):
        lacking = _lacking(requirement, set())
        found = "MISSING" if _version(requirement.name) is None else f"MISSING: this is {_version(requirement.name)}"
        yield requirement.name, f"{found}: pip install '{lacking[0]}'" if lacking else str(_version(requirement.name))


def _extras() -> Iterator[tuple[str, str]]:
    try:
        extras = importlib.metadata.metadata("hdvila").get_all("Provides-Extra") or []
    except importlib.metadata.PackageNotFoundError:
        yield "extras", "unknown, because hdvila runs from its source and is not installed"
        return
    for extra in extras:
        needed = _requirements("hdvila", extra)
        lacking = list(dict.fromkeys(text for requirement in needed for text in _lacking(requirement, set())))
        names = dict.fromkeys(requirement.name for requirement in needed if requirement.name != "hdvila")
        found = ", ".join(f"{name} {_version(name)}" for name in names)
        value = f"missing {', '.join(lacking)}: pip install 'hdvila[{extra}]'" if lacking else found
        yield f"extra {extra}", value


def _requirements(package: str, extra: str = "") -> list[Requirement]:
    """The requirements of a package on this machine, or those that one of its extras adds."""
    try:
        texts = importlib.metadata.requires(package) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = []
    for requirement in map(Requirement, texts):
        marker = requirement.marker
        always = marker is None or marker.evaluate({"extra": ""})
        if always != bool(extra) and (marker is None or marker.evaluate({"extra": extra})):
            found.append(requirement)
    return found


def _lacking(requirement: Requirement, seen: set[tuple[str, str]]) -> list[str]:
    """The missing or outdated packages of a requirement and of its extras."""
    version = _version(requirement.name)
    if version is None or not requirement.specifier.contains(version, prereleases=True):
        return [f"{requirement.name}{requirement.specifier}"]
    lacking = []
    for extra in sorted(requirement.extras):
        if (requirement.name, extra) not in seen:
            seen.add((requirement.name, extra))
            lacking += [text for needed in _requirements(requirement.name, extra) for text in _lacking(needed, seen)]
    return lacking


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _decoders() -> str:
    try:
        codecs = importlib.import_module("av.codec").codecs_available
    except (ImportError, OSError) as error:
        return f"BROKEN: PyAV does not load ({error})"
    missing = [name for name in _DECODERS if name not in codecs]
    return ", ".join(name for name in _DECODERS if name in codecs) + (f"; not {', '.join(missing)}" if missing else "")


def _video() -> str:
    """Write frames and read them again, as a video and in both formats of a corpus."""
    try:
        from hdvila.media import Packing, decode_jpeg, encode_jpeg, open_video, unpack, write_video

        greys = np.array(_GREYS, np.uint8)
        frames = np.broadcast_to(greys[:, None, None, None], (len(greys), 64, 96, 3)).copy()
        with tempfile.TemporaryDirectory(prefix="hdvila-doctor-") as folder:
            write_video(file := Path(folder) / "greys.mp4", frames, fps=10)
            with open_video(file) as video:
                read = {"in order": video.frames(range(len(greys))).rgb, "by time": video.at([0.7, 0.1]).rgb}
        packer = Packing("h264").packer(10)
        for frame in frames:
            packer.add(frame, 1)
        read["packed"] = np.concatenate([unpack("h264", data) for data in packer.finish(np.arange(12) / 10).data])
        read["JPEG"] = decode_jpeg(encode_jpeg(frames[3]))[None]
        for way, found in read.items():
            wanted = {"by time": greys[[7, 1]], "JPEG": greys[[3]]}.get(way, greys)
            off = np.abs(found.mean((1, 2, 3)) - wanted).max() if len(found) == len(wanted) else np.inf
            if off > _LEVELS:
                return f"BROKEN: frames that were written and read again ({way}) differ by {off:.0f} grey levels"
    except Exception as error:  # every failure is a finding
        what = str(error) if isinstance(error, HdvilaError) else f"{type(error).__name__}: {error}"
        return f"BROKEN: frames cannot be written and read: {' '.join(what.split())}"
    return "H.264 and JPEG: frames are read as they were written"


def _cuda() -> str:
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"none: torch does not load ({error})"
    if not torch.cuda.is_available():
        return "none; everything runs on the CPU"
    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return f"{', '.join(names)} (CUDA {torch.version.cuda})"

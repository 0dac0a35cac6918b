"""A video of a source: its id, its files, what a downloader wrote about it, and how it is recognised again."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hdvila.corpus.sources.hd_vila_100m import GivenClip
from hdvila.text import Sidecars
from hdvila.text.first_readable import PassedOver
from hdvila.writing import drop_surrogates

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates, except those that stand for bytes of a name
_SAMPLED = 1 << 16  # bytes at each end of a file


@dataclass(frozen=True, slots=True)
class SourceVideo:
    """A video to be cut.

    Attributes:
        video_id: unique.
        path: its file; without an ending if it is yet to be fetched.
        transcript: its subtitle file; None: the subtitles are inside the video.
        others: other files that may hold its words, the best first; tried if `transcript` cannot be read.
        passed_over: files that were tried before `transcript`, with the reasons why they were not taken.
        notes: what of its words was left out or guessed (`hdvila.types.Transcript.notes`).
        refused_clips: given bounds without a span: the name of each and the reason.
        unclaimed: if no subtitles were found, subtitle files beside it whose names have unknown parts.
        attributes: facts from the manifest, or else from ``NAME.info.json``, that the corpus keeps.
        duration: seconds, once the video was probed.
        clips: given bounds; None: they follow from the sentences.
        root: the folder of the source, relative to which published texts name its files; None: that of `path`.
    """

    video_id: str
    path: Path
    transcript: Path | None
    attributes: dict[str, str] = field(default_factory=dict)
    duration: float | None = None
    clips: tuple[GivenClip, ...] | None = None
    root: Path | None = field(default=None, compare=False)
    others: tuple[Path, ...] = field(default=(), compare=False)
    passed_over: tuple[PassedOver, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    unclaimed: tuple[str, ...] = field(default=(), compare=False)
    refused_clips: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def with_found(cls, video_id: str, path: Path, beside: Sidecars, language: str | None, **more: Any) -> SourceVideo:
        """A video with the subtitle files `beside` it, those in `language` first, its own track last.

        The facts of a downloader join its `attributes`; given attributes take precedence.
        """
        more["attributes"] = facts_beside(path) | more.get("attributes", {})
        found = beside.of(path.name, language)
        if not found:
            return cls(video_id, path, None, unclaimed=tuple(beside.unclaimed(path.name)), **more)
        return cls(video_id, path, found[0], others=(*found[1:], path), **more)

    def by(self, words: Path) -> SourceVideo:
        """With the transcript that a manifest names: this alone, unless it was found beside the video with others."""
        spoken = self.spoken if self.transcript else ()
        others = tuple(file for file in spoken if file != words) if words in spoken else ()
        return replace(self, transcript=words, others=others, unclaimed=())

    @property
    def spoken(self) -> tuple[Path, ...]:
        """The files that may hold its words, in the order in which they are tried."""
        return (self.transcript or self.path, *self.others)

    @property
    def file(self) -> str:
        """The path of the video relative to the folder of its source."""
        return self._name(self.path)

    def published(self, text: str) -> str:
        """`text` in one line that names the files of this video relative to the folder of the source."""
        for file in dict.fromkeys((*self.spoken, self.path)):
            for path in (file.absolute(), file):
                text = text.replace(str(path), self._name(file))
        return as_text(" ".join(text.split()))

    def prints(self) -> dict[str, str]:
        """What identifies the files of this video, as attributes of its clips.

        ``file``, and where the files exist, ``file_print``, ``transcript`` and ``transcript_print`` (see `file_print`).
        """
        files = {"file": self.path, "transcript": self.transcript}
        found: dict[str, str | None] = {"file": self.file}
        for name, file in files.items():
            if file is not None:
                found |= {name: self._name(file), f"{name}_print": file_print(file)}
        return {name: value for name, value in found.items() if value is not None}

    def _name(self, file: Path) -> str:
        name = os.path.relpath(file, self.path.parent if self.root is None else self.root)
        return as_text(Path(file.name if name.startswith("..") else name).as_posix())


def file_print(file: Path) -> str | None:
    """The fingerprint of a file, 16 hexadecimal digits, from its size and its first and last 64 KiB.

    None if it cannot be read.
    """
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            digest = hashlib.sha256(f"{size}\n".encode() + stream.read(_SAMPLED))
            stream.seek(max(0, size - _SAMPLED))
            digest.update(stream.read(_SAMPLED))
    except (OSError, ValueError):
        return None
    return digest.hexdigest()[:16]


def as_text(name: str) -> str:
    """A name as one line of valid UTF-8 without control characters."""
    line = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], _HALVES.sub("", name))
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


_INFO = ".info.json"


def info_of(video: Path) -> Path:
    """The file in which a downloader describes a video."""
    return video.with_name(video.stem + _INFO)


def facts_beside(video: Path) -> dict[str, str]:
    """``category``, ``channel`` and ``license`` of a video, as far as its ``NAME.info.json`` gives them.

    The category is the first of ``categories`` (YouTube gives one). The channel is its name, else the name of the
    uploader, else its id. Empty if there is no such file or it has another form.
    """
    try:
        info = json.loads(info_of(video).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(info, dict):
        return {}
    found = {
        "category": _first_text(info.get("categories")),
        "channel": _first_text([info.get(name) for name in ("channel", "uploader", "channel_id")]),
        "license": _first_text([info.get("license")]),
    }
    return {name: value for name, value in found.items() if value}


def _first_text(values: Any) -> str:
    """The first value that is text, in one line; empty if there is none."""
    listed = values if isinstance(values, list) else [values]
    return next((drop_surrogates(" ".join(one.split())) for one in listed if isinstance(one, str) and one.strip()), "")

"""All subtitle files of a folder: what they say, and which of them cannot be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hdvila.corpus.failures import Attempt, Failure
from hdvila.corpus.sources.video import SourceVideo, as_text
from hdvila.errors import UsageError
from hdvila.text import read_transcript
from hdvila.types import Transcript


def read_transcripts(
    folder: str | os.PathLike[str], *, language: str | None = None
) -> Iterator[tuple[str, Transcript | Failure]]:
    """Yield (name below the folder, transcript or why there is none) of every file in it and in the folders in it.

    Hidden files are not looked at; links to folders are not followed.

    Args:
        folder: subtitle files and videos.
        language: see `hdvila.text.read_transcript`.

    Raises:
        UsageError: there is no such folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{folder}: there is no such folder; name a folder of subtitle files")
    for file in sorted(_files(root)):
        name = as_text(file.relative_to(root).as_posix())
        yield name, _read(SourceVideo(name, file, None, root=root), language)


def _read(file: SourceVideo, language: str | None) -> Transcript | Failure:
    with Attempt(file, "transcript") as attempt:
        return read_transcript(file.path, language=language)
    return attempt.failure


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if not name.startswith("."))

"""A library: a folder that knows the clips of your videos and finds the one you describe."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from hdvila.errors import LibraryError, UsageError
from hdvila.files import exclusive
from hdvila.hub import load_model, pick_device
from hdvila.progress import SILENT, Reporter
from hdvila.search.database import connect, connect_to_write, is_library, read_meta
from hdvila.search.embed import Encoder, only_finite
from hdvila.search.identity import check_model, fingerprint, known_source, remember_model
from hdvila.search.index import FileReport, bring_up_to_date
from hdvila.search.query import closest, said
from hdvila.search.scan import folder_of_videos, scan
from hdvila.search.vectors import Vectors, read_vectors
from hdvila.types import Moment

__all__ = ["FileReport", "Library", "open_library"]

LOCK = "indexing.lock"
"""Kept by whoever writes to the library; readers are not kept out."""
BUSY = "another process is indexing into this library: wait until it is done, or stop it (searching works meanwhile)"


def open_library(path: str | os.PathLike[str]) -> Library:
    """The library in this folder. It need not be there yet: `Library.index` makes it, `Library.search` says so.

    Raises:
        UsageError: the path is a file.
    """
    if Path(path).is_file():
        raise UsageError(f"{path} is a file: a library is a folder, name one")
    return Library(Path(path))


class Library:
    """Clips of videos, their vectors and their subtitles, on disk. Nothing stays open between two calls.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._model: tuple[Encoder, str] | None = None  # with its fingerprint
        self._vectors: tuple[Vectors | None, str] | None = None  # with the state of the library they are of

    @property
    def exists(self) -> bool:
        """Whether there is a library in the folder."""
        return is_library(self.path)

    def index(
        self,
        folder: str | os.PathLike[str],
        model: Encoder | str | os.PathLike[str],
        *,
        reporter: Reporter = SILENT,
        each: Callable[[FileReport], None] = lambda report: None,
    ) -> list[FileReport]:
        """Make the videos of a folder, and of the folders in it, searchable.

        Only new and changed files are embedded; files that are gone are taken out; a file that failed is tried again
        when it has changed. Other folders' files in the library stay. Stop it at any moment: the same call goes on.

        Args:
            folder: where the videos are.
            model: what embeds them, or where it lies (see `hdvila.load_model`). A library has one model.
            reporter: hears about progress.
            each: called with every file's report as soon as it is certain.

        Returns:
            All reports.

        Raises:
            UsageError: no such folder, or the library was made with another model.
            LibraryError: another process is indexing into it, or it cannot be written.
        """
        root = folder_of_videos(folder)
        reports: list[FileReport] = []

        def note(report: FileReport) -> None:
            reports.append(report)
            each(report)

        with exclusive(self.path / LOCK, LibraryError, BUSY):
            source = "" if not isinstance(model, str | os.PathLike) else os.fspath(model)
            encoder, mark = self._take(model)
            with connect_to_write(self.path) as connection:
                check_model(connection, self.path, mark, source)
                with connection:
                    remember_model(connection, self.path, mark, source)
                bring_up_to_date(connection, encoder, scan(root), reporter, note)
        return reports

    def search(self, words: str, k: int = 10) -> list[Moment]:
        """The `k` moments that fit the words best, best first, each moment once.

        ``score`` is the cosine of words and clip, -1..1; it ranks the hits of one query and says little across queries.

        Raises:
            UsageError: no words, or `k` below 1.
            LibraryError: there is no library here, it is damaged, or its model is gone or has changed.
            CheckpointError: the model gives no numbers for these words.
        """
        _check_query(words, k)
        with connect(self.path) as connection:
            meta = read_meta(connection)
            with self._lock:
                if self._vectors is None or self._vectors[1] != meta.get("state", ""):
                    self._vectors = read_vectors(connection), meta.get("state", "")
                vectors = self._vectors[0]
            if vectors is None:
                return []
            query_D = only_finite(self._own_model(meta).embed_text([words]), "words")[0]
            return closest(connection, vectors, query_D, k)

    def said(self, words: str, k: int = 10) -> list[Moment]:
        """The `k` clips in whose subtitles all these words are said, best first; ``score`` is BM25, above 0.

        Raises:
            UsageError: no words, or `k` below 1.
            LibraryError: there is no library here, or it is damaged.
        """
        _check_query(words, k)
        with connect(self.path) as connection:
            return said(connection, words, k)

    def _take(self, model: Encoder | str | os.PathLike[str]) -> tuple[Encoder, str]:
        encoder: Encoder
        if isinstance(model, str | os.PathLike):
            encoder = load_model(os.fspath(model), device=pick_device())
        else:
            encoder = model
        if encoder.processor is None:
            raise UsageError(
                "this model has no processor, so it cannot read videos or words: make a model folder of it with "
                "hdvila convert CHECKPOINT --into FOLDER --tokenizer TOKENIZER, or set model.processor"
            )
        with self._lock:
            self._model = encoder, fingerprint(encoder.state_dict(), encoder.describe())
            return self._model

    def _own_model(self, meta: dict[str, str]) -> Encoder:
        """The model that made the vectors."""
        if self._model is not None and self._model[1] == meta["fingerprint"]:
            return self._model[0]
        source = known_source(meta, self.path)
        encoder, mark = self._take(source)
        if mark != meta["fingerprint"]:
            raise LibraryError(
                f"the model {source} has changed since the library {self.path} was made with it: put the old one back, "
                "or index the videos into another folder"
            )
        return encoder


def _check_query(words: str, k: int) -> None:
    if not words.strip():
        raise UsageError("the query is empty: say in a few words what the moment shows")
    if k < 1:
        raise UsageError(f"k={k}: ask for at least one hit")

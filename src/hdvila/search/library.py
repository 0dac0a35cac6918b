"""A library: a folder that indexes the clips of your videos and finds the one you describe.

Readers of videos and subtitles are imported by the methods that index, so that a search does not wait for them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from hdvila.errors import LibraryError, UsageError
from hdvila.files import exclusive
from hdvila.hub import WantedPrecision, load_model, pick_device, same_vectors, vectors_fingerprint
from hdvila.progress import SILENT, Reporter
from hdvila.search.database import connect, connect_to_write, is_library, read_meta
from hdvila.search.encoder import Encoder, only_finite
from hdvila.search.library_model import check_model, known_source
from hdvila.search.query import best_moments
from hdvila.search.speech import heard, said
from hdvila.search.vector_file import read_vectors
from hdvila.search.vectors import Vectors
from hdvila.search.words import read_words, small_world, trusted_cosine
from hdvila.types import Moment
from hdvila.writing import drop_surrogates

if TYPE_CHECKING:
    from hdvila.search.index import FileReport

__all__ = ["Library", "open_library"]

LOCK = "indexing.lock"
"""Held by the process that writes to the library; it does not block readers."""
BUSY = "another process is indexing into this library: wait until it is done, or stop it (searching works meanwhile)"


def open_library(path: str | os.PathLike[str]) -> Library:
    """The library in this folder. It need not exist yet: `Library.index` creates it, other methods raise an error.

    Raises:
        UsageError: the path is a file.
    """
    if Path(path).is_file():
        raise UsageError(f"{path} is a file: a library is a folder, name one")
    return Library(Path(path))


class Library:
    """Clips of videos, their vectors and their subtitles, on disk. No file stays open between calls.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._model: tuple[Encoder, str] | None = None  # with its fingerprint
        self._vectors: tuple[Vectors | None, str] | None = None  # with the state of the library they are of
        self._trusted: WeakKeyDictionary[Vectors, dict[int, float]] = WeakKeyDictionary()  # cache of `trusted_cosine`

    @property
    def exists(self) -> bool:
        """Whether there is a library in the folder."""
        return is_library(self.path)

    def index(
        self,
        places: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        model: Encoder | str | os.PathLike[str] | None = None,
        *,
        precision: WantedPrecision = "auto",
        reporter: Reporter = SILENT,
        each: Callable[[FileReport], None] = lambda report: None,
    ) -> list[FileReport]:
        """Make videos searchable: single files, and those in folders and their subfolders.

        Only new and changed files are embedded; a file that was moved or copied keeps its vectors; a file that failed
        is tried again once it has changed. A file that is gone is removed if others of its folder still exist; else the
        disk may not be mounted, and its clips are kept (see `prune`). Files of the library outside of `places` are
        left alone. The call can be stopped at any time: the same call continues.

        Args:
            places: a folder or file, or several.
            model: the model that embeds them, or its path (see `hdvila.load_model`); default: the library's own. A
                library has one model.
            precision: of a model that is loaded here; a model that is passed has its own. The library records it, and
                remarks when it gets vectors of another precision.
            reporter: receives progress, and first a remark on what the model can be asked.
            each: called with the report of every file once it is final.

        Returns:
            All reports.

        Raises:
            UsageError: there is no such folder or file, or the library was made with another model.
            LibraryError: another process is indexing into it, it cannot be written, or its model no longer exists.
        """
        from hdvila.search.index import bring_up_to_date
        from hdvila.search.scan import scan

        if model is None and not self.exists:
            raise UsageError(f"{self.path}: with which model? A new library needs one: add --model MODEL")
        roots = self._roots([places] if isinstance(places, str | os.PathLike) else places)
        reports: list[FileReport] = []

        def note(report: FileReport) -> None:
            reports.append(report)
            each(report)

        if model is None:
            with connect(self.path) as connection:
                model = known_source(read_meta(connection), self.path) if self._model is None else self._model[0]
        source = "" if not isinstance(model, str | os.PathLike) else os.fspath(model)
        with exclusive(self.path / LOCK, LibraryError, BUSY):
            encoder, own = self._take(model, precision)
            if world := small_world(encoder.processor):
                reporter.note(world)
            with connect_to_write(self.path) as connection:
                with connection:
                    check_model(connection, self.path, encoder, own, source)
                bring_up_to_date(connection, encoder, scan(roots), reporter, note)
        return reports

    def search(
        self,
        words: str,
        k: int = 10,
        *,
        model: Encoder | str | os.PathLike[str] | None = None,
        channels: Collection[Literal["picture", "speech"]] = ("picture", "speech"),
        reporter: Reporter = SILENT,
    ) -> list[Moment]:
        """The `k` moments that match the words best, best first and without repeats; at most three of one video while
        other videos have some.

        Frames and speech are ranked together. ``score`` orders the hits of one query and is not comparable across
        queries: if only one channel has hits, it is that channel's value in `Moment.channels`; else the fused rank, 1
        for a moment that is first in both. Copies of a file are one hit, which names the other paths.

        Args:
            words: what the moment shows, or what is said in it.
            k: number of moments.
            model: the library's model, if it was given in memory or has moved.
            channels: ``picture``, ``speech`` or both.
            reporter: receives remarks on words that the model does not know, and when nothing matches well.

        Raises:
            UsageError: no words, `k` below 1, an unknown channel, or another model than the library's.
            LibraryError: there is no library here, it is damaged, or its model is gone or has changed.
            CheckpointError: the model gives vectors that are not finite.
        """
        words = _checked(words, k)
        if not channels or not set(channels) <= {"picture", "speech"}:
            raise UsageError(f"channels={channels!r}: choose from picture and speech")
        with connect(self.path) as connection:
            vectors, query_D, floor = None, None, -1.0
            if "picture" in channels and (vectors := self._read_vectors(connection)) is not None:
                encoder = self._own_model(read_meta(connection), model)
                query_D = only_finite(encoder.embed_text([words]), "words")[0]
                reading = read_words(encoder.processor, words)
                floor = trusted_cosine(encoder, vectors, words, reading, self._trusted.setdefault(vectors, {}))
                for remark in reading.remarks:
                    reporter.note(remark)
            moments = best_moments(
                connection, vectors, query_D, heard(connection, words) if "speech" in channels else {}, floor, k
            )
        if moments and not any(moment.confident for moment in moments):
            reporter.note("nothing in the library fits these words well; these are the nearest moments")
        return moments

    def said(self, words: str, k: int = 10) -> list[Moment]:
        """The `k` clips whose subtitles contain all these words, best first; ``score`` is BM25, above 0.

        Raises:
            UsageError: no words, or `k` below 1.
            LibraryError: there is no library here, or it is damaged.
        """
        words = _checked(words, k)
        with connect(self.path) as connection:
            return said(connection, words, k)

    def files(self) -> list[FileReport]:
        """Every file of the library by path: unchanged, failed, or missing if it does not exist at the moment.

        Raises:
            LibraryError: there is no library here, or it is damaged.
        """
        from hdvila.search.index import reports_of

        with connect(self.path) as connection:
            return list(reports_of(connection))

    def model(self) -> str:
        """The path of the library's model; '' for one that was given in memory.

        Raises:
            LibraryError: there is no library here, or it is damaged.
        """
        with connect(self.path) as connection:
            return read_meta(connection).get("model", "")

    def forget(self, places: Sequence[str | os.PathLike[str]]) -> list[FileReport]:
        """Remove files, and all files of folders, from the library, whether they still exist or not. Only their clips
        in the library are deleted.

        Raises:
            UsageError: the library has no such file or folder.
            LibraryError: there is no library here, or another process is writing into it.
        """
        known = [Path(report.file) for report in self.files()]
        wanted: set[str] = set()
        for place in places:
            names = {Path(os.path.abspath(place)), Path(place).resolve()}
            found = {str(path) for path in known if any(map(path.is_relative_to, names))}
            if not found:
                raise UsageError(f"{place}: the library {self.path} has no such file or folder")
            wanted |= found
        return self._remove(wanted)

    def prune(self) -> list[FileReport]:
        """Remove all files that no longer exist. First make sure that all disks are mounted.

        Raises:
            LibraryError: there is no library here, or another process is writing into it.
        """
        return self._remove({report.file for report in self.files() if report.status == "missing"})

    def _remove(self, paths: Collection[str]) -> list[FileReport]:
        from hdvila.search.index import remove

        with exclusive(self.path / LOCK, LibraryError, BUSY), connect_to_write(self.path) as connection:
            return list(remove(connection, paths))

    def _roots(self, places: Sequence[str | os.PathLike[str]]) -> list[Path]:
        """The places to scan, checked before a library is created."""
        from hdvila.search.index import paths_of
        from hdvila.search.scan import roots_of

        known: list[str] = []
        if self.exists:
            with connect(self.path) as connection:
                known = paths_of(connection)
        return roots_of(places, known)

    def _read_vectors(self, connection: sqlite3.Connection) -> Vectors | None:
        state = read_meta(connection).get("state", "")
        with self._lock:
            if self._vectors is None or self._vectors[1] != state:
                self._vectors = read_vectors(connection, self.path), state
            return self._vectors[0]

    def _take(
        self, model: Encoder | str | os.PathLike[str], precision: WantedPrecision = "float32"
    ) -> tuple[Encoder, str]:
        """The loaded model and its fingerprint. A model that is loaded for a query computes in float32."""
        encoder: Encoder
        if isinstance(model, str | os.PathLike):
            encoder = load_model(os.fspath(model), device=pick_device(), precision=precision)
        else:
            encoder = model
        if encoder.processor is None:
            raise UsageError(
                "this model has no processor, so it cannot read videos or texts: make a model folder of it with "
                "hdvila convert CHECKPOINT --into FOLDER --tokenizer TOKENIZER, or set model.processor"
            )
        with self._lock:
            self._model = encoder, vectors_fingerprint(encoder)
            return self._model

    def _own_model(self, meta: Mapping[str, str], given: Encoder | str | os.PathLike[str] | None) -> Encoder:
        """The model that made the vectors."""
        known = meta["fingerprint"]
        if given is None and self._model is not None and same_vectors(known, *self._model):
            return self._model[0]
        source = known_source(meta, self.path) if given is None else given
        encoder, own = self._take(source)
        if same_vectors(known, encoder, own):
            return encoder
        if given is None:
            raise LibraryError(
                f"the model {source} has changed since the library {self.path} was made with it: put the old one back, "
                f"or make another library: hdvila index FOLDER --library OTHER --model {source}"
            )
        raise UsageError(f"{self.path} was made with another model, and vectors of two models cannot be compared")


def _checked(words: str, k: int) -> str:
    """The words of a query, without unpaired surrogates."""
    words = drop_surrogates(words)
    if not words.strip():
        raise UsageError("the query is empty: say in a few words what the moment shows")
    if k < 1:
        raise UsageError(f"k={k}: ask for at least one hit")
    return words

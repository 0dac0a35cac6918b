"""Many videos at once: threads hash, probe and decode files, and the calling thread embeds their clips, in order.

Decoders release the GIL, so threads keep all cores busy without the cost of processes: seconds to start, a copy of
every frame, and a `__main__` that must be importable. The model stays in the calling thread, on its device, and sees
the same batches as with one file after the other, so its vectors are the same bits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import CheckpointError
from hdvila.media.frame_source import Sampler
from hdvila.processes import usable_cores
from hdvila.search.embed import Embedded, Opened, WordsBeside, batches_of, embed_file, encode, open_file
from hdvila.search.embed import words_beside as read_words_beside
from hdvila.search.encoder import Encoder
from hdvila.search.scan import Found, content_of

__all__ = ["Content", "FileOutcome", "embed_files"]

_THREADS = 8  # readers at most; more would wait for the GIL
_DECODERS = 4  # threads of one decoder, at most
_WAITING = 2  # batches in the queue, besides one in every thread
_AHEAD = 3  # files per thread that may be embedded, and their vectors kept, before their turn
_PATIENCE = 0.1  # seconds after which a waiting thread checks whether it has to stop
_GOODBYE = 5.0  # seconds that an interrupted call waits for its threads


@dataclass(frozen=True, slots=True)
class Content:
    """The words beside a video, and its hashes (`content_of`)."""

    words: WordsBeside
    hashes: tuple[str, str]


@dataclass(slots=True)
class FileOutcome:
    """The result for a file.

    Attributes:
        content: None if the file could not be read.
        error: of reading the file or, with `content`, of decoding or embedding it.
        embedded: None if it was not wanted, or after an error.
    """

    content: Content | None = None
    error: Exception | None = None
    embedded: Embedded | None = None

    def vectors(self, model: Encoder, found: Found, tiled: bool) -> Embedded:
        """The clips and their vectors; computed now if they were not wanted before.

        Raises:
            Exception: the `error`, or an error of `embed_file`.
        """
        assert self.content is not None
        if self.error is not None:
            raise self.error
        return self.embedded or embed_file(model, found, self.content.words, tiled)


class _Stopped(Exception):
    """The call has ended, so the threads stop."""


_END = object()


@dataclass(slots=True)
class _Open:
    """A file in progress, as the calling thread sees it."""

    outcome: FileOutcome = field(default_factory=FileOutcome)
    opened: Opened | None = None
    parts: list[NDArray[np.float32]] = field(default_factory=list)
    windows: int = 0
    answer: Queue[bool] | None = None  # tells its thread whether to decode it
    decided: bool = False
    ended: bool = False


def embed_files(
    model: Encoder,
    files: Sequence[Found],
    tiled: bool,
    wanted: Callable[[Found, tuple[str, str]], bool],
    progress: Callable[[Found, float], None] = lambda found, share: None,
) -> Iterator[FileOutcome]:
    """Yield the result for each file, in order, as soon as the results of all earlier files are known.

    Args:
        tiled: as in `embed_file`.
        wanted: whether a file with these hashes has to be embedded; called in the order of the files, and only for the
            first of several files with the same content.
        progress: called with the share of a file that is done, 0..1.
    """
    readers = _Readers(files, model.processor.preprocess, tiled)
    known = {number: _Open() for number in range(len(files))}
    digests: set[str] = set()
    turn = asked = 0
    try:
        while turn < len(files):
            number, message = readers.inbox.get()
            _take(model, known[number], message)
            if isinstance(message, list) and (opened := known[number].opened) is not None:
                progress(files[number], known[number].windows / opened.windows)
            while asked < len(files) and known[asked].decided:
                if (answer := known[asked].answer) is not None and (
                    content := known[asked].outcome.content
                ) is not None:
                    answer.put(content.hashes[0] not in digests and wanted(files[asked], content.hashes))
                    digests.add(content.hashes[0])
                asked += 1
            while turn < len(files) and known[turn].ended:
                yield known.pop(turn).outcome
                turn += 1
                readers.ahead.release()
    finally:
        readers.stop()


def _take(model: Encoder, file: _Open, message: object) -> None:
    """Update a file with a message of its thread."""
    outcome = file.outcome
    if isinstance(message, tuple):
        outcome.content, file.answer = message
        file.decided = True
    elif isinstance(message, Opened):
        file.opened = message
    elif isinstance(message, list):
        file.windows += len(message)
        if outcome.error is None:
            try:
                file.parts.append(encode(model, message))
            except CheckpointError as error:  # raised at its turn, so that earlier files are kept
                outcome.error = error
    else:
        if isinstance(message, Exception):
            outcome.error = outcome.error or message
        elif file.opened is not None and outcome.error is None:
            outcome.embedded = Embedded.of(file.opened, file.parts)
        file.parts = []
        file.decided = file.ended = True


class _Readers:
    """The reader threads.

    `inbox` holds (number of a file, message). The messages of a file are (Content, queue for the answer), `Opened`,
    batches of clips, and finally `_END` or an error. `ahead` is released once for every finished file.
    """

    def __init__(self, files: Sequence[Found], preprocess: Sampler, tiled: bool) -> None:
        self._files, self._preprocess, self._tiled = files, preprocess, tiled
        self._cores = usable_cores()
        count = min(self._cores, _THREADS, len(files))
        self.inbox: Queue[tuple[int, Any]] = Queue(_WAITING)
        self.ahead = threading.Semaphore(_AHEAD * count)
        self._left = iter(range(len(files)))
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._work, name=f"reader {n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(_GOODBYE / len(self._threads))

    def _work(self) -> None:
        try:
            while (number := self._next()) is not None:
                try:
                    self._read(number)
                    self._put(number, _END)
                except _Stopped:
                    raise
                except Exception as error:
                    self._put(number, error)
        except _Stopped:
            pass

    def _next(self) -> int | None:
        while not self.ahead.acquire(timeout=_PATIENCE):
            self._check()
        with self._lock:
            return next(self._left, None)

    def _read(self, number: int) -> None:
        found = self._files[number]
        words = read_words_beside(found)
        content = Content(words, content_of(found, words.file))
        answer: Queue[bool] = Queue()
        self._put(number, (content, answer))
        if not self._answered(answer):
            return
        opened = open_file(found, words, self._preprocess, self._tiled)
        self._put(number, opened)
        reading = min(len(self._threads), len(self._files) - number)
        threads = min(_DECODERS, max(1, self._cores // reading))  # the last files use the cores of finished ones
        for batch in batches_of(found, opened, self._preprocess, threads):
            self._put(number, batch)

    def _put(self, number: int, message: tuple[Content, Queue[bool]] | Opened | list[Any] | object) -> None:
        while True:
            self._check()
            try:
                return self.inbox.put((number, message), timeout=_PATIENCE)
            except Full:
                continue

    def _answered(self, answer: Queue[bool]) -> bool:
        while True:
            self._check()
            try:
                return answer.get(timeout=_PATIENCE)
            except Empty:
                continue

    def _check(self) -> None:
        if self._stopping.is_set():
            raise _Stopped

"""Which videos passed the filter, line by line as they do, so that a job that was killed need not look again."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import StoreError


class Journal:
    """Durations of videos that passed, by id; they count as long as neither their files nor `terms` change.

    Args:
        path: the file; made if it is not there.
        terms: what was asked of the videos, as text.
    """

    def __init__(self, path: Path, terms: str) -> None:
        self._path, self._terms = path, terms
        self._passed: dict[str, tuple[str, float, int]] = {}
        broken = False  # the last line of a run that was killed may be half
        with suppress(FileNotFoundError):
            lines = path.read_text(encoding="utf-8").split("\n")
            broken = bool(lines.pop())
            for line in lines:
                with suppress(ValueError, KeyError, TypeError):
                    entry = json.loads(line)
                    facts = entry["stamp"], float(entry["duration"]), int(entry.get("spoken", 0))
                    self._passed[entry["id"]] = facts
        try:
            self._stream = path.open("a", encoding="utf-8")
            self._stream.write("\n" * broken)
        except OSError as error:
            raise self._no_room(error) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk refuses again what is still buffered
            self._stream.close()

    def recall(self, video: SourceVideo) -> SourceVideo | None:
        """A video that passed, and is still the same, with what was found out; None: it must be looked at."""
        stamp, duration, number = self._passed.get(video.video_id, ("", 0.0, 0))
        if not stamp or stamp != self._stamp(video) or number >= len(video.spoken):
            return None
        taken = video.spoken[number]
        return replace(video, duration=duration, transcript=None if taken == video.path else taken, others=())

    def passed(self, video: SourceVideo, fit: SourceVideo) -> None:
        """Note a video that passed; `fit` is what became of it.

        Raises:
            StoreError: there is no room.
        """
        number = video.spoken.index(fit.spoken[0])
        entry = {"id": video.video_id, "stamp": self._stamp(video), "duration": fit.duration, "spoken": number}
        try:
            self._stream.write(json.dumps(entry) + "\n")
            self._stream.flush()
        except OSError as error:
            raise self._no_room(error) from error

    def _stamp(self, video: SourceVideo) -> str:
        files = dict.fromkeys((video.path, *video.spoken))
        try:
            facts = [(str(file), os.stat(file).st_size, os.stat(file).st_mtime_ns) for file in files]
        except (OSError, ValueError):
            return ""
        return json.dumps([self._terms, facts])

    def _no_room(self, error: OSError) -> StoreError:
        return StoreError(f"{self._path}: cannot be written ({error.strerror}); make room and start again")

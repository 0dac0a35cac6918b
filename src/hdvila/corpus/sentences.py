"""What became of the sentences of each video: how many are in clips, and why the others are not.

A line is noted before the video is stored, so that a build that was killed knows of every stored video.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hdvila.errors import StoreError
from hdvila.files import replacing

LEFT_OUT = "left_out.parquet"
_NOTES = ".sentences.jsonl"
_SCHEMA = pa.schema([("video", pa.string()), ("reason", pa.string()), ("sentences", pa.int32())])
IN_CLIPS = "in clips"


@dataclass(frozen=True, slots=True)
class Sentences:
    """How many sentences there are in a video, or in many, how many are in clips, and how many are not, by reason.

    ``beyond``: seconds for which the words go on after the end of the video.
    """

    found: int = 0
    in_clips: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    beyond: float = 0.0


class SentenceNotes:
    """The notes of a corpus, in the order in which its videos were cut; the last one of a video counts.

    Args:
        root: the corpus folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, video: str, sentences: Sentences) -> None:
        """Note a video that is about to be stored.

        Raises:
            StoreError: there is no room.
        """
        file = self._root / _NOTES
        try:
            with file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"video": video, **asdict(sentences)}) + "\n")
        except OSError as error:
            raise StoreError(f"{file}: cannot be written ({error.strerror}); make room and start again") from error

    def publish(self, stored: Collection[str]) -> Sentences:
        """Write ``left_out.parquet`` for the stored videos, and give the sums over them.

        Raises:
            StoreError: it cannot be written.
        """
        known = self.read()
        rows: list[dict[str, Any]] = []
        for video in sorted(known.keys() & set(stored)):
            counts = {IN_CLIPS: known[video].in_clips, **dict(sorted(known[video].left_out.items()))}
            rows += [{"video": video, "reason": why, "sentences": number} for why, number in counts.items()]
        with replacing(self._root / LEFT_OUT, kind=StoreError) as partial:
            pq.write_table(pa.Table.from_pylist(rows, _SCHEMA), partial)
        return read_left_out(self._root)

    def read(self) -> dict[str, Sentences]:
        """What was noted of each video; a line that a kill has broken is passed over."""
        known = {}
        with suppress(FileNotFoundError):
            for line in (self._root / _NOTES).read_text(encoding="utf-8").split("\n"):
                with suppress(ValueError, KeyError, TypeError):  # a killed run may leave half a line
                    note = json.loads(line)
                    video = note.pop("video")
                    known[video] = Sentences(**note)
        return known


def read_left_out(root: Path) -> Sentences:
    """The sums over ``left_out.parquet`` of a corpus; nothing where there is none.

    Raises:
        StoreError: it is there and cannot be read.
    """
    file = root / LEFT_OUT
    if not file.exists():
        return Sentences()
    try:
        table = pq.read_table(file, schema=_SCHEMA).group_by("reason").aggregate([("sentences", "sum")])
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{file}: cannot be read ({error}); remove it and build once more") from error
    counts = Counter(dict(sorted(zip(*(table[name].to_pylist() for name in ("reason", "sentences_sum")), strict=True))))
    in_clips = counts.pop(IN_CLIPS, 0)
    return Sentences(in_clips + counts.total(), in_clips, dict(counts.most_common()))

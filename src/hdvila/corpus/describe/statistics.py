"""``stats.json``: the corpus in numbers, in one pass over its rows, which are read in batches.

Memory does not grow with the number of clips: histograms have a fixed size, n-gram counts at most 67 MB. It grows with
the numbers of categories, channels, languages, licences and sizes.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hdvila.corpus.describe.counts import NGrams, Tally
from hdvila.corpus.describe.parts_of_speech import UNCOUNTED, count_parts
from hdvila.corpus.failures import FAILURES
from hdvila.corpus.ledger import Ledger
from hdvila.corpus.sources.manifest import ATTRIBUTES
from hdvila.errors import MissingDependency
from hdvila.progress import SILENT, Reporter
from hdvila.store import Corpus

Made = TypeVar("Made")
_OWN = ("video_id", "start", "end", "text", "words", "timed_by", "height", "width")
_CLIP_EDGES = [float(edge) for edge in range(0, 32, 1)]
_WORD_EDGES = [float(edge) for edge in range(0, 84, 4)]
_TAGGED = 2000  # sentences whose parts of speech are counted, in 6 to 8 s
_LISTED = 20  # channels, languages and licences that are named


def corpus_statistics(root: Path, seed: int = 0, reporter: Reporter = SILENT) -> dict[str, Any]:
    """Counts, hours, distributions and words of the corpus in `root`, as plain values for JSON; unknown means are None.

    Without datasketches, different n-grams are not counted, without HanTa no parts of speech; the reporter notes it.

    Args:
        root: the corpus folder.
        seed: of the sample of sentences whose parts of speech are counted (all, up to 2,000).
        reporter: shows progress, a step per clip.

    Raises:
        StoreError: the corpus cannot be read.
    """
    rows = Rows(root)
    count = _Count(rows.streams, _unless_missing("different n-grams", NGrams, reporter))
    with reporter.task("describing clips", total=rows.number) as bar:
        for batch in rows.batches([*_OWN, *(f"{name}_frames" for name in rows.streams), *ATTRIBUTES]):
            count.add(batch)
            bar.advance(batch.num_rows)
    sample = rows.take(rows.sample(_TAGGED, seed), ["text", "language"])
    texts = [(row["text"] or "", row.get("language")) for row in sample]
    parts = _unless_missing("parts of speech", lambda: count_parts(texts), reporter) or UNCOUNTED
    rates: dict[str, Any] = {f"{name}_fps": stream.fps for name, stream in rows.streams.items()}
    rates["streams"] = [
        {"name": name, "fps": stream.fps, "frames": count.frames[f"{name}_frames"]}
        for name, stream in rows.streams.items()
    ]
    rates["form"] = " and ".join(dict.fromkeys(stream.form for stream in rows.streams.values()))
    return {**count.summary(), **rates, **_sizes(root), **_failures(root), **_sentences(root), "parts_of_speech": parts}


def _unless_missing(what: str, make: Callable[[], Made], reporter: Reporter) -> Made | None:
    """`make()`, or None if it needs a package that is not installed, which the reporter notes."""
    try:
        return make()
    except MissingDependency as error:
        reporter.note(f"{what} are not counted: {error}")
        return None


class Rows:
    """The clips of a corpus as a stream of Arrow batches.

    Attributes:
        number: of clips.
        streams: of the corpus.

    Raises:
        StoreError: the corpus cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self._corpus = Corpus(root)
        self.number = len(self._corpus)
        self.streams = self._corpus.streams

    def fingerprint(self) -> str:
        """A fingerprint of the clips, 16 hexadecimal digits: of their ids, times, words and order."""
        digest = hashlib.sha256()
        for batch in self.batches(["clip_id", "start", "end", "text"]):
            for row in batch.to_pylist():
                digest.update(repr(tuple(row.values())).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Record batches with those of `columns` that the corpus has (default: all), in the order of the clips."""
        return self._corpus.batches(columns)

    def sample(self, size: int, seed: int) -> NDArray[np.int64]:
        """Numbers of `size` different clips, or of all if there are fewer, ascending; equal seeds give equal clips."""
        rng = np.random.default_rng(seed)
        return np.sort(rng.choice(self.number, min(size, self.number), replace=False)).astype(np.int64)

    def take(self, numbers: NDArray[np.int64], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """The rows with these ascending numbers, as dictionaries of `columns` (default: all)."""
        found: list[dict[str, Any]] = []
        first = 0
        for batch in self.batches(columns):
            here = numbers[(numbers >= first) & (numbers < first + batch.num_rows)] - first
            found += batch.take(pa.array(here)).to_pylist()
            first += batch.num_rows
        return found


class _Count:
    """Sums over batches. The store keeps the clips of a video together in the table."""

    def __init__(self, streams: Iterable[str], ngrams: NGrams | None) -> None:
        self.clips = self.videos = self.by_word = 0
        self.seconds, self.words = Tally(0.01, 3600), Tally(1, 10_000)
        self.frames = {f"{stream}_frames": 0 for stream in streams}
        self.groups: dict[str, dict[Any, list[float]]] = {name: defaultdict(lambda: [0, 0, 0.0]) for name in ATTRIBUTES}
        self.resolutions: dict[Any, list[float]] = defaultdict(lambda: [0, 0, 0.0])
        self.ngrams = ngrams
        self._last_video: str | None = None

    def add(self, batch: Any) -> None:
        table = pa.table(batch)
        if not len(table):
            return
        seconds = pc.subtract(table["end"], table["start"])
        ids = table["video_id"].combine_chunks()
        first_of_video = np.ones(len(ids), bool)
        first_of_video[0] = ids[0].as_py() != self._last_video
        if len(ids) > 1:
            first_of_video[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        self._last_video = ids[-1].as_py()
        self.clips += len(table)
        self.videos += int(first_of_video.sum())
        self.by_word += pc.sum(pc.equal(table["timed_by"], "word")).as_py() or 0
        self.seconds.add(np.maximum(seconds.to_numpy(), 0))
        self.words.add(table["words"].to_numpy())
        for stream in self.frames:
            self.frames[stream] += pc.sum(table[stream]).as_py()
        if self.ngrams is not None:
            self.ngrams.add(table["text"].combine_chunks())
        more = {"seconds": seconds, "first": pa.array(first_of_video).cast(pa.int64())}
        for name, column in more.items():
            table = table.append_column(name, column)
        _group(table, ["width", "height"], self.resolutions)
        for name, groups in self.groups.items():
            if name in table.column_names:
                _group(
                    table.set_column(table.column_names.index(name), name, table[name].cast(pa.string())),
                    [name],
                    groups,
                )

    def summary(self) -> dict[str, Any]:
        clip_seconds, sentence_words = self.seconds.summary(_CLIP_EDGES), self.words.summary(_WORD_EDGES)
        categories = _largest_first(_named(self.groups["category"]))
        unknown = {
            of: total - sum(row[of] for row in categories)
            for of, total in (("videos", self.videos), ("clips", self.clips))
        }
        sizes = [(f"{width}x{height}", counts) for (width, height), counts in self.resolutions.items()]
        return {
            "videos": self.videos,
            "clips": self.clips,
            "hours": self.seconds.sum / 3600,
            "clip_seconds_mean": clip_seconds["mean"],
            "sentence_words_mean": sentence_words["mean"],
            "clips_timed_by_word": self.by_word,
            **self.frames,
            "clip_seconds": clip_seconds,
            "sentence_words": sentence_words,
            "resolutions": _largest_first(sizes),
            "categories": categories,
            "no_category": unknown,
            **{f"{name}s": _kinds(self.groups[name]) for name in ("language", "license", "channel")},
            "ngrams": {} if self.ngrams is None else self.ngrams.summary(),
        }


def _group(table: Any, names: list[str], into: dict[Any, list[float]]) -> None:
    """Add videos, clips and seconds by the values of some columns."""
    grouped = table.group_by(names).aggregate([("first", "sum"), ("seconds", "count"), ("seconds", "sum")])
    keys = zip(*(grouped[name].to_pylist() for name in names), strict=True)
    sums = (grouped[name].to_pylist() for name in ("first_sum", "seconds_count", "seconds_sum"))
    for key, videos, clips, seconds in zip(keys, *sums, strict=True):
        here = into[key]
        here[0] += videos
        here[1] += clips
        here[2] += seconds


def _named(groups: dict[Any, list[float]]) -> list[tuple[str, list[float]]]:
    """The groups of one column, without that of empty values."""
    return [(key[0], counts) for key, counts in groups.items() if key[0] is not None]


def _kinds(groups: dict[Any, list[float]]) -> dict[str, Any]:
    """The number of different values of a column, and the most common ones."""
    rows = _largest_first(_named(groups))
    return {"number": len(rows), "largest": rows[:_LISTED]}


def _largest_first(groups: list[tuple[str, list[float]]]) -> list[dict[str, Any]]:
    rows = [
        {"name": name, "videos": int(videos), "clips": int(clips), "hours": seconds / 3600}
        for name, (videos, clips, seconds) in groups
    ]
    return sorted(rows, key=lambda row: (-row["clips"], row["name"]))


def _sizes(root: Path) -> dict[str, int]:
    """Numbers of shards and of their bytes."""
    with os.scandir(root / "shards") as found:
        sizes = [entry.stat().st_size for entry in found if entry.name.endswith(".tar") and entry.name[0] != "."]
    return {"shards": len(sizes), "bytes": sum(sizes)}


def _sentences(root: Path) -> dict[str, Any]:
    """Numbers of sentences: all, those in clips, and the others by reason."""
    said = Ledger(root).left_out()
    return {"sentences": {"found": said.found, "in_clips": said.in_clips, "left_out": said.left_out}}


def _failures(root: Path) -> dict[str, Any]:
    """Numbers of videos that are not in the corpus: all, and by the step that left them out."""
    if not (root / FAILURES).exists():
        return {"failed": 0, "failed_by_step": {}}
    steps = pq.read_table(root / FAILURES, columns=["step"])["step"].value_counts().to_pylist()
    by_step = {row["values"]: row["counts"] for row in sorted(steps, key=lambda row: (-row["counts"], row["values"]))}
    return {"failed": sum(by_step.values()), "failed_by_step": by_step}

"""The state of a build between runs. All of it lies in the corpus folder, and is read and written here alone.

| file | holds | written |
|---|---|---|
| ``build.json`` | settings that shape clips, runs, contaminated videos | when a run begins and ends |
| ``failures.parquet`` | videos that are not in the corpus, and why | when a run ends |
| ``left_out.parquet`` | how many sentences of each video are in clips, and why others are not | when a run ends |
| ``.sentences.jsonl`` | the same, one line per video | before a video is stored |
| ``.filtered.jsonl`` | videos that passed the filter, one line per video | when a video has passed |

The first build of a corpus fixes the settings that shape clips. Nothing here depends on the machine: equal builds give
equal bytes, and a run that was killed and started again gives the same files as one that was not.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hdvila.corpus.failures import CHANGED, Failure, Sentences, StepSummary, read_failures, write_failures
from hdvila.corpus.options import BEFORE_TARGETS, CorpusOptions, how_to_give
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import StoreError
from hdvila.files import replacing

_IN_CLIPS = "in clips"
_LEFT_OUT = pa.schema([("video", pa.string()), ("reason", pa.string()), ("sentences", pa.int32())])


class Ledger:
    """The state of the corpus in `root`. Reading raises StoreError where a file is damaged, writing where it fails."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._build, self._left_out = root / "build.json", root / "left_out.parquet"
        self._sentences = _Lines(root / ".sentences.jsonl")

    def read(self) -> dict[str, Any]:
        """``settings``, ``runs`` and ``contaminated`` of ``build.json``, each empty where nothing is known."""
        empty: dict[str, Any] = {"settings": {}, "runs": [], "contaminated": []}
        try:
            found = json.loads(self._build.read_text(encoding="utf-8"))
            build = empty | {name: type(empty[name])(found[name]) for name in empty if name in found}
        except FileNotFoundError:
            return empty
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(f"{self._build}: cannot be read ({error}); put it back, or start a new corpus") from error
        if build["settings"]:
            build["settings"] = BEFORE_TARGETS | build["settings"]
        return build

    def write(self, build: Mapping[str, Any]) -> None:
        """Replace ``build.json`` atomically by what `read` will give."""
        with replacing(self._build, kind=StoreError) as partial:
            text = json.dumps(build, indent=1, ensure_ascii=False, allow_nan=False)
            partial.write_text(text + "\n", encoding="utf-8")

    def begun_with(self) -> dict[str, Any]:
        """The settings that shaped the clips of the corpus, as `CorpusOptions` takes them; empty where it has no clips.

        Without ``punctuation``, of which only the name is stored.
        """
        known = {one.name for one in fields(CorpusOptions)} - {"punctuation"}
        if not any((self.root / "shards").glob("*.tar")):
            return {}
        return {name: value for name, value in self.read()["settings"].items() if name in known}

    def fix_settings(self, options: CorpusOptions, *, empty: bool) -> CorpusOptions:
        """Check that `options` shape clips as those of the corpus were; an `empty` corpus takes them from now on.

        Returns:
            The options with targets: those of the corpus where none are given.

        Raises:
            StoreError: the corpus was built with another setting; names it and both values.
        """
        build = self.read()
        options = options.with_targets({} if empty else BEFORE_TARGETS | build["settings"])
        settings = options.shaping()
        for name, value in settings.items():
            before = build["settings"].get(name, value)
            if before != value and not empty:
                raise StoreError(
                    f"{self.root}: was built with {name}={before}, not {value}, and all clips of a corpus are made "
                    f"alike; {how_to_give(name, before)}, or use another folder"
                )
        if settings != build["settings"]:
            self.write(build | {"settings": settings})
        return options

    def record_run(
        self,
        source: str,
        options: CorpusOptions,
        steps: Sequence[StepSummary],
        contaminated: Iterable[Failure],
        stored: Collection[str],
    ) -> list[Failure]:
        """Add a run, unless an equal one is recorded, and the videos that should not be in the corpus.

        Returns:
            All videos that should not be in the corpus, by id; those of earlier runs as long as they are `stored`.
        """
        build = self.read()
        run = {
            "source": source,
            "options": options.choosing(),
            "steps": [{"name": step.step, "in": step.came_in, "out": step.came_out} for step in steps],
        }
        runs = build["runs"] if run in build["runs"] else [*build["runs"], run]
        reasons = {row["video"]: row["reason"] for row in build["contaminated"] if row["video"] in stored}
        reasons |= {failure.video: failure.reason for failure in contaminated}
        wrong = [{"video": video, "reason": reasons[video]} for video in sorted(reasons)]
        self.write(build | {"runs": runs, "contaminated": wrong})
        return [Failure(row["video"], "exclude", row["reason"]) for row in wrong]

    def merge_failures(self, failures: Iterable[Failure], looked_at: Collection[str], stored: Collection[str]) -> None:
        """Bring ``failures.parquet`` up to date after a run.

        Args:
            failures: of this run.
            looked_at: ids that this run saw: their earlier failures are dropped. Those of other sources stay.
            stored: ids of the corpus: they have no failure, except `CHANGED`.
        """
        before = (failure for failure in read_failures(self.root) if failure.video not in looked_at)
        kept = [failure for failure in before if failure.video not in stored or failure.kind == CHANGED]
        write_failures(self.root, sorted([*kept, *failures], key=lambda failure: failure.video))

    def note_sentences(self, video: str, sentences: Sentences) -> None:
        """Note a video that is about to be stored, so that a killed build knows the sentences of every stored video."""
        self._sentences.append({"video": video, **asdict(sentences)})

    def sentences(self) -> dict[str, Sentences]:
        """What was noted for each video; the last note counts."""
        known = {}
        for note in self._sentences.read():
            with suppress(KeyError, TypeError):
                video = note.pop("video")
                known[video] = Sentences(**note)
        return known

    def publish_sentences(self, stored: Collection[str]) -> Sentences:
        """Write ``left_out.parquet`` for the `stored` videos; gives the sums over them."""
        known = self.sentences()
        rows: list[dict[str, Any]] = []
        for video in sorted(known.keys() & set(stored)):
            counts = {_IN_CLIPS: known[video].in_clips, **dict(sorted(known[video].left_out.items()))}
            rows += [{"video": video, "reason": why, "sentences": number} for why, number in counts.items()]
        with replacing(self._left_out, kind=StoreError) as partial:
            pq.write_table(pa.Table.from_pylist(rows, _LEFT_OUT), partial)
        return self.left_out()

    def left_out(self) -> Sentences:
        """The sums over ``left_out.parquet``; all 0 where there is no such file."""
        if not self._left_out.exists():
            return Sentences()
        try:
            table = pq.read_table(self._left_out, schema=_LEFT_OUT).group_by("reason").aggregate([("sentences", "sum")])
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"{self._left_out}: cannot be read ({error}); remove it and build once more") from error
        columns = (table[name].to_pylist() for name in ("reason", "sentences_sum"))
        counts = Counter(dict(sorted(zip(*columns, strict=True))))
        in_clips = counts.pop(_IN_CLIPS, 0)
        return Sentences(in_clips + counts.total(), in_clips, dict(counts.most_common()))

    @property
    def filtered(self) -> Path:
        """The file of `FilteredVideos`."""
        return self.root / ".filtered.jsonl"


class FilteredVideos:
    """Videos that passed the filter, so that a build that was killed does not look at them again.

    A video counts as long as neither its files nor `terms` have changed.

    Args:
        path: the file; made with the first video that passes.
        terms: what was asked of the videos, as text.
    """

    def __init__(self, path: Path, terms: str) -> None:
        self._lines, self._terms = _Lines(path), terms
        self._passed: dict[str, tuple[str, float, int]] = {}
        for entry in self._lines.read():
            with suppress(ValueError, KeyError, TypeError):
                facts = entry["stamp"], float(entry["duration"]), int(entry.get("spoken", 0))
                self._passed[entry["id"]] = facts

    def recall(self, video: SourceVideo) -> SourceVideo | None:
        """`video` as the filter left it, or None: it is not known, or has changed."""
        stamp, duration, number = self._passed.get(video.video_id, ("", 0.0, 0))
        if not stamp or stamp != self._stamp(video) or number >= len(video.spoken):
            return None
        taken = video.spoken[number]
        return replace(video, duration=duration, transcript=None if taken == video.path else taken, others=())

    def add(self, video: SourceVideo, passed: SourceVideo) -> None:
        """Note that `video` passed, and as what.

        Raises:
            StoreError: the file cannot be written.
        """
        number = video.spoken.index(passed.spoken[0])
        entry = {"id": video.video_id, "stamp": self._stamp(video), "duration": passed.duration, "spoken": number}
        self._lines.append(entry)

    def _stamp(self, video: SourceVideo) -> str:
        files = dict.fromkeys((video.path, *video.spoken))
        try:
            facts = [(str(file), os.stat(file).st_size, os.stat(file).st_mtime_ns) for file in files]
        except (OSError, ValueError):
            return ""
        return json.dumps([self._terms, facts])


class _Lines:
    """A file of JSON objects, one per line. A run that was killed may leave half a line, which is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Iterator[dict[str, Any]]:
        with suppress(FileNotFoundError):
            for line in self._path.read_text(encoding="utf-8").split("\n"):
                with suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict):
                        yield entry

    def append(self, entry: Mapping[str, Any]) -> None:
        try:
            with self._path.open("a+b") as stream:
                if stream.tell():
                    stream.seek(-1, os.SEEK_END)
                    if stream.read(1) != b"\n":
                        stream.write(b"\n")
                stream.write(json.dumps(entry).encode() + b"\n")
        except OSError as error:
            why = f"{self._path}: cannot be written ({error.strerror}); make room and start again"
            raise StoreError(why) from error

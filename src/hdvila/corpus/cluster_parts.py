"""Cutting and storing on a cluster: nodes write shards of their own into the corpus, this process only joins them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

from hdvila.corpus.cluster import on_cluster
from hdvila.corpus.temp_files import read_clips
from hdvila.processes import Died
from hdvila.store import CorpusWriter, Stream
from hdvila.store.layout import PARTS, Attribute

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

_JOBS_A_PART = 8  # videos that have about a shard of clips in HD-VILA-100M
_NAME = "cluster"


def store_on_cluster(
    cut: Callable[[tuple[Job, Path]], Outcome],
    jobs: Sequence[Job],
    writer: CorpusWriter,
    *,
    address: str = "auto",
    attributes: Callable[[Job, Outcome], Mapping[str, Attribute]] = lambda job, outcome: {},
) -> Iterator[tuple[Job, Outcome | Died]]:
    """As `hdvila.corpus.temp_files.store_all`, on a Ray cluster: the same clips in the same order, in other shards.

    Every node reaches the corpus under the same path. It cuts and stores eight jobs at a time as a part of the corpus,
    and this process renames the files of the part. So no frame passes through this process.

    Args:
        cut, jobs, writer, attributes: as there.
        address: of the cluster.
    """
    for left in writer.root.glob(f"{PARTS}/{_NAME}-*"):  # of a run that was killed
        shutil.rmtree(left)
    work = _StorePart(cut, attributes, writer.root, dict(writer.streams), writer.clips_per_shard, writer.quality)
    numbers = count(writer.first_part(_NAME))

    def store(groups: Sequence[Sequence[Job]]) -> Iterator[tuple[Job, Outcome | Died]]:
        parts = [(f"{_NAME}-{next(numbers):06d}", group) for group in groups]
        for (name, group), outcomes in on_cluster(work, parts, address):
            if isinstance(outcomes, Died):
                shutil.rmtree(writer.root / PARTS / name, ignore_errors=True)
                if len(group) > 1:  # one of them brought the process down, and not the others with it
                    yield from store([[job] for job in group])
                else:
                    yield group[0], outcomes
            else:
                yield from zip(group, outcomes, strict=True)
                writer.adopt(name)

    yield from store([jobs[first : first + _JOBS_A_PART] for first in range(0, len(jobs), _JOBS_A_PART)])


@dataclass(frozen=True)
class _StorePart(Generic[Job, Outcome]):
    """Done on a node: cuts some jobs and stores their clips as a part."""

    cut: Callable[[tuple[Job, Path]], Outcome]
    attributes: Callable[[Job, Outcome], Mapping[str, Attribute]]
    root: Path
    streams: dict[str, Stream]
    clips_per_shard: int
    quality: int

    def __call__(self, part: tuple[str, Sequence[Job]]) -> list[Outcome]:
        name, jobs = part
        shutil.rmtree(self.root / PARTS / name, ignore_errors=True)  # of a process that died
        outcomes = []
        with (
            tempfile.TemporaryDirectory(prefix="hdvila-") as folder,
            CorpusWriter(
                self.root, self.streams, clips_per_shard=self.clips_per_shard, quality=self.quality, part=name
            ) as writer,
        ):
            file = Path(folder) / "clips"
            for job in jobs:
                outcome = self.cut((job, file))
                outcomes.append(outcome)
                if file.exists():
                    more = self.attributes(job, outcome)
                    for one in read_clips(file):
                        writer.add(one.clip, one.frames, more)
                    file.unlink()
        return outcomes

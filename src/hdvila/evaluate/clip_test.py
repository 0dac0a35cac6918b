"""A test as it lies on this machine: what is asked, by which protocol, and about which clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from hdvila.annotations.merge import count_note
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption
from hdvila.annotations.synthetic import CHANNEL
from hdvila.data.examples import clip_numbers
from hdvila.data.source import STORE, ClipSource, PreparedStore, open_prepared
from hdvila.errors import UsageError, some_of
from hdvila.evaluate.protocols import Protocol, Split, get_protocol, read_split

__all__ = ["CORPUS_CLIPS", "ClipTest", "benchmark_test", "corpus_test"]


@dataclass(frozen=True, slots=True)
class ClipTest:
    """Questions or captions, and the clips that they are about.

    Attributes:
        protocol: how it is measured.
        annotations: all that is asked, about all its videos.
        source: where the clips are.
        numbers: video -> number of its clip in `source`, of the videos that are there.
        prepared: the benchmark's store; None for clips of a corpus.
        store: its name in the data folder.
        allow_missing: whether videos of the annotations may be missing.
        left_out: clips of a corpus without words, by id.
        split: of the benchmark.
    """

    protocol: Protocol
    annotations: Annotations
    source: ClipSource
    numbers: Mapping[str, int]
    prepared: PreparedStore | None = None
    store: str = ""
    allow_missing: bool = False
    left_out: tuple[str, ...] = ()
    split: Split = "test"

    @classmethod
    def of_benchmark(
        cls,
        protocol: Protocol,
        annotations: Annotations,
        prepared: PreparedStore,
        store: str,
        *,
        allow_missing: bool,
        allowing: str = "--allow-missing",
        split: Split = "test",
    ) -> ClipTest:
        """What annotations ask about the videos of a prepared store.

        Args:
            protocol, annotations, prepared, store, allow_missing, split: as the attributes.
            allowing: what a person writes to set `allow_missing`.

        Raises:
            UsageError: videos are missing that may not be, or all are.
        """
        videos = [video.video_id for video in annotations.videos]
        numbers = clip_numbers(prepared, videos, allow_missing=allow_missing, allowing=allowing)
        if damaged := prepared.damaged:
            names = some_of(damaged)
            note = count_note(len(damaged), f"image cannot be read: {names}", f"images cannot be read: {names}")
            annotations = replace(annotations, notes=(*annotations.notes, note))
        return cls(protocol, annotations, prepared.source, numbers, prepared, store, allow_missing, split=split)

    @property
    def clips(self) -> list[int]:
        """The numbers of the clips, in the order of the gallery."""
        return list(self.numbers.values())


def benchmark_test(
    protocol: str | Protocol, data: Path, *, store: str = STORE, split: Split = "test", allow_missing: bool = False
) -> ClipTest:
    """Open a split of a benchmark.

    Args:
        protocol: the protocol, or its name.
        data: the annotation files, here or in ``annotations/``, and the prepared videos (`hdvila prepare`).
        store: folder of the prepared videos in `data`.
        split: the split.
        allow_missing: the store may lack videos of the split.

    Raises:
        UsageError: no such protocol or split, or files or videos are missing.
        StoreError: the store cannot be read.
    """
    chosen = get_protocol(protocol) if isinstance(protocol, str) else protocol
    annotations = read_split(chosen, data, split)
    prepared = open_prepared(data, store, chosen.name, [annotations])
    return ClipTest.of_benchmark(chosen, annotations, prepared, store, allow_missing=allow_missing, split=split)


def corpus_test(corpus: ClipSource, clips: Sequence[int] | None = None) -> ClipTest:
    """Retrieval on clips of a corpus: the words said in each clip are one query, its frames one candidate.

    Args:
        corpus: where the clips are.
        clips: their numbers in ``corpus.clips``; None: all. Clips without words are left out.

    Raises:
        UsageError: no clip has words.
    """
    chosen = list(range(len(corpus.clips)) if clips is None else clips)
    spoken = [i for i in chosen if corpus.clips[i].text.strip()]
    if not spoken:
        raise UsageError(f"none of the {len(chosen)} clips has words, and without queries there is nothing to rank")
    names = [corpus.clips[i].clip_id for i in spoken]
    if len(set(names)) < len(names):
        names = [f"{name} ({place})" for place, name in enumerate(names)]
    numbers = dict(zip(names, spoken, strict=True))
    annotations = Annotations(
        tuple(map(BenchmarkVideo, numbers)),
        tuple(Caption(name, name, corpus.clips[i].text) for name, i in numbers.items()),
        synthetic=_of_miniature_world(corpus, spoken),
    )
    silent = tuple(corpus.clips[i].clip_id for i in chosen if not corpus.clips[i].text.strip())
    return ClipTest(CORPUS_CLIPS, annotations, corpus, numbers, left_out=silent)


def _of_miniature_world(corpus: ClipSource, clips: Sequence[int]) -> bool:
    table = getattr(corpus, "table", None)
    if table is None or "channel" not in table.column_names:
        return False
    return set(table["channel"].take(clips).to_pylist()) == {CHANNEL}


def _no_files(*_: object) -> NoReturn:
    raise UsageError("the clips of a corpus have no annotation files: test a model on them with evaluate_retrieval")


CORPUS_CLIPS = Protocol(
    name="corpus-clips",
    benchmark="clips of a corpus",
    task="retrieval",
    files={},
    train_size=0,
    split="any clips",
    captions="the words said in a clip",
    paragraphs="none: a query is what is said in one clip",
    metric="r1",
    queries=0,
    gallery=0,
    chance=0.0,
    published=(),
    read=_no_files,
)
"""Retrieval on clips of one's own, one text to one clip."""

"""New corpora from whole videos of others: split, merge and filter. Frames are copied without encoding them again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hdvila.annotations.merge import hash_fraction
from hdvila.corpus.choice.exclude import ExcludedIds
from hdvila.corpus.choice.filter import ANY, check_language, unwanted_language
from hdvila.corpus.describe import describe
from hdvila.corpus.ledger import Ledger
from hdvila.corpus.resume import KNOWN, source_of
from hdvila.errors import UsageError, some_of
from hdvila.progress import SILENT, Reporter
from hdvila.store import Corpus, CorpusWriter, Track
from hdvila.store.clip_table import first_clips
from hdvila.store.layout import check_same, described

_CLIPS_A_SHARD = 256


@dataclass(frozen=True, slots=True)
class Reshaped:
    """A corpus that was written: its folder, and its numbers of videos, clips and hours."""

    corpus: Path
    videos: int
    clips: int
    hours: float


def split_corpus(
    corpus: str | os.PathLike[str],
    into: str | os.PathLike[str],
    shares: Mapping[str, float],
    *,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> list[Reshaped]:
    """Split a corpus by whole videos, into one corpus per share.

    The share of a video depends on its id and the seed alone: a corpus that has grown splits as before, and no clip of
    a training video is in a test. Videos of one channel may be on both sides. Repeat the call to continue one that was
    killed.

    Args:
        corpus: to split; it is not changed.
        into: the folder of the new corpora, which are named as in `shares`.
        shares: of the videos, above 0, with a sum of 1: ``{"train": 0.9, "test": 0.1}``.
        seed: of the assignment.
        reporter: shows progress, a step per clip.

    Raises:
        UsageError: the shares do not add up to 1, one gets no video, or a new corpus holds other videos already.
        StoreError: a corpus cannot be read or written.
    """
    if not shares or any(not 0 < share <= 1 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-6:
        said = ", ".join(f"{name}={share:g}" for name, share in shares.items())
        raise UsageError(f"the shares {said} do not add up to 1, each above 0; give, say, train=0.9 and test=0.1")
    source = Corpus(corpus)
    ends = np.cumsum(list(shares.values()))
    part_of = {
        video: min(int(np.searchsorted(ends, hash_fraction(video, seed), side="right")), len(ends) - 1)
        for video in source.table["video_id"].unique().to_pylist()
    }
    if empty := [name for part, name in enumerate(shares) if part not in part_of.values()]:
        raise UsageError(
            f"{corpus}: has {len(part_of)} videos, and none falls to {' or '.join(empty)}; give larger shares, another "
            "seed or a larger corpus"
        )
    made = []
    for part, (name, share) in enumerate(shares.items()):
        chosen = {video for video, its in part_of.items() if its == part}
        run = _run(f"{source_name(corpus)}, {share:g} of its videos by seed {seed}", "split", len(part_of), len(chosen))
        made.append(_write(Path(into) / name, [(source, chosen)], [run], reporter))
    return made


def merge_corpora(
    corpora: Sequence[str | os.PathLike[str]], into: str | os.PathLike[str], *, reporter: Reporter = SILENT
) -> Reshaped:
    """Put the videos of several corpora into one. Repeat the call to continue one that was killed.

    Args:
        corpora: to merge, with the same rates, form and clip settings; they are not changed.
        into: the new corpus.
        reporter: shows progress, a step per clip.

    Raises:
        UsageError: fewer than two corpora, two that were made differently, a video that two of them have, or the new
            corpus holds other videos already.
        StoreError: a corpus cannot be read or written, or two have a track of one name from different models.
    """
    if len(corpora) < 2:
        raise UsageError("merging takes two corpora or more; name them all")
    sources = [Corpus(one) for one in corpora]
    names = {id(source): source_name(one) for source, one in zip(sources, corpora, strict=True)}
    _refuse_unlike(sources)
    parts: list[tuple[Corpus, set[str]]] = []
    owner: dict[str, str] = {}
    for source in sources:
        videos = source.table["video_id"].unique().to_pylist()
        if twice := [video for video in videos if video in owner]:
            raise UsageError(
                f"{names[id(source)]} and {owner[twice[0]]} both have {some_of(twice)}: build one of the two corpora "
                "from a list that gives its videos other ids, or leave them out by `hdvila corpus filter --exclude`"
            )
        owner |= dict.fromkeys(videos, names[id(source)])
        parts.append((source, set(videos)))
    runs = [run for source in sources for run in _ledger(source).read()["runs"]]
    merged = _run(" and ".join(names.values()), "merge", len(owner), len(owner))
    return _write(Path(into), parts, [*runs, merged], reporter)


def filter_corpus(
    corpus: str | os.PathLike[str],
    into: str | os.PathLike[str],
    *,
    categories: Sequence[str] = (),
    language: str = ANY,
    min_height: int = 0,
    exclude: Sequence[Path] = (),
    reporter: Reporter = SILENT,
) -> Reshaped:
    """Copy some videos of a corpus into a new one. Repeat the call to continue one that was killed.

    Args:
        corpus: to choose from; it is not changed.
        into: the new corpus.
        categories: videos of these; empty: of all.
        language: of the words, detected in all texts of a video: an ISO 639-1 code, or ``any``.
        min_height: least short side of its stored frames, in pixels.
        exclude: annotation files whose videos are left out (see `ExcludedIds`).
        reporter: shows progress, a step per clip.

    Raises:
        UsageError: no video is left, no video has a category, the language is unknown, a list cannot be read, or the
            new corpus holds other videos already.
        MissingDependency: lingua is not installed, and a language is asked for.
        StoreError: a corpus cannot be read or written.
    """
    check_language(language)
    source = Corpus(corpus)
    firsts = first_clips(source.table, (*KNOWN, "category", "language", "height", "width"))
    there = sorted({str(facts["category"]) for facts in firsts.values() if facts.get("category")})
    if unknown := [name for name in categories if name not in there]:
        raise UsageError(f"{corpus}: no video is of {some_of(unknown)}; its categories: {some_of(there) or 'unknown'}")
    ids = ExcludedIds(exclude)
    texts = _texts(source) if language != ANY else {}

    def wanted(video: str) -> bool:
        facts = firsts[video]
        return (
            (not categories or facts.get("category") in categories)
            and min(facts["height"], facts["width"]) >= min_height
            and not ids.match(source_of(video, facts))
            and unwanted_language(texts.get(video, ""), facts.get("language"), language) is None
        )

    chosen = {video for video in firsts if wanted(video)}
    if not chosen:
        raise UsageError(f"{corpus}: none of its {len(firsts)} videos is left; ask for less")
    asked = {
        "categories": list(categories), "language": language, "min_height": min_height,
        "exclude": [path.name for path in exclude],
    }  # fmt: skip
    run = _run(source_name(corpus), "filter", len(firsts), len(chosen), asked)
    runs = [*_ledger(source).read()["runs"], run]
    return _write(Path(into), [(source, chosen)], runs, reporter)


def source_name(corpus: str | os.PathLike[str]) -> str:
    """The name of a corpus in the ledger of another: that of its folder."""
    return Path(corpus).resolve().name


def _ledger(corpus: Corpus) -> Ledger:
    return Ledger(Path(corpus.root))


def _texts(corpus: Corpus) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    for clip in corpus.clips:
        texts.setdefault(clip.video_id, []).append(clip.text)
    return {video: " ".join(parts) for video, parts in texts.items()}


def _refuse_unlike(corpora: Sequence[Corpus]) -> None:
    first, *others = corpora
    settings = _ledger(first).read()["settings"]
    for other in others:
        if other.streams != first.streams:
            held = described(first.streams), described(other.streams)
            raise UsageError(f"{first.root} holds {held[0]}, {other.root} {held[1]}; their streams must be alike")
        theirs = _ledger(other).read()["settings"]
        if unlike := [name for name in settings.keys() & theirs.keys() if settings[name] != theirs[name]]:
            name = sorted(unlike)[0]
            raise UsageError(
                f"{first.root} was built with {name}={settings[name]}, {other.root} with {theirs[name]}, and all clips "
                "of a corpus are made alike; build one of them again with the other's settings"
            )


def _run(source: str, step: str, came: int, left: int, options: Mapping[str, object] | None = None) -> dict[str, Any]:
    """A run as ``build.json`` has it."""
    return {"source": source, "options": dict(options or {}), "steps": [{"name": step, "in": came, "out": left}]}


def _write(
    into: Path, parts: Sequence[tuple[Corpus, set[str]]], runs: Sequence[Mapping[str, object]], reporter: Reporter
) -> Reshaped:
    """Copy the videos that are missing, in the order of their corpus."""
    tracks: dict[str, Track] = {}
    for source, _ in parts:
        for name, track in source.tracks.items():
            tracks[name] = check_same(into, name, tracks.get(name), replace(track, beside=False))
    wanted = set().union(*(videos for _, videos in parts))
    with CorpusWriter(into, parts[0][0].streams, tracks=tracks, clips_per_shard=_CLIPS_A_SHARD) as writer:
        if strangers := sorted(writer.done_videos - wanted):
            raise UsageError(
                f"{into}: holds {some_of(strangers)}, which does not belong there; name another folder, or delete it"
            )
        numbers = [
            (source, number) for source, videos in parts for number in _numbers(source, videos - writer.done_videos)
        ]
        with reporter.task(f"copying clips into {into.name}", total=len(numbers)) as bar:
            for source, number in numbers:
                _copy(source, number, writer)
                bar.advance()
    builds = [_ledger(source).read() for source, _ in parts]
    contaminated = [row for build in builds for row in build["contaminated"]]
    ledger = Ledger(into)
    ledger.write(
        {
            "settings": next((build["settings"] for build in builds if build["settings"]), {}),
            "runs": list(runs),
            "contaminated": [row for row in contaminated if row["video"] in wanted],
        }
    )
    noted = ledger.sentences()
    for source, videos in parts:
        for video, sentences in _ledger(source).sentences().items():
            if video in videos and noted.get(video) != sentences:
                ledger.note_sentences(video, sentences)
    ledger.publish_sentences(wanted)
    stats = describe(into, reporter=reporter)
    return Reshaped(into, len(wanted), stats["clips"], stats["hours"])


def _copy(source: Corpus, number: int, writer: CorpusWriter) -> None:
    tracks = {name: rows for name in source.tracks if (rows := source.track(number, name)) is not None}
    writer.add(source.clips[number], source.packed(number), source.attributes(number), tracks)


def _numbers(corpus: Corpus, videos: set[str]) -> Iterator[int]:
    """The clips of some videos, those of one video in a row."""
    by_video: dict[str, list[int]] = {}
    for number, video in enumerate(corpus.table["video_id"].to_pylist()):
        if video in videos:
            by_video.setdefault(video, []).append(number)
    for found in by_video.values():
        yield from found

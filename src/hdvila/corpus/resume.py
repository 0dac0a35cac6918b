"""Videos that a corpus holds, compared with a source and with test sets: are they the same, should they be there?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hdvila.corpus.choice.exclude import ExcludedIds
from hdvila.corpus.choice.frame_hashes import hashes_of, step_of
from hdvila.corpus.choice.near_duplicates import LookAlikes, looks_like
from hdvila.corpus.failures import CHANGED, Failure
from hdvila.corpus.sources.video import SourceVideo, file_print
from hdvila.progress import SILENT, Reporter
from hdvila.store import Corpus
from hdvila.types import Pixels

Stored = Mapping[str, Mapping[str, Any]]
"""The facts `KNOWN` of the first clip of each video, by its id (see `CorpusWriter.videos`)."""
KNOWN = ("shard", "file", "file_print", "transcript_print", "url")


def as_before(videos: Sequence[SourceVideo], stored: Stored) -> list[SourceVideo]:
    """Videos of a folder under the ids that they have in the corpus, in the order of their ids.

    Whether an id has an ending depends on the files beside the video. Path and content identify a stored video.
    """
    known = {(facts.get("file"), facts.get("file_print")): video_id for video_id, facts in stored.items()}
    files = {facts.get("file") for facts in stored.values()}
    named = []
    for video in videos:
        fingerprint = file_print(video.path) if video.file in files else None
        named.append((video, known.get((video.file, fingerprint))))
    taken = {video_id for _, video_id in named}
    ids = [video_id or (video.file if video.video_id in taken else video.video_id) for video, video_id in named]
    again = [replace(video, video_id=video_id) for (video, _), video_id in zip(named, ids, strict=True)]
    return sorted(again, key=lambda video: video.video_id)


def changed(videos: Sequence[SourceVideo], stored: Stored) -> list[Failure]:
    """The videos whose file or transcript is not the one that was cut. What cannot be read counts as unchanged."""
    failures = []
    for video in videos:
        facts, now = stored[video.video_id], video.prints()
        before = {name: facts.get(f"{name}_print") for name in ("file", "transcript")}
        other = [name for name, value in before.items() if value and now.get(f"{name}_print", value) != value]
        if "transcript" in other and {None, before["transcript"]} & {file_print(file) for file in video.others}:
            other.remove("transcript")  # it was cut by another of its files
        if other:
            what = f"{' and '.join(other)} {'is' if len(other) == 1 else 'are'}"
            why = f"{video.file}: its {what} not what was cut as {video.video_id}"
            advice = f"the old clips stay; delete shards/{facts['shard']} and clips.parquet to have them cut again"
            failures.append(Failure(video.video_id, "collect", f"{why}; {advice}", CHANGED))
    return failures


def contaminated(
    root: Path,
    stored: Stored,
    ids: ExcludedIds,
    look_alikes: LookAlikes | None,
    compared: Collection[str] = (),
    reporter: Reporter = SILENT,
) -> list[Failure]:
    """The videos of a corpus that test sets exclude, in the order of their ids.

    Args:
        root: the corpus.
        stored: its videos, from any source.
        ids: ids that it must not hold.
        look_alikes: videos that its frames must not show; None: no frames are compared.
        compared: videos whose frames were compared with these before they were cut.
        reporter: shows progress, a step per video that is compared.

    Raises:
        StoreError: frames of the corpus cannot be read.
    """
    found: dict[str, Failure] = {}
    names = {video_id: source_of(video_id, facts) for video_id, facts in stored.items()}
    for video_id, video in names.items():
        if failure := ids.match(video):
            found[video_id] = failure
    left = [video_id for video_id in stored if video_id not in found and video_id not in compared]
    if look_alikes is not None and left:
        corpus = Corpus(root)
        clips: dict[str, list[int]] = defaultdict(list)
        for number, video_id in enumerate(corpus.table["video_id"].to_pylist()):
            clips[video_id].append(number)
        with reporter.task("comparing stored videos", total=len(left)) as bar:
            for video_id in left:
                step = step_of(sum(corpus.clips[number].end - corpus.clips[number].start for number in clips[video_id]))
                like = look_alikes.match_hashes(hashes_of(_lr_frames(corpus, clips[video_id], step)), step)
                if like:
                    found[video_id] = looks_like(names[video_id], like)
                bar.advance()
    return [found[video_id] for video_id in sorted(found)]


def source_of(video_id: str, facts: Mapping[str, Any]) -> SourceVideo:
    """A stored video as a source would give it, from the facts of its first clip. Its file may be missing."""
    attributes = {"url": facts["url"]} if facts.get("url") else {}
    return SourceVideo(video_id, Path(facts.get("file") or video_id), None, attributes, root=Path())


def _lr_frames(corpus: Corpus, numbers: Sequence[int], step: float) -> Iterator[Pixels]:
    """LR frames of clips, `step` seconds apart, at least one per clip."""
    for number in numbers:
        frames = corpus.num_frames(number, "lr")
        every = max(1, round(step * corpus.streams["lr"].fps))
        yield from corpus.frames(number, "lr", np.arange(min(every, frames) // 2, frames, every)).rgb

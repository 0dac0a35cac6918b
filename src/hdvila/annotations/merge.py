"""Merge what a reader found into `Annotations`, and take annotations apart by video."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, MomentQuery, Question
from hdvila.errors import UsageError

__all__ = ["count_note", "first_captions", "hash_fraction", "join_captions", "merge", "select_videos", "split_off"]


def merge(
    path: Path,
    videos: Iterable[BenchmarkVideo],
    captions: Sequence[Caption] = (),
    questions: Sequence[Question] = (),
    moments: Sequence[MomentQuery] = (),
    notes: Iterable[str] = (),
) -> Annotations:
    """Merge the records of a file: each video once, in the order of first mention.

    Captions and moments without text are dropped, and a note says how many. Empty `notes` are dropped.

    Raises:
        UsageError: nothing is left, or two captions, questions or moments share an id.
    """
    unique: dict[str, BenchmarkVideo] = {}
    for video in videos:
        unique.setdefault(video.video_id, video)
    captions_left = tuple(caption for caption in captions if caption.text)
    moments_left = tuple(moment for moment in moments if moment.text)
    ids = [
        *(caption.query_id for caption in captions_left),
        *(question.question_id for question in questions),
        *(moment.query_id for moment in moments_left),
    ]
    if not ids:
        raise UsageError(f"{path}: has no captions, questions or moments of this split; give another file")
    repeated = [name for name, times in Counter(ids).items() if times > 1]
    if repeated:
        raise UsageError(f"{path}: the id {repeated[0]!r} occurs more than once, and so do {len(repeated) - 1} others")
    dropped = (
        count_note(
            len(captions) - len(captions_left), "caption without text was dropped", "captions without text were dropped"
        ),
        count_note(
            len(moments) - len(moments_left), "moment without text was dropped", "moments without text were dropped"
        ),
    )
    return Annotations(
        videos=tuple(unique.values()),
        captions=captions_left,
        questions=tuple(questions),
        moments=moments_left,
        notes=tuple(note for note in (*notes, *dropped) if note),
    )


def count_note(number: int, one: str, many: str) -> str:
    """A note that begins with a count; empty where the count is 0."""
    return f"{number:,} {one if number == 1 else many}" if number else ""


def join_captions(annotations: Annotations) -> Annotations:
    """Join the captions of each video, in order, into one paragraph whose id is the video's."""
    texts: dict[str, list[str]] = {}
    for caption in annotations.captions:
        texts.setdefault(caption.video_id, []).append(caption.text)
    paragraphs = tuple(Caption(video_id, video_id, " ".join(parts)) for video_id, parts in texts.items())
    return replace(annotations, captions=paragraphs)


def first_captions(splits: Iterable[Annotations]) -> dict[str, str]:
    """The text of the first caption of each video, by video id."""
    texts: dict[str, str] = {}
    for caption in (caption for split in splits for caption in split.captions):
        texts.setdefault(caption.video_id, caption.text)
    return texts


def select_videos(annotations: Annotations, video_ids: Iterable[str], *notes: str) -> Annotations:
    """Keep these videos and what is said and asked about them, in the same order; `notes` are added."""
    kept = frozenset(video_ids)
    return replace(
        annotations,
        videos=tuple(video for video in annotations.videos if video.video_id in kept),
        captions=tuple(caption for caption in annotations.captions if caption.video_id in kept),
        questions=tuple(question for question in annotations.questions if question.video_id in kept),
        moments=tuple(moment for moment in annotations.moments if moment.video_id in kept),
        subtitles=tuple(subtitles for subtitles in annotations.subtitles if subtitles.video_id in kept),
        notes=(*annotations.notes, *notes),
    )


def split_off(annotations: Annotations, share: float = 0.1, seed: int = 0) -> tuple[Annotations, Annotations]:
    """Split a validation set off training annotations, for benchmarks that have none.

    Whole videos are split off, by a hash of the file name and the seed. So the choice does not depend on the
    order or on the other videos, and clips of one file stay together.

    Args:
        share: of the videos, 0..1; about that many are split off.
        seed: another seed splits off other videos.

    Returns:
        What is left for training, and the validation split.

    Raises:
        UsageError: `share` is outside 0..1, or one side would be empty.
    """
    if not 0 < share < 1:
        raise UsageError(f"share={share}: choose a share of the videos between 0 and 1")
    held_out = {video.video_id for video in annotations.videos if hash_fraction(video.stem, seed) < share}
    kept = [video.video_id for video in annotations.videos if video.video_id not in held_out]
    if not held_out or not kept:
        raise UsageError(
            f"splitting {share:g} off {len(annotations.videos)} videos leaves nothing on one side; "
            "choose another share or seed"
        )
    note = (
        f"{len(held_out):,} of {len(annotations.videos):,} training videos were set apart for validation (seed {seed})"
    )
    return select_videos(annotations, kept, note), select_videos(annotations, held_out, note)


def hash_fraction(name: str, seed: int) -> float:
    """Map a name and a seed to a number in [0, 1) by a hash that never changes."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64

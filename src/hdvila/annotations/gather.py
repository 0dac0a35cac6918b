"""From what a reader found to `Annotations`: each video once, each id once, nothing lost without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from hdvila.annotations.records import Annotations, Caption, Part, Question
from hdvila.errors import UsageError

__all__ = ["counted", "gather", "join_captions", "only"]


def gather(
    path: Path,
    videos: Iterable[Part],
    captions: Sequence[Caption] = (),
    questions: Sequence[Question] = (),
    notes: Iterable[str] = (),
) -> Annotations:
    """Annotations with each video once, in the order of their first mention, and captions that say something.

    Captions without a word are left out and counted in a note. Empty `notes` are dropped.

    Raises:
        UsageError: nothing is left, or two captions or two questions have one id.
    """
    unique: dict[str, Part] = {}
    for part in videos:
        unique.setdefault(part.video_id, part)
    spoken = tuple(caption for caption in captions if caption.text)
    if not spoken and not questions:
        raise UsageError(f"{path}: holds no captions and no questions of this split; name another file")
    ids = [caption.query_id for caption in spoken] + [question.question_id for question in questions]
    twice = [name for name, times in Counter(ids).items() if times > 1]
    if twice:
        raise UsageError(f"{path}: the id {twice[0]!r} stands there more than once, and so do {len(twice) - 1} others")
    silent = counted(
        len(captions) - len(spoken), "caption without a word is left out", "captions without a word are left out"
    )
    return Annotations(
        tuple(unique.values()), spoken, tuple(questions), tuple(note for note in (*notes, silent) if note)
    )


def counted(number: int, one: str, many: str) -> str:
    """A note with its count, or nothing where the count is 0."""
    return f"{number:,} {one if number == 1 else many}" if number else ""


def join_captions(annotations: Annotations) -> Annotations:
    """One paragraph a video: its captions with a space between, in the order in which they stand.

    The paragraph's id is its video's.
    """
    texts: dict[str, list[str]] = {}
    for caption in annotations.captions:
        texts.setdefault(caption.video_id, []).append(caption.text)
    paragraphs = tuple(Caption(video_id, video_id, " ".join(parts)) for video_id, parts in texts.items())
    return replace(annotations, captions=paragraphs)


def only(annotations: Annotations, video_ids: Iterable[str], *notes: str) -> Annotations:
    """What is said and asked about these videos, in the order that was there; `notes` are added."""
    kept = frozenset(video_ids)
    return replace(
        annotations,
        videos=tuple(part for part in annotations.videos if part.video_id in kept),
        captions=tuple(caption for caption in annotations.captions if caption.video_id in kept),
        questions=tuple(question for question in annotations.questions if question.video_id in kept),
        notes=(*annotations.notes, *notes),
    )

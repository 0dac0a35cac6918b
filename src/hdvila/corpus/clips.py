"""From sentences to clip bounds: what is too short is joined, every bound reaches into the silence around it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.hd_vila_100m import GivenClip
from hdvila.text import find_restorer, split_sentences
from hdvila.text.sentences.marked import is_punctuated
from hdvila.text.sentences.split import make_sentence
from hdvila.types import Clip, Sentence, Transcript

_MAX_GAP = 3.0  # seconds of silence across which sentences are not joined


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """The clips of a video, and how many sentences are in none (outside the picture, too little said, a word too long).

    Of given clips, how many hold no words or no picture.
    """

    clips: tuple[Clip, ...]
    left_out: int


def clips_of(
    transcript: Transcript,
    video_id: str,
    duration: float,
    options: CorpusOptions,
    given: Sequence[GivenClip] | None = None,
) -> ClipPlan:
    """The clips of a video: between given bounds, or else between those of its sentences.

    Args:
        transcript: of the video.
        video_id: the clips that follow from sentences are called ``<video_id>_<number>``.
        duration: seconds of the video.
        options: lengths, words and padding; given bounds stay as they are.
        given: bounds in order of time; a clip within which nothing is said, or that begins after the end, is left out.
    """
    if given is None:
        sentences = split_sentences(
            transcript,
            max_words=options.max_words,
            max_seconds=options.longest,
            restorer=find_restorer(options.punctuation),
        )
        return plan_clips(sentences, video_id, duration, options)
    words, close = transcript.words, not is_punctuated(transcript.words)
    middles = list(accumulate(((word.start + word.end) / 2 for word in words), max))
    clips = []
    for one in given:
        inside = words[bisect_left(middles, one.start) : bisect_left(middles, one.end)]
        said = make_sentence(inside, close) if one.start < duration else None
        if said is not None:
            end = min(one.end, duration)
            clips.append(Clip(one.clip_id, video_id, one.start, end, said.text, said.timed_by))
    return ClipPlan(tuple(clips), len(given) - len(clips))


def plan_clips(sentences: Sequence[Sentence], video_id: str, duration: float, options: CorpusOptions) -> ClipPlan:
    """Lay clips over the sentences of a video.

    Args:
        sentences: in order of time.
        video_id: the clips are called ``<video_id>_<number>``, numbers from 0 in order of time.
        duration: seconds of the video; sentences of which less than half is said within it are left out.
        options: lengths, words and padding.
    """
    inside = [sentence for sentence in sentences if (sentence.start + sentence.end) / 2 < duration]
    joined = _join_short(inside, options)
    kept = [group for group in joined if _words(group) >= options.min_words and _length(group) <= options.longest]
    clips = []
    for number, group in enumerate(kept):
        before = kept[number - 1][-1].end if number else 0.0
        after = kept[number + 1][0].start if number + 1 < len(kept) else duration
        first, last = group[0].start, min(group[-1].end, duration)
        start = first - min(options.padding, max(0.0, first - before) / (2 if number else 1))
        end = last + min(options.padding, max(0.0, after - last) / (2 if number + 1 < len(kept) else 1))
        exact = all(sentence.timed_by == "word" for sentence in group)
        text = " ".join(sentence.text for sentence in group)
        span = max(0.0, start), min(max(end, start), duration)
        clips.append(Clip(f"{video_id}_{number:04d}", video_id, *span, text, "word" if exact else "cue"))
    return ClipPlan(tuple(clips), len(sentences) - sum(map(len, kept)))


def _join_short(sentences: Sequence[Sentence], options: CorpusOptions) -> list[list[Sentence]]:
    """Groups of sentences: each too short one goes to the neighbour nearer in time, the shortest first."""
    groups = [[sentence] for sentence in sentences]
    while True:
        short = [at for at, group in enumerate(groups) if _is_short(group, options)]
        for at in sorted(short, key=lambda at: _length(groups[at])):
            other = _neighbour(groups, at, options)
            if other is not None:
                first = min(at, other)
                groups[first : first + 2] = [groups[first] + groups[first + 1]]
                break
        else:
            return groups


def _is_short(group: list[Sentence], options: CorpusOptions) -> bool:
    return _length(group) + 2 * options.padding < options.min_seconds or _words(group) < options.min_words


def _neighbour(groups: list[list[Sentence]], at: int, options: CorpusOptions) -> int | None:
    """The nearer neighbour that `groups[at]` can be joined with, or None."""
    best: tuple[float, int] | None = None
    for other in (at - 1, at + 1):
        if not 0 <= other < len(groups):
            continue
        first, second = groups[min(at, other)], groups[max(at, other)]
        gap = second[0].start - first[-1].end
        fits = (
            second[-1].end - first[0].start <= options.longest
            and _words(first) + _words(second) <= options.max_words
            and gap <= _MAX_GAP
        )
        if fits and (best is None or gap < best[0]):
            best = gap, other
    return None if best is None else best[1]


def _length(group: list[Sentence]) -> float:
    return group[-1].end - group[0].start


def _words(group: list[Sentence]) -> int:
    return sum(len(sentence.text.split()) for sentence in group)

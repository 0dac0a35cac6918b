"""From sentences to clips: which sentences are joined, and where each clip begins and ends."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.hd_vila_100m import GivenClip
from hdvila.text import find_restorer, split_sentences
from hdvila.text.sentences.punctuation import is_punctuated
from hdvila.text.sentences.split import make_sentence
from hdvila.types import Clip, Sentence, Transcript
from hdvila.writing import sentences_joined, word_count

_TOO_SHORT, _TOO_LONG, _BEYOND, _SILENT = "too short", "too long", "beyond the video", "nothing is said"
_MAX_GAP = 3.0  # seconds of silence across which sentences are not joined
_TINY = 1e-9  # seconds that sums of times may be off by
_Cost = tuple[int, float, float]  # words in no clip; joints or distance from the targets; seconds of silence


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """The clips of a video, and what becomes of its sentences.

    Attributes:
        clips: in order of time.
        sentences: number of sentences of each clip; 1 where bounds are given.
        left_out: numbers of sentences that are in no clip, by reason.
        beyond: seconds for which words go on after the end of the video.
    """

    clips: tuple[Clip, ...]
    sentences: tuple[int, ...]
    left_out: dict[str, int]
    beyond: float = 0.0


def clips_of(
    transcript: Transcript,
    video_id: str,
    duration: float,
    options: CorpusOptions,
    given: Sequence[GivenClip] | None = None,
) -> ClipPlan:
    """The clips of a video: between given bounds, or else along its sentences.

    Args:
        transcript: of the video.
        video_id: the clips that follow from sentences are called ``<video_id>_<number>``.
        duration: seconds of the video.
        options: lengths, words and padding; given bounds are not changed.
        given: bounds in order of time; a clip without words, or that begins after the end of the video, is left out.
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
    clips, left_out = [], Counter[str]()
    for one in given:
        inside = words[bisect_left(middles, one.start) : bisect_left(middles, one.end)]
        said = make_sentence(inside, close)
        if one.start >= duration:
            left_out[_BEYOND] += 1
        elif said is None:
            left_out[_SILENT] += 1
        else:
            end = min(one.end, duration)
            clips.append(Clip(one.clip_id, video_id, one.start, end, said.text, said.timed_by))
    beyond = max((one.end - duration for one in given), default=0.0)
    return ClipPlan(tuple(clips), (1,) * len(clips), dict(left_out), max(0.0, beyond))


def plan_clips(sentences: Sequence[Sentence], video_id: str, duration: float, options: CorpusOptions) -> ClipPlan:
    """Clips along the sentences of a video.

    Every clip has `min_seconds` to `max_seconds`, padding included, and `min_words` to `max_words`. A sentence that
    fits no such clip, alone or with its neighbours, is left out. A shorter video is one clip.

    Args:
        sentences: in order of time.
        video_id: the clips are called ``<video_id>_<number>``, numbers from 0 in order of time.
        duration: seconds of the video; sentences whose middle is after it are left out.
        options: lengths, words and padding.
    """
    inside = [sentence for sentence in sentences if (sentence.start + sentence.end) / 2 < duration]
    grouping = Grouping(inside, duration, replace(options, min_seconds=min(options.min_seconds, duration)))
    groups, clips = grouping.best(), []
    for number, (first, last) in enumerate(groups):
        group = inside[first : last + 1]
        exact = all(sentence.timed_by == "word" for sentence in group)
        text = sentences_joined(sentence.text for sentence in group)
        span = grouping.span(first, last)
        clips.append(Clip(f"{video_id}_{number:04d}", video_id, *span, text, "word" if exact else "cue"))
    used = {at for first, last in groups for at in range(first, last + 1)}
    unused = [at for at in range(len(inside)) if at not in used]
    left_out = Counter(_TOO_LONG if grouping.is_too_long(at) else _TOO_SHORT for at in unused)
    left_out[_BEYOND] = len(sentences) - len(inside)
    beyond = max((sentence.end - duration for sentence in sentences), default=0.0)
    counts = tuple(last - first + 1 for first, last in groups)
    return ClipPlan(tuple(clips), counts, {why: n for why, n in left_out.items() if n}, max(0.0, beyond))


class Grouping:
    """Sentences in order of time, whose neighbours may be joined into clips.

    A clip reaches `padding` seconds beyond its words, a short one as far as `min_seconds` needs, but never past the
    middle of the silence between it and the next sentence.

    Args:
        sentences: in order of their start.
        duration: seconds of the video.
        options: lengths, words and padding.
    """

    def __init__(self, sentences: Sequence[Sentence], duration: float, options: CorpusOptions) -> None:
        self._sentences, self._duration, self._options = sentences, duration, options
        self._targets = options.targets
        self._words = [word_count(sentence.text) for sentence in sentences]
        self._ends = list(accumulate((sentence.end for sentence in sentences), max))  # of all up to each
        starts = [sentence.start for sentence in sentences]
        self._silence = [max(0.0, start - end) for start, end in zip(starts[1:], self._ends, strict=False)]

    def best(self) -> list[tuple[int, int]]:
        """(first, last) sentence of each clip, in order, by dynamic programming.

        Minimised are, in this order: words in no clip, the distance of clips from the targets (`_distance`), silence
        inside clips. Without targets the number of clips is maximised instead of the distance minimised.
        """
        costs: list[_Cost] = [(0, 0.0, 0.0)]
        firsts: list[int | None] = []  # of the clip that ends with each sentence; None: in no clip
        for last, words in enumerate(self._words):
            lost, apart, silence = costs[last]
            cost = lost + words, apart, silence
            choice: int | None = None
            for first, distance, bridged in self._clips_ending_with(last):
                lost, apart, silence = costs[first]
                other = lost, apart + distance, silence + bridged
                if other < cost:
                    cost, choice = other, first
            costs.append(cost)
            firsts.append(choice)
        clips, at = [], len(firsts) - 1
        while at >= 0:
            begin = firsts[at]
            if begin is not None:
                clips.append((begin, at))
            at = (at if begin is None else begin) - 1
        return clips[::-1]

    def span(self, first: int, last: int) -> tuple[float, float]:
        """The start and end in seconds of a clip of these sentences."""
        return self._reaching(first, last, max(sentence.end for sentence in self._sentences[first : last + 1]))

    def _reaching(self, first: int, last: int, end: float) -> tuple[float, float]:
        """`span` of sentences, the last of which ends at `end`."""
        start, end = self._sentences[first].start, min(end, self._duration)
        padding, missing = self._options.padding, self._options.min_seconds - (end - start)
        room_before = self._silence[first - 1] / 2 if first else start
        room_after = max(0.0, self._silence[last] / 2 if last < len(self._silence) else self._duration - end)
        before = min(room_before, max(padding, missing / 2))
        after = min(room_after, max(padding, missing - before))
        before = min(room_before, max(padding, missing - after))
        return max(0.0, start - before), max(start, end) + after

    def is_too_long(self, at: int) -> bool:
        """Whether a sentence alone is too long for a clip."""
        sentence = self._sentences[at]
        return sentence.end - sentence.start > self._options.longest or self._words[at] > self._options.max_words

    def _distance(self, joints: int, seconds: float, words: int) -> float:
        """Squared relative difference of a clip from the targets; without targets the number of joints.

        Over clips that share a given time, the sum of squares is least where each clip has exactly the target.
        """
        if not any(self._targets):
            return joints
        return sum(
            (has / target - 1) ** 2 for has, target in zip((seconds, words), self._targets, strict=True) if target
        )

    def _clips_ending_with(self, last: int) -> list[tuple[int, float, float]]:
        """(first sentence, `_distance`, seconds of silence inside) of each clip that may end with a sentence."""
        options, found = self._options, []
        words, bridged, end = 0, 0.0, self._sentences[last].end
        for first in range(last, -1, -1):
            sentence = self._sentences[first]
            words, end = words + self._words[first], max(end, sentence.end)
            if first < last:
                bridged += self._silence[first]
            too_far = first < last and self._silence[first] > _MAX_GAP
            if too_far or words > options.max_words or end - sentence.start > options.longest:
                break
            if words < options.min_words:
                continue
            start, stop = self._reaching(first, last, end)
            if stop - start >= options.min_seconds - _TINY:
                found.append((first, self._distance(last - first, stop - start, words), bridged))
        return found

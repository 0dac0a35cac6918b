"""From sentences to clip bounds: what is too short is joined, every bound reaches into the silence around it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from hdvila.corpus.grouping import Grouping
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.hd_vila_100m import GivenClip
from hdvila.text import find_restorer, split_sentences
from hdvila.text.sentences.punctuation import is_punctuated
from hdvila.text.sentences.split import make_sentence
from hdvila.types import Clip, Sentence, Transcript
from hdvila.writing import sentences_joined

TOO_SHORT, TOO_LONG, BEYOND, SILENT = "too short", "too long", "beyond the video", "nothing is said"


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """The clips of a video and what becomes of its sentences.

    Attributes:
        clips: in order of time.
        sentences: how many each of them holds. Where bounds are given, each of these counts as one sentence.
        left_out: how many are in no clip, by reason.
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
    clips, left_out = [], Counter[str]()
    for one in given:
        inside = words[bisect_left(middles, one.start) : bisect_left(middles, one.end)]
        said = make_sentence(inside, close)
        if one.start >= duration:
            left_out[BEYOND] += 1
        elif said is None:
            left_out[SILENT] += 1
        else:
            end = min(one.end, duration)
            clips.append(Clip(one.clip_id, video_id, one.start, end, said.text, said.timed_by))
    beyond = max((one.end - duration for one in given), default=0.0)
    return ClipPlan(tuple(clips), (1,) * len(clips), dict(left_out), max(0.0, beyond))


def plan_clips(sentences: Sequence[Sentence], video_id: str, duration: float, options: CorpusOptions) -> ClipPlan:
    """Lay clips over the sentences of a video.

    Every clip has `min_seconds` to `max_seconds`, padding included, and `min_words` to `max_words`; a sentence that
    cannot have that, alone or with its neighbours, is left out. A video that is itself shorter is one clip.

    Args:
        sentences: in order of time.
        video_id: the clips are called ``<video_id>_<number>``, numbers from 0 in order of time.
        duration: seconds of the video; sentences of which less than half is said within it are left out.
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
    left_out = Counter(TOO_LONG if grouping.is_too_long(at) else TOO_SHORT for at in unused)
    left_out[BEYOND] = len(sentences) - len(inside)
    beyond = max((sentence.end - duration for sentence in sentences), default=0.0)
    counts = tuple(last - first + 1 for first, last in groups)
    return ClipPlan(tuple(clips), counts, {why: n for why, n in left_out.items() if n}, max(0.0, beyond))

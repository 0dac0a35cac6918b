"""Clip bounds over sentences."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.corpus.clips import Grouping, clips_of, plan_clips
from hdvila.corpus.options import CorpusOptions
from hdvila.errors import UsageError
from hdvila.text import read_transcript, split_sentences
from hdvila.types import Sentence, Transcript, Word
from hdvila.writing import sentences_joined, word_count
from tests.shared import SUBTITLES, needs

OPTIONS = CorpusOptions(target_seconds=0)


def sentence(start: float, end: float, words: int = 8) -> Sentence:
    return Sentence(" ".join(["word"] * words), start, end)


def spans(*sentences: Sentence, duration: float = 100.0) -> list[tuple[float, float]]:
    clips = plan_clips(sentences, "v", duration, OPTIONS).clips
    return [(round(clip.start, 3), round(clip.end, 3)) for clip in clips]


def test_bounds_reach_into_the_silence_but_not_into_the_neighbour() -> None:
    assert spans(sentence(5, 9), sentence(9.2, 13), sentence(20, 25)) == [(4.7, 9.1), (9.1, 13.3), (19.7, 25.3)]
    assert spans(sentence(0.1, 4), sentence(5, 9.9), duration=10.0) == [(0.0, 4.3), (4.7, 10.0)]


def test_a_short_sentence_joins_its_nearer_neighbour() -> None:
    assert spans(sentence(0, 4), sentence(5, 5.5, 2), sentence(5.8, 9)) == [(0, 4.3), (4.7, 9.3)]
    assert spans(sentence(0, 4), sentence(4.3, 5.5, 2), sentence(6.5, 9)) == [(0, 5.8), (6.2, 9.3)]


def test_too_little_said_far_from_all_else_is_left_out() -> None:
    plan = plan_clips([sentence(0, 4), sentence(20, 21, 2), sentence(120, 125)], "v", 100.0, OPTIONS)
    assert len(plan.clips) == 1
    assert plan.left_out == {"too short": 1, "beyond the video": 1}
    assert plan.beyond == 25.0


def test_what_is_mostly_said_after_the_end_is_left_out() -> None:
    assert spans(sentence(90, 98), sentence(98.5, 104)) == [(89.7, 98.3)]
    assert spans(sentence(90, 97), sentence(97.5, 102)) == [(89.7, 97.25), (97.25, 100.0)]


def test_a_video_that_is_shorter_than_a_clip_is_one() -> None:
    assert spans(sentence(0.2, 0.9), duration=1.2) == [(0, 1.2)]
    assert spans(sentence(0.1, 0.5), sentence(0.6, 1.1), duration=1.2) == [(0, 1.2)]
    assert spans(sentence(0.2, 0.9, words=2), duration=1.2) == []


def test_nothing_is_joined_beyond_the_longest() -> None:
    assert len(spans(sentence(0, 29), sentence(29.2, 30.5, 4))) == 2


@given(
    st.lists(st.tuples(st.floats(0, 6), st.floats(0.1, 20), st.integers(1, 30)), max_size=25),
    st.floats(1, 200),
)
def test_clips_are_in_order_apart_and_inside_the_video(spec: list[tuple[float, float, int]], duration: float) -> None:
    now, sentences = 0.0, []
    for gap, length, words in spec:
        sentences.append(sentence(now + gap, now + gap + length, words))
        now += gap + length
    plan = plan_clips(sentences, "v", duration, OPTIONS)
    said = sum(len(clip.text.split()) for clip in plan.clips)
    assert said <= sum(words for _, _, words in spec)
    assert (not plan.left_out) == (said == sum(words for _, _, words in spec))
    assert sum(plan.sentences) + sum(plan.left_out.values()) == len(spec)
    assert all(0 <= clip.start <= clip.end <= duration + 1e-9 for clip in plan.clips)
    shortest = min(OPTIONS.min_seconds, duration)
    assert all(shortest - 1e-6 <= clip.duration <= OPTIONS.max_seconds + 1e-6 for clip in plan.clips)
    assert all(OPTIONS.min_words <= len(clip.text.split()) <= OPTIONS.max_words for clip in plan.clips)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(plan.clips))
    assert len({clip.clip_id for clip in plan.clips}) == len(plan.clips)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 1.0, 4.0]), st.floats(0.2, 8), st.integers(1, 12)), max_size=30))
def test_no_clip_could_be_two_and_none_joins_what_is_far(spec: list[tuple[float, float, int]]) -> None:
    now, sentences = 0.0, []
    for number, (gap, length, words) in enumerate(spec):
        sentences.append(Sentence(" ".join([f"s{number}"] * words), now + gap, now + gap + length))
        now += gap + length
    plan = plan_clips(sentences, "v", now, OPTIONS)
    said = [word for clip in plan.clips for word in clip.text.split()]
    assert said == [word for one in sentences for word in one.text.split() if word in set(said)], "in order, each once"
    for clip in plan.clips:
        held = [sentences[int(name[1:])] for name in dict.fromkeys(clip.text.split())]
        assert all(b.start - a.end <= 3.0 + 1e-6 for a, b in pairwise(held))
        for cut in range(1, len(held)):
            parts = held[:cut], held[cut:]
            assert any(part[-1].end - part[0].start < 2 or sum(map(words_of, part)) < 4 for part in parts)


def words_of(one: Sentence) -> int:
    return len(one.text.split())


@pytest.mark.parametrize(("number", "seconds", "words"), [(40, 1.0, 3), (60, 1.25, 8), (7, 1.9, 3), (8, 0.5, 1)])
def test_short_sentences_one_after_another_do_not_snowball(number: int, seconds: float, words: int) -> None:
    sentences = [sentence(at * seconds, (at + 1) * seconds, words) for at in range(number)]
    plan = plan_clips(sentences, "v", number * seconds, OPTIONS)
    assert not plan.left_out
    shortest = next(n for n in range(1, 9) if n * seconds >= 2 and n * words >= 4) * seconds
    assert all(clip.duration < 2 * shortest for clip in plan.clips)
    assert len(plan.clips) == int(number * seconds // shortest)


def test_the_work_grows_with_the_number_of_sentences_only(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, plain = [0], Grouping._reaching

    def counting(self: Grouping, first: int, last: int, end: float) -> tuple[float, float]:
        looked[0] += 1
        return plain(self, first, last, end)

    monkeypatch.setattr(Grouping, "_reaching", counting)
    spent = []
    for number in (500, 2000):
        looked[0] = 0
        plan_clips([sentence(at * 1.0, at + 1.0, 3) for at in range(number)], "v", number, OPTIONS)
        spent.append(looked[0])
    assert spent[1] < 4.2 * spent[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_seconds": 40.0},
        {"min_words": -1},
        {"padding": -1.0},
        {"target_seconds": -1.0},
        {"target_words": float("nan")},
        {"workers": 0},
        {"min_height": -5},
    ],
)
def test_options_that_cannot_be_meant(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong)).split("_")[0]):
        CorpusOptions(**wrong)


def test_what_is_too_long_is_split_at_the_best_pause() -> None:
    words, now = [], 0.0
    for number in range(35):
        words.append(Word(f"word{number}", now, now + 0.3))
        now += 0.9 if number == 19 else 0.4
    words.append(Word("end.", now, now + 0.3))
    options = CorpusOptions(max_seconds=11.0, target_seconds=0)
    clips = clips_of(Transcript(tuple(words)), "v", 100.0, options).clips
    assert len(clips) == 2
    assert clips[0].text.endswith("word19")
    assert all(clip.duration <= options.max_seconds for clip in clips)


@given(st.lists(st.tuples(st.floats(0, 8), st.floats(0, 45), st.booleans()), max_size=60))
def test_no_clip_is_longer_than_asked_for(spec: list[tuple[float, float, bool]]) -> None:
    now, words = 0.0, []
    for gap, length, last in spec:
        words.append(Word("said." if last else "said", now + gap, now + gap + length))
        now += gap + length
    options = CorpusOptions(min_words=1, max_words=10)
    clips = clips_of(Transcript(tuple(words)), "v", now + 1, options).clips
    assert all(clip.duration <= options.max_seconds + 1e-6 for clip in clips)
    assert all(len(clip.text.split()) <= options.max_words for clip in clips)


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.3, 4.0]), st.floats(0.2, 20), st.integers(1, 40)), max_size=30),
    st.sampled_from([(13.4, 32.5), (6.0, 0), (0, 20.0), (100.0, 500.0)]),
)
def test_targets_move_bounds_and_lose_no_sentence(
    spec: list[tuple[float, float, int]], targets: tuple[float, float]
) -> None:
    now, sentences = 0.0, []
    for gap, length, words in spec:
        sentences.append(sentence(now + gap, now + gap + length, words))
        now += gap + length
    options = CorpusOptions(target_seconds=targets[0], target_words=targets[1])
    plan, most = (plan_clips(sentences, "v", now, one) for one in (options, OPTIONS))
    assert plan.left_out == most.left_out
    assert sum(plan.sentences) == sum(most.sentences)
    assert len(plan.clips) <= len(most.clips)
    at = 0
    for clip, number in zip(plan.clips, plan.sentences, strict=True):
        assert number == 1 or (clip.duration <= 30 + 1e-6 and word_count(clip.text) <= 80)
        while sentences[at].start < clip.start - 1e-6:
            at += 1
        held = sentences[at : at + number]
        assert clip.text == sentences_joined(one.text for one in held), "whole sentences, neighbours"
        assert all(b.start - a.end <= 3.0 + 1e-6 for a, b in pairwise(held))
        at += number


@pytest.mark.parametrize(
    ("given", "targets"),
    [
        ({}, (13.4, 32.5)),
        ({"target_seconds": 0}, (0, 0)),
        ({"target_words": 0}, (0, 0)),
        ({"target_seconds": 6}, (6, 0)),
        ({"target_words": 20}, (0, 20)),
        ({"target_seconds": 6, "target_words": 20}, (6, 20)),
    ],
)
def test_a_target_that_is_given_alone_counts_alone(given: dict[str, float], targets: tuple[float, float]) -> None:
    assert CorpusOptions(**given).targets == targets
    even = [sentence(2.0 * at, 2.0 * at + 2.0, 4) for at in range(120)]
    clips = plan_clips(even, "v", 240.0, CorpusOptions(**given)).clips
    seconds, words = sum(clip.duration for clip in clips) / len(clips), 480 / len(clips)
    if any(targets):
        near = [got / target for got, target in zip((seconds, words), targets, strict=True) if target]
        assert min(near) <= 1.1
        assert max(near) >= 0.9
    else:
        assert len(clips) == len(even)


@needs(SUBTITLES)
def test_clips_of_talks_are_as_long_as_the_papers() -> None:
    """Means of 13.4 s and 32.5 words, most clips of 5 to 15 s, most texts of 15 to 50 words."""
    seconds, words = [], []
    for name in ("4ogYLmHYZb0", "qL13lvgyGJk", "a2r92UE7WII"):
        sentences = split_sentences(
            read_transcript(SUBTITLES / f"youtube_srt/{name}.en.srt"), max_words=80, max_seconds=29.4
        )
        plan = plan_clips(sentences, "v", sentences[-1].end + 1, CorpusOptions())
        seconds += [clip.duration for clip in plan.clips]
        words += [word_count(clip.text) for clip in plan.clips]
    assert sum(seconds) / len(seconds) == pytest.approx(13.4, rel=0.1)
    assert sum(words) / len(words) == pytest.approx(32.5, rel=0.1)
    assert sum(5 <= one <= 15 for one in seconds) > 0.6 * len(seconds)
    assert sum(15 <= one <= 50 for one in words) > 0.8 * len(words)

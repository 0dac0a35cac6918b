"""Cutting a video into clips: sentences where somebody speaks, windows elsewhere, no moment left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.search.clips import HOP, LONGEST, SHORTEST, WINDOW, ClipSpan, cut
from hdvila.types import Sentence

times = st.floats(0, 200).map(lambda t: round(t, 3))
sentences = st.lists(
    st.tuples(times, times, st.sampled_from(["a dog barks", "the tide comes in", " "])).map(
        lambda t: Sentence(t[2], min(t[:2]), max(t[:2]))
    ),
    max_size=12,
)


def covered(spans: list[ClipSpan]) -> list[tuple[float, float]]:
    """The union of the spans."""
    union: list[tuple[float, float]] = []
    for span in sorted(spans, key=lambda span: span.start):
        if union and span.start <= union[-1][1] + 1e-9:
            union[-1] = union[-1][0], max(union[-1][1], span.end)
        else:
            union.append((span.start, span.end))
    return union


@given(st.floats(0.04, 150), sentences)
def test_every_moment_lies_in_a_clip_and_no_clip_outside_the_video(duration: float, said: list[Sentence]) -> None:
    spans = cut(duration, said)
    assert covered(spans) == [(0.0, pytest.approx(duration))]
    assert all(0 <= span.start < span.end <= duration for span in spans)
    assert [span.start for span in spans] == sorted(span.start for span in spans)


@given(st.floats(0.04, 150), sentences)
def test_no_clip_is_too_long_and_every_sentence_within_the_video_is_kept(duration: float, said: list[Sentence]) -> None:
    spans = cut(duration, said)
    assert max(span.end - span.start for span in spans) <= LONGEST + 2 * SHORTEST + 1e-6
    inside = {s.text for s in said if s.start < duration and s.text.strip()}
    assert {span.text for span in spans} - {""} == inside


def test_without_words_windows_overlap_by_half() -> None:
    assert cut(20.0) == [ClipSpan(0, 8), ClipSpan(4, 12), ClipSpan(8, 16), ClipSpan(12, 20)]
    assert cut(3.0) == [ClipSpan(0, 3)]
    assert cut(WINDOW + HOP / 2 - 0.1) == [ClipSpan(0, WINDOW + HOP / 2 - 0.1)]


def test_sentences_are_clips_and_silence_between_them_is_windows() -> None:
    said = [Sentence("one", 1.0, 6.0), Sentence("two", 6.5, 10.0), Sentence("three", 30.0, 35.0)]
    assert cut(36.0, said) == [
        ClipSpan(0.0, 6.5, "one"),
        ClipSpan(6.5, 10.0, "two"),
        ClipSpan(10.0, 18.0),
        ClipSpan(14.0, 22.0),
        ClipSpan(18.0, 26.0),
        ClipSpan(22.0, 30.0),
        ClipSpan(30.0, 36.0, "three"),
    ]


def test_a_long_sentence_is_several_clips_with_its_words_and_a_short_one_is_widened() -> None:
    assert cut(40.0, [Sentence("long", 0, 40)]) == [
        ClipSpan(pytest.approx(first), pytest.approx(first + 40 / 3), "long") for first in (0, 40 / 3, 80 / 3)
    ]
    assert ClipSpan(4.0, 6.0, "yes") in cut(10.0, [Sentence("yes", 4.9, 5.1)])
    assert ClipSpan(8.0, 10.0, "bye") in cut(10.0, [Sentence("bye", 9.9, 12.0)])


def test_words_behind_the_end_of_the_video_are_left_out() -> None:
    assert cut(5.0, [Sentence("late", 5.0, 9.0)]) == [ClipSpan(0, 5)]

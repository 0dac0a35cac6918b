"""Clips made from automatic captions alone, against the truth of the miniature world. Nothing is rendered."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from hdvila.corpus import CorpusOptions
from hdvila.corpus.clips import plan_clips
from hdvila.miniature.captions import captions
from hdvila.miniature.script import write_script
from hdvila.miniature.world import WorldConfig
from hdvila.text import read_transcript, split_sentences
from hdvila.text.sentences.boundaries import FILLERS

VIDEOS = 60


@pytest.mark.parametrize(
    ("form", "jitter", "least_f1", "least_good"),
    [("rolling", 0.05, 0.99, 0.99), ("plain", 0.05, 0.99, 0.99), ("rolling", 0.1, 0.97, 0.98)],
)
def test_sentences_and_clips_are_where_they_are_said(
    tmp_path: Path, form: str, jitter: float, least_f1: float, least_good: float
) -> None:
    config = WorldConfig(captions=form, jitter=jitter)
    hits = predicted = true = 0
    overlaps: list[float] = []
    for number in range(VIDEOS):
        script = write_script(1, number, config)
        file = tmp_path / f"{number}.vtt"
        file.write_text(captions(script, config.captions, jitter, Random(number)))
        transcript = read_transcript(file)
        spoken = [event for event in script.events if event.speech]
        assert [word.text for word in transcript.words] == [word.text for event in spoken for word in event.speech]
        sentences = split_sentences(transcript)
        found, expected = [s.start for s in sentences[1:]], [_first_word(event.speech) for event in spoken[1:]]
        hits += sum(any(abs(start - there) < 0.5 for there in expected) for start in found)
        predicted, true = predicted + len(found), true + len(expected)
        clips = plan_clips(sentences, "v", script.length, CorpusOptions(target_seconds=0)).clips
        overlaps += [max(_overlap(event, clip) for clip in clips) for event in spoken]
    f1 = 2 * hits / (predicted + true)
    good = float(np.mean(np.array(overlaps) > 0.7))
    assert f1 >= least_f1
    assert good >= least_good
    assert np.median(overlaps) > 0.9


def _first_word(speech) -> float:
    """When the sentence begins; an "um" before it is no part of it."""
    return next(word.start for word in speech if word.text not in FILLERS)


def _overlap(a, b) -> float:
    return (min(a.end, b.end) - max(a.start, b.start)) / (max(a.end, b.end) - min(a.start, b.start))

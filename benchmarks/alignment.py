"""Clip starts and ends against the truth of the miniature world, with and without word times; and the aligner's cost.

    python benchmarks/alignment.py [VIDEOS]

Renders VIDEOS (30) into a temporary folder for each kind of captions: rolling (word times) and plain (none).
"""

from __future__ import annotations

import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from random import Random

import numpy as np

from hdvila.corpus import CorpusOptions
from hdvila.corpus.clips import plan_clips
from hdvila.miniature import WorldConfig, read_truth, render
from hdvila.text import read_transcript, split_sentences
from hdvila.text.sentences.align import align
from hdvila.types import Word

WORDS_AN_HOUR = 10_000
HOURS = 1, 2, 4, 8
RARE = 0.2  # of its words are said once, so that the vocabulary grows with the talk: 17,000 words in eight hours
UNJOINED = CorpusOptions(padding=0.0, min_seconds=0.0, min_words=0, target_seconds=0)  # a clip for every sentence
EDITED = 0.04  # of its words are dropped, added, parted or respelled


def measure(form: str, videos: int) -> None:
    """Print the errors for one kind of captions."""
    starts, ends, overlaps = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        render(folder, videos, config=WorldConfig(captions=form))
        for video in read_truth(folder):
            sentences = split_sentences(read_transcript((Path(folder) / "videos" / video["video"]).with_suffix(".vtt")))
            clips = plan_clips(sentences, "v", video["duration"], UNJOINED).clips
            for event in video["events"]:
                if event["speech_start"] is None:
                    continue
                a, b = event["speech_start"], event["speech_end"]
                best = max(clips, key=lambda clip: min(b, clip.end) - max(a, clip.start))
                starts.append(abs(best.start - a))
                ends.append(abs(best.end - b))
                overlaps.append((min(b, best.end) - max(a, best.start)) / (max(b, best.end) - min(a, best.start)))
    for what, errors in (("start", starts), ("end", ends)):
        print(
            f"  {form:8} {what:5} median {np.median(errors):.3f} s, 95th percentile {np.quantile(errors, 0.95):.3f} s"
        )
    print(f"  {form:8} IoU > 0.7: {np.mean(np.array(overlaps) > 0.7):.3f} of {len(overlaps)} sentences")


def cost() -> None:
    """Print seconds and memory for talks of several lengths."""
    print("  hours   words  different  CPU s: unchanged  edited  peak MB")
    for hours in HOURS:
        said, texts = talk(hours * WORDS_AN_HOUR)
        timed = [Word(text, at * 0.36, at * 0.36 + 0.3) for at, text in enumerate(said)]
        seconds = []
        for new in (said, texts):
            started = time.process_time()
            align(new, timed)
            seconds.append(time.process_time() - started)
        tracemalloc.start()
        align(texts, timed)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        print(f"  {hours:5} {len(said):7} {len(set(said)):10} {seconds[0]:17.2f} {seconds[1]:7.2f} {peak:8.0f}")


def talk(words: int) -> tuple[list[str], list[str]]:
    """What is said, and the same with `EDITED` of the words changed."""
    rng = Random(0)

    def some(count: int) -> list[str]:
        return ["".join(rng.choices("abcdefghiklmnoprstu", k=rng.randint(2, 10))) for _ in range(count)]

    known, once = some(3000), iter(some(words))
    said = [next(once) if rng.random() < RARE else known[int(3000 * rng.random() ** 3)] for _ in range(words)]
    texts: list[str] = []
    for text in said:
        draw = rng.random() / EDITED
        texts += (
            [] if draw < 0.25 else ["added", text] if draw < 0.5 else [text[:2], text[2:] + "s"] if draw < 1 else [text]
        )
    return said, texts


if __name__ == "__main__":
    for kind in ("rolling", "plain"):
        measure(kind, int(sys.argv[1]) if len(sys.argv) > 1 else 30)
    cost()

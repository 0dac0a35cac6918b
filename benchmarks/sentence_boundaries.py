"""Accuracy of sentence ends in text without punctuation: the built-in restorer and three baselines.

    python benchmarks/sentence_boundaries.py [SHARED]

SHARED is the folder that holds data/subtitles/youtube_srt (103 videos, CC BY-NC 4.0: for measuring only). Videos
without punctuation are left out. Marks and capitals are removed, and the removed marks are the truth. The end of the
last sentence does not count. Set 1: the words of every video, cut into cues of 5 to 8. Set 2: the videos whose own
cues break anywhere, with these cues. Set 3: all videos as they are, with marks and capitals.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from itertools import accumulate
from pathlib import Path
from random import Random

from hdvila.text import read_transcript, split_sentences
from hdvila.text.sentences.boundaries import is_filler, pause_threshold, pauses, sentence_ends
from hdvila.text.sentences.punctuation import has_end_mark, is_punctuated, marked_ends
from hdvila.types import Transcript

SHARED = Path(os.environ.get("HDVILA_SHARED", Path(__file__).resolve().parents[2] / "shared"))
FILE = Path("data/subtitles/youtube_srt/nomadic-samuel-youtube-transcripts.part.jsonl.gz")
NATURAL = 2 / 3  # of its sentence ends fewer stand at the end of a cue, in a video with natural cues
FIXED = 32  # words
SEED = 0

Method = Callable[[Transcript], Collection[int]]


def cue_ends(transcript: Transcript) -> list[int]:
    """Each cue is a sentence."""
    return list(accumulate(len(cue.words) for cue in transcript.cues))


def fixed_ends(transcript: Transcript) -> list[int]:
    """A sentence every 32 words."""
    return list(range(FIXED, len(transcript.words), FIXED))


def pause_ends(transcript: Transcript) -> list[int]:
    """A sentence ends where the speaker pauses long."""
    silent = pauses(transcript.words)
    threshold = pause_threshold(silent)
    return [at for at, pause in enumerate(silent, start=1) if pause >= threshold]


METHODS: dict[str, Method] = {
    "each cue a sentence": cue_ends,
    f"fixed {FIXED} words": fixed_ends,
    "pauses": pause_ends,
    "built-in restorer": sentence_ends,
}


def as_srt(cues: list[tuple[float, float, str]]) -> str:
    """Cues as a file."""

    def clock(seconds: float) -> str:
        ms = round(seconds * 1000)
        return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d},{ms % 1000:03d}"

    return "\n".join(f"{n}\n{clock(a)} --> {clock(b)}\n{text}\n" for n, (a, b, text) in enumerate(cues, start=1))


def bare(transcript: Transcript, ends: Collection[int], cut: list[int]) -> tuple[Transcript, set[int]]:
    """The transcript without marks and capitals, with cues that end at `cut`, and its sentence ends; via a file."""
    cues, truth, start, kept = [], set(), 0, 0
    for stop in cut:
        line = []
        for at in range(start, stop):
            parts = re.sub(r"[^\w'’]+", " ", transcript.words[at].text.lower()).split()
            line += [part for part in parts if any(map(str.isalnum, part))]
            if at + 1 in ends:
                truth.add(kept + len(line))
        kept += len(line)
        if line:
            cues.append((transcript.words[start].start, transcript.words[stop - 1].end, " ".join(line)))
        start = stop
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bare.srt"
        file.write_text(as_srt(cues))
        result = read_transcript(file)
    assert len(result.words) == kept, (len(result.words), kept)
    return result, truth - {0, kept}


def recut(words: int, rng: Random) -> list[int]:
    """Ends of cues of 5 to 8 words."""
    ends = list(accumulate(rng.randint(5, 8) for _ in range(words // 5 + 1)))
    return [*(end for end in ends if end < words), words]


def videos(file: Path) -> Iterator[tuple[str, Transcript]]:
    """The punctuated transcripts."""
    with gzip.open(file, "rt") as lines, tempfile.TemporaryDirectory() as folder:
        for line in lines:
            record = json.loads(line)
            srt = Path(folder) / "talk.en.srt"
            srt.write_text(record["srt"])
            transcript = read_transcript(srt)
            if is_punctuated(transcript.words):
                yield record["video_id"], transcript


def scores(found: int, true: int, hits: int) -> str:
    """Precision, recall and F1 as a row."""
    return f"{hits / max(found, 1):9.3f} {hits / max(true, 1):9.3f} {2 * hits / max(found + true, 1):9.3f}"


def report(title: str, pairs: list[tuple[Transcript, set[int]]], methods: dict[str, Method]) -> None:
    words = sum(len(transcript.words) for transcript, _ in pairs)
    print(f"\n{title}: {len(pairs)} videos, {words} words, {sum(len(truth) for _, truth in pairs)} sentence ends")
    print(f"  {'':24} precision    recall        F1")
    for name, method in methods.items():
        found = true = hits = 0
        for transcript, truth in pairs:
            ends = set(method(transcript)) - {0, len(transcript.words)}
            found, true, hits = found + len(ends), true + len(truth), hits + len(ends & truth)
        print(f"  {name:24} {scores(found, true, hits)}")


def kept(transcript: Transcript) -> tuple[set[int], set[int]]:
    """Ends of the sentences of a transcript that keeps its marks, and the words that have an end mark in the file."""
    said = [word.text for word in transcript.words if not is_filler(word.text)]
    places = {letters: at for at, letters in enumerate(accumulate(map(_letters, said)), start=1)}
    reached = accumulate(_letters(sentence.text) for sentence in split_sentences(transcript))
    found = {places[letters] for letters in reached}  # by letters: some scripts put no blanks between words
    return found - {len(said)}, {at for at, text in enumerate(said[:-1], start=1) if has_end_mark(text)}


def _letters(text: str) -> int:
    return len("".join(text.split()))


def main() -> None:
    file = Path(sys.argv[1] if len(sys.argv) > 1 else SHARED) / FILE
    if not file.exists():
        print(f"shared data not found ({file}): nothing to measure")
        return
    first, second = [], []
    found = true = hits = 0
    for name, transcript in videos(file):
        ends = set(marked_ends(transcript.words))
        first.append(bare(transcript, ends, recut(len(transcript.words), Random(f"{SEED} {name}"))))
        ours, marks = kept(transcript)
        found, true, hits = found + len(ours), true + len(marks), hits + len(ours & marks)
        own = cue_ends(transcript)
        if len(ends & set(own)) < NATURAL * len(ends):
            second.append(bare(transcript, ends, own))
    report("Set 1, cues of 5 to 8 words", first, METHODS)
    report("Set 2, natural cues", second, METHODS)
    print("\nSet 3, marks and capitals as they are: sentences end at marks")
    print(f"  {'split_sentences':24} {scores(found, true, hits)}")


if __name__ == "__main__":
    main()

"""How long the clips and texts are that the subtitles of a folder give, beside those of HD-VILA-100M.

    python benchmarks/clip_lengths.py ../shared/data/subtitles

No video is needed: one is taken to end with its last word. Of each file of the folder, and of the folders in it, the
sentences are joined as `hdvila corpus build` joins them: once without targets, once with its defaults, and once with
what --target-seconds and --target-words say, where they are given.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hdvila.corpus import CorpusOptions, Failure, plan_clips, read_transcripts
from hdvila.corpus.paper import HD_VILA_100M, MOST_SECONDS, MOST_WORDS
from hdvila.text import split_sentences
from hdvila.types import Sentence
from hdvila.writing import word_count


def main() -> None:
    """Print a row for each pair of targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="subtitle files")
    parser.add_argument("--target-seconds", type=float)
    parser.add_argument("--target-words", type=float)
    given = parser.parse_args()
    wanted = [CorpusOptions(target_seconds=0), CorpusOptions()]
    if given.target_seconds is not None or given.target_words is not None:
        wanted.append(CorpusOptions(target_seconds=given.target_seconds, target_words=given.target_words))
    spoken = sentences_of(given.folder)
    paper, (low, high) = HD_VILA_100M, MOST_SECONDS
    few, many = MOST_WORDS
    print(f"{given.folder}: {len(spoken)} files, {sum(map(len, spoken))} sentences")
    print(f"| targets | clips | mean | {low:g}-{high:g} s | 90 % | mean | {few}-{many} words | 90 % | sentences held |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    print(f"| {paper.name} | | {paper.clip_seconds} s | most | | {paper.sentence_words} words | most | | |")
    for options in wanted:
        seconds, words, held = lengths(spoken, options)
        aims = "{:g} s, {:g} words".format(*options.targets)
        cells = (*told(seconds, low, high, "s"), *told(words, few, many, "words"))
        print(f"| {aims} | {len(seconds)} | {' | '.join(cells)} | {held} |")


def told(values: np.ndarray, low: float, high: float, unit: str) -> tuple[str, str, str]:
    """The mean of (C,) lengths, the share from `low` to `high`, and between what nine in ten lie."""
    share = np.mean((values >= low) & (values <= high))
    return f"{values.mean():.1f} {unit}", f"{share:.0%}", "{:.0f}-{:.0f}".format(*np.quantile(values, (0.05, 0.95)))


def sentences_of(folder: Path) -> list[list[Sentence]]:
    """The sentences of every file that can be read, split as a build splits them."""
    limits = CorpusOptions()
    read = (said for _, said in read_transcripts(folder) if not isinstance(said, Failure))
    found = (split_sentences(said, max_words=limits.max_words, max_seconds=limits.longest) for said in read)
    return [sentences for sentences in found if sentences]


def lengths(spoken: Sequence[Sequence[Sentence]], options: CorpusOptions) -> tuple[np.ndarray, np.ndarray, int]:
    """Of the clips of all files: (C,) seconds, (C,) words, and how many sentences they hold."""
    ends = (max(sentence.end for sentence in one) + options.padding for one in spoken)
    plans = [plan_clips(one, "v", end, options) for one, end in zip(spoken, ends, strict=True)]
    clips = [clip for plan in plans for clip in plan.clips]
    held = sum(sum(plan.sentences) for plan in plans)
    return np.array([clip.duration for clip in clips]), np.array([word_count(clip.text) for clip in clips]), held


if __name__ == "__main__":
    main()

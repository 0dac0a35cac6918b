"""What it costs to make and to read a corpus, in processor time, and what that means for HD-VILA-100M.

    python benchmarks/corpus_cost.py [VIDEO ...] [--repeat N] [--form jpeg|h264]

Every step of cutting is measured on whole 720p videos with one thread, as CPU seconds of this process, so other work on
the machine changes little: decoding alone, reading the packets' times, and cutting (decoding what is needed, both
streams at their sizes, encoded), and storing. Then one training sample from the store against one decoded from the
uncut video (`benchmarks/store_vs_decode.py` says how). From these follow the core-hours, bytes and network of 371.5
thousand hours, on paper.

VIDEO: 720p files. Without any, 13.4 s are rendered.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import torch
from store_vs_decode import PREPROCESS, from_video, render

from hdvila.media import Form, Packing, clip_streams, probe
from hdvila.store import Corpus, CorpusWriter
from hdvila.text import split_sentences
from hdvila.types import Clip, Transcript, Word

HOURS, CORES, CLIP = 371_500, 64, 13.4  # of HD-VILA-100M; of the machine on paper; seconds of a mean clip
WORDS_AN_HOUR = 8700  # 32.5 words in 13.4 s


def cpu(job: Callable[[], object], repeat: int) -> float:
    """The least CPU seconds that `job` took."""
    taken = []
    for _ in range(repeat):
        begin = time.process_time()
        job()
        taken.append(time.process_time() - begin)
    return min(taken)


def decode(path: Path) -> None:
    """All frames, with one thread, nothing done with them."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for _ in container.decode(video=0):
            pass


def clips_of(path: Path) -> list[Clip]:
    """The whole video in clips of about the mean length of HD-VILA-100M."""
    duration = probe(path).duration
    bounds = np.linspace(0, duration, max(1, round(duration / CLIP)) + 1)
    return [
        Clip(f"{path.stem}_{k}", path.stem, float(start), float(end), "words")
        for k, (start, end) in enumerate(pairwise(bounds))
    ]


def cut(path: Path, packing: Packing) -> Iterator[object]:
    return clip_streams(path, [(clip.start, clip.end) for clip in clips_of(path)], packing=packing)


def store(videos: list[Path], root: Path, packing: Packing) -> tuple[Corpus, float]:
    """The corpus, and the CPU seconds of writing it."""
    spent = 0.0
    with CorpusWriter(root, form=packing.form) as writer:
        for path in videos:
            spans = [(clip.start, clip.end) for clip in clips_of(path)]
            for clip, (hr, lr) in zip(clips_of(path), clip_streams(path, spans, packing=packing), strict=True):
                begin = time.process_time()
                writer.add(clip, hr, lr)
                spent += time.process_time() - begin
        begin = time.process_time()
    return Corpus(root), spent + time.process_time() - begin


def sentences() -> None:
    """Bounds of an hour of speech whose words are timed."""
    step = 3600 / WORDS_AN_HOUR
    words = (f"word{k}" + "." * (k % 16 == 15) for k in range(WORDS_AN_HOUR))
    split_sentences(Transcript(tuple(Word(word, k * step, (k + 0.9) * step) for k, word in enumerate(words))))


def read_sample(corpus: Corpus, videos: list[Path], repeat: int) -> tuple[float, float]:
    """Median CPU seconds of a sample (from the store, from the uncut video)."""
    rng = np.random.default_rng(0)
    ways: tuple[list[float], list[float]] = [], []
    first = {path.stem: path for path in videos}
    for k in range(repeat + 1):
        number = int(rng.integers(len(corpus)))
        path = first[corpus.clips[number].video_id]
        plain = cpu(lambda: from_video(path, rng), 1)  # noqa: B023
        stored = [cpu(lambda: corpus.sample(number, PREPROCESS, rng), 1) for _ in range(10)]  # noqa: B023
        if k:
            ways[0].extend(stored)
            ways[1].append(plain)
    return statistics.median(ways[0]), statistics.median(ways[1])


def estimate(hour: float, stored_bytes: float, fetched_bytes: float) -> None:
    """`hour`: CPU seconds an hour of video; bytes a second of video, stored and fetched."""
    core_hours = HOURS * hour / 3600
    seconds = HOURS * 3600
    stored, fetched = (rate * seconds / 1e12 for rate in (stored_bytes, fetched_bytes))
    days = core_hours / CORES / 24
    print(f"on paper, {HOURS:,} h of such video on {CORES} cores:")
    print(f"  {core_hours:,.0f} core-hours, {days:.1f} days; {fetched:,.0f} TB fetched, {stored:,.0f} TB stored")
    need = {
        "cores": days,
        "1 Gbit/s in": fetched * 8e12 / 1e9 / 86_400,
        "10 Gbit/s in": fetched * 8e12 / 1e10 / 86_400,
        "500 MB/s to disk": stored * 1e12 / 5e8 / 86_400,
    }
    for name, taken in sorted(need.items(), key=lambda pair: -pair[1]):
        print(f"  {name:18} {taken:8.1f} days")
    print(f"  what takes longest sets the pace: {max(need, key=lambda name: need[name])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, help="720p files (default: one is rendered)")
    parser.add_argument("--repeat", type=int, default=2, help="the least of so many runs counts")
    parser.add_argument("--form", choices=("jpeg", "h264"), default="jpeg")
    given = parser.parse_args()
    form: Form = given.form
    packing = Packing(form)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        videos = given.videos or [render(Path(folder) / "rendered.mp4")]
        seconds = sum(probe(path).duration for path in videos)
        corpus, writing = store(videos, Path(folder) / "corpus", packing)
        steps = {
            "decoding alone": sum(cpu(lambda: decode(path), given.repeat) for path in videos),  # noqa: B023
            "facts and times (probe)": sum(cpu(lambda: probe(path), given.repeat) for path in videos),  # noqa: B023
            "sentences": cpu(sentences, 1) * seconds / 3600,
            "cutting": sum(cpu(lambda: list(cut(path, packing)), given.repeat) for path in videos),  # noqa: B023
            "storing": writing,
        }
        stored, decoded = read_sample(corpus, videos, 4 * given.repeat)
        shards = sum(file.stat().st_size for file in (Path(folder) / "corpus/shards").iterdir())
        fetched = sum(path.stat().st_size for path in videos)
        rate = 8e-6 * fetched / seconds
        print(f"{len(videos)} files, {seconds:.1f} s of 720p at {rate:.1f} Mbit/s; stored as {form}")
        for name, taken in steps.items():
            print(f"  {name:24} {3600 * taken / seconds:9.1f} CPU s an hour of video")
        print(f"  cutting costs {steps['cutting'] / steps['decoding alone']:.2f} times decoding alone")
        print(f"  stored: {shards / seconds / 1e3:.0f} kB a second of video ({8e-6 * shards / seconds:.1f} Mbit/s)")
        print(
            f"  a training sample: {1000 * stored:.1f} ms from the store, {1000 * decoded:.0f} ms from the uncut "
            f"video, {decoded / stored:.0f} times as much"
        )
        hour = 3600 * (sum(steps.values()) - steps["decoding alone"]) / seconds
        estimate(hour, shards / seconds, fetched / seconds)


if __name__ == "__main__":
    main()

"""Evaluating retrieval: scoring cached vectors, and where embedding spends its time, in one run.

    python benchmarks/evaluate_retrieval.py [--clips N] [--size small|paper] [--rounds N] [--videos VIDEO ...]

First 1,000 texts are scored against 1,000 videos from vectors, with intervals, dual softmax and query expansion. Then
clips of a store are embedded: read alone (by the threads that read ahead), put through the model alone, and both
together as an evaluation does it. Printed are clips per second and the ratio of the time in the model to the time in
reading: above 1, reading is not what an evaluation waits for. `small` is the demo's model (128x192), `paper` the full
one (640x1024, 4 segments).

Measured on two CPU cores that other work shared (`--clips 32`): reading 0.8 ms, model 55 ms a clip of `small`, together
0.74 of the model alone.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption
from hdvila.corpus.options import CorpusOptions, stored_streams
from hdvila.data.prefetch import prefetch_clips
from hdvila.evaluate.embedding import embed_clips, similarity
from hdvila.evaluate.predictions import Similarity
from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.score import score
from hdvila.hub import Processor, build_model, computing, fast_precision, pick_device
from hdvila.media import encode_jpeg, open_video, resize
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.nn.pretrained import to_tensors
from hdvila.recipes.hdvila.miniature import miniature_model
from hdvila.store import Corpus, CorpusWriter
from hdvila.text.tokenizer import Tokenizer
from hdvila.types import Clip, Frames, Pixels

PAIRS, WIDTH = 1000, 1024
GRAIN = 2.8  # grey levels
SIZES: dict[str, tuple[Callable[[], HDVILAConfig], Preprocess, int]] = {
    "small": (lambda: miniature_model("stage1"), Preprocess(128, 192, 1, 3, 2, 6.0, 3), 32),
    "paper": (HDVILAConfig, Preprocess(640, 1024, 4, 5, 4, 6.0, 3), 2),
}


def score_cached() -> None:
    """1,000 captions against 1,000 videos, from unit vectors."""
    rng = np.random.default_rng(0)
    videos = rng.normal(size=(PAIRS, WIDTH)).astype(np.float32)
    texts = (videos + 9 * rng.normal(size=(PAIRS, WIDTH))).astype(np.float32)
    videos, texts = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (videos, texts))
    names = tuple(f"video{n}" for n in range(PAIRS))
    captions = tuple(Caption(str(n), name, "") for n, name in enumerate(names))
    annotations = Annotations(tuple(map(BenchmarkVideo, names)), captions)
    for what, vectors in (("plain, with intervals and dual softmax", None), ("and query expansion", (texts, videos))):
        began = time.perf_counter()
        scores = Similarity(similarity(texts, videos), tuple(map(str, range(PAIRS))), names)
        record = score(get_protocol("msrvtt-1ka"), annotations, scores, vectors=vectors)
        seconds = time.perf_counter() - began
        assert record.text_to_video is not None
        print(f"{PAIRS} x {PAIRS} from vectors, {what}: {seconds:.2f} s, R@1 {record.text_to_video['r1']:.3f}")


def write_store(folder: Path, clips: int, seen: Preprocess) -> Corpus:
    """Clips of 15 s of pictures whose JPEGs have as many bytes as those of real films (`filmlike`)."""
    rng = np.random.default_rng(0)
    streams = CorpusOptions(lr_fps=seen.fps, hr_fps=seen.fps / seen.hr_every).streams
    with CorpusWriter(folder, stored_streams(streams)) as writer:
        for number in range(clips):
            times = np.arange(int(15 * seen.fps)) / seen.fps
            high = filmlike(rng, len(times[:: seen.hr_every]), seen.height * 9 // 8, seen.width * 9 // 8)
            low = filmlike(rng, len(times), seen.height * 9 // 32, seen.width * 9 // 32)
            clip = Clip(f"c{number}", f"v{number}", 0.0, 15.0, "")
            writer.add(clip, {"hr": Frames(high, times[:: seen.hr_every]), "lr": Frames(low, times)})
    return Corpus(folder)


def filmlike(rng: np.random.Generator, count: int, height: int, width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Smooth noise with grain, whose JPEGs are as large as real ones: 0.14 bytes a pixel of pictures of 720 lines, 0.25
    of 180, 0.27 of 144, 0.76 of 36. These are means of four pictures of each of the 26 videos of 360 lines and more (14
    have 720) that the tests read; `--videos` prints those of any videos beside ours."""
    grid = (12, 16) if height > 100 else (6, 8)
    coarse = torch.from_numpy(rng.uniform(0, 255, (count, 3, *grid)).astype(np.float32))
    pictures = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
    grain = torch.from_numpy(rng.uniform(-GRAIN, GRAIN, (count, 1, height, width)).astype(np.float32))
    return (pictures + grain).clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().numpy()


def bytes_a_pixel(rgb: Pixels) -> float:
    return len(encode_jpeg(rgb)) / (rgb.shape[0] * rgb.shape[1])


def compare_bytes(videos: Sequence[Path]) -> None:
    """Bytes a pixel of JPEGs: of four pictures of every video, each size that it is not too small for, and of ours."""
    rng = np.random.default_rng(0)
    for lines in (720, 180, 144, 36):
        real = []
        for path in videos:
            with open_video(path) as video:
                height, width = video.info.height, video.info.width
                if min(height, width) < max(lines, 360):
                    continue
                size = [round(one * lines / min(height, width)) for one in (height, width)]
                for picture in video.at(np.linspace(0.2, max(0.3, video.info.duration - 0.3), 4)).rgb:
                    real.append(bytes_a_pixel(resize(picture, *size)))
        ours = [bytes_a_pixel(picture) for picture in filmlike(rng, 4, lines, lines * 8 // 5)]
        print(f"{lines} lines: {len(real)} real pictures {np.mean(real):.3f} bytes a pixel, ours {np.mean(ours):.3f}")


def embed(size: str, clips: int, rounds: int) -> None:
    """Time in reading, in the model and in both as an evaluation has them (`embed_clips`), by turns."""
    config, seen, at_once = SIZES[size]
    model = build_model(config()).eval().to(pick_device())
    model.processor = Processor(seen, Tokenizer.train(["a"], 50))
    model.precision = fast_precision()  # as `hdvila evaluate` has it
    numbers = list(range(clips))
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode(), computing(model):
        source = write_store(Path(folder), clips, seen)
        blocks = [numbers[first : first + at_once] for first in range(0, clips, at_once)]
        read = list(prefetch_clips(source, numbers, seen))
        batches = [to_tensors(seen.collate([read[i] for i in block])) for block in blocks]

        def compute() -> None:
            for batch in batches:
                video = (None if one is None else one.to(model.device) for one in batch)
                model.encode_video(*video).cpu()

        both, reading, computing_alone = medians(
            rounds,
            lambda: embed_clips(model, source, numbers, at_once),
            lambda: list(prefetch_clips(source, numbers, seen)),
            compute,
        )
    print(f"{size}, {clips} clips of {seen.segments} segments on {pick_device()}, medians of {rounds}:")
    print(f"  {clips / both:.2f} clips/s; {max(reading, computing_alone) / both:.2f} of the limit, the slower of:")
    print(f"  reading {reading / clips * 1e3:.1f} ms, model {computing_alone / clips * 1e3:.1f} ms a clip")
    bound = "the model" if computing_alone > reading else "reading"
    print(f"  model / reading {computing_alone / reading:.1f}: bound by {bound}")


def medians(rounds: int, *jobs: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each job by a clock, by turns, after each was run once to warm up."""
    spent: list[list[float]] = [[] for _ in jobs]
    for turn in range(rounds + 1):
        for job, seconds in zip(jobs, spent, strict=True):
            began = clock()
            job()
            if turn:
                seconds.append(clock() - began)
    return [statistics.median(seconds) for seconds in spent]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--size", choices=tuple(SIZES), default="small")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--videos", nargs="+", type=Path, help="only compare the bytes of their JPEGs with ours")
    chosen = parser.parse_args()
    if chosen.videos:
        compare_bytes(chosen.videos)
    else:
        score_cached()
        embed(chosen.size, chosen.clips, chosen.rounds)

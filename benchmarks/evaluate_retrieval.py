"""Evaluating retrieval: scoring cached vectors, and where embedding spends its time, in one run.

    python benchmarks/evaluate_retrieval.py [--clips N] [--size small|paper]

First 1,000 texts are scored against 1,000 videos from vectors, with intervals, dual softmax and query expansion. Then
clips of a store are embedded: read alone (by the threads that read ahead), put through the model alone, and both
together as an evaluation does it. Printed are clips per second and the ratio of the time in the model to the time in
reading: above 1, reading is not what an evaluation waits for. `small` is the demo's model (128x192), `paper` the full
one (640x1024, 4 segments).

Measured on two quiet CPU cores: 0.4 s from vectors, with or without query expansion; ratios of 3.3, 3.4 and 4.9 for
`small` in three runs, 780 for `paper` (4 clips).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hdvila.annotations.records import Annotations, Caption, Part
from hdvila.data.ahead import read_ahead
from hdvila.data.batch import collate
from hdvila.evaluate.predictions import Similarity
from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.retrieval import embed_clips, similarity
from hdvila.evaluate.score import score
from hdvila.hub import Processor, build_model
from hdvila.media.preprocess import Preprocess
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.recipes.miniature import miniature_model
from hdvila.store import Corpus, CorpusWriter
from hdvila.text.tokenizer import Tokenizer
from hdvila.types import Clip, Frames

PAIRS, WIDTH = 1000, 1024
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
    annotations = Annotations(tuple(map(Part, names)), captions)
    for what, vectors in (("plain, with intervals and dual softmax", None), ("and query expansion", (texts, videos))):
        began = time.perf_counter()
        scores = Similarity(similarity(texts, videos), tuple(map(str, range(PAIRS))), names)
        record = score(get_protocol("msrvtt-1ka"), annotations, scores, vectors=vectors)
        seconds = time.perf_counter() - began
        assert record.text_to_video is not None
        print(f"{PAIRS} x {PAIRS} from vectors, {what}: {seconds:.2f} s, R@1 {record.text_to_video['r1']:.3f}")


def write_store(folder: Path, clips: int, seen: Preprocess) -> Corpus:
    """Clips of 15 s of smooth noise, which a JPEG compresses about as a film."""
    rng = np.random.default_rng(0)
    with CorpusWriter(folder, lr_fps=seen.fps, hr_fps=seen.fps / seen.hr_every) as writer:
        for number in range(clips):
            times = np.arange(int(15 * seen.fps)) / seen.fps
            high = smooth(rng, len(times[:: seen.hr_every]), seen.height * 9 // 8, seen.width * 9 // 8)
            low = smooth(rng, len(times), seen.height * 9 // 32, seen.width * 9 // 32)
            clip = Clip(f"c{number}", f"v{number}", 0.0, 15.0, "")
            writer.add(clip, Frames(high, times[:: seen.hr_every]), Frames(low, times))
    return Corpus(folder)


def smooth(rng: np.random.Generator, count: int, height: int, width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    coarse = torch.from_numpy(rng.uniform(0, 255, (count, 3, 12, 16)).astype(np.float32))
    pictures = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 255)
    return pictures.byte().permute(0, 2, 3, 1).contiguous().numpy()


def embed(size: str, clips: int) -> None:
    """Time in reading, in the model and in both."""
    config, seen, at_once = SIZES[size]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = build_model(config()).eval().to(device)
    model.processor = Processor(seen, Tokenizer.train(["a"], 50))
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        source = write_store(Path(folder), clips, seen)
        empty = torch.zeros((0, 0), dtype=torch.int64)
        blocks = [list(range(first, min(first + at_once, clips))) for first in range(0, clips, at_once)]
        embed_clips(model, source, blocks[0], at_once)  # warms up
        began = time.perf_counter()
        read = list(read_ahead(source, list(range(clips)), seen))
        reading = time.perf_counter() - began
        batches = [collate([read[i] for i in block], empty, empty, block) for block in blocks]
        began = time.perf_counter()
        for batch in batches:
            there = batch.to(torch.device(device))
            model.encode_video(there.high, there.low).cpu()
        computing = time.perf_counter() - began
        began = time.perf_counter()
        embed_clips(model, source, list(range(clips)), at_once)
        both = time.perf_counter() - began
    print(f"{size}, {clips} clips of {seen.segments} segments on {device}: {clips / both:.2f} clips/s")
    print(f"  reading {reading / clips * 1e3:.1f} ms, model {computing / clips * 1e3:.1f} ms a clip")
    print(f"  model / reading {computing / reading:.1f}: bound by {'the model' if computing > reading else 'reading'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--size", choices=tuple(SIZES), default="small")
    chosen = parser.parse_args()
    score_cached()
    embed(chosen.size, chosen.clips)

"""Embedding in bfloat16 against float32, in the same run: clips per second, and what becomes of vectors and numbers.

    python benchmarks/inference_precision.py [--size small|paper] [--clips N] [--rounds N] [--model MODEL --corpus DIR]

The model embeds the same clips in both, by turns, as `hdvila index` and `hdvila evaluate` have it (`computing`).
Printed are medians and their ratio, the cosine of a clip's two vectors, how much the cosine of a clip and a text
changes, and with MODEL and DIR the retrieval numbers of the corpus in both. Without MODEL the weights are random:
`small` is the demo's model (128x192), `paper` the full one (640x1024, 4 segments).

What was measured stands in docs/search.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from evaluate_retrieval import SIZES, write_store

from hdvila.evaluate.embedding import embed_clips, embed_texts
from hdvila.evaluate.retrieval import evaluate_retrieval
from hdvila.hub import Processor, build_model, fast_precision, load_model, pick_device
from hdvila.store import Corpus
from hdvila.text.tokenizer import Tokenizer

PRECISIONS = ("float32", "bfloat16")
WORDS = ["a dog catches a frisbee", "rain falls on the street", "somebody cuts an onion", "two cars", "a red ball"]


def main(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if given.model:
            model: Any = load_model(given.model, device=pick_device())
            source = Corpus(given.corpus)
            at_once = 16
        else:
            config, seen, at_once = SIZES[given.size]
            model = build_model(config()).eval().to(pick_device())
            model.processor = Processor(seen, Tokenizer.train(WORDS, 200))
            source = write_store(Path(folder), given.clips, seen)
        numbers = list(range(min(given.clips, len(source))))
        print(f"{len(numbers)} clips on {pick_device()}; this machine is fast in {fast_precision()}")
        seconds: dict[str, list[float]] = {one: [] for one in PRECISIONS}
        vectors, texts = {}, {}
        for _ in range(given.rounds):
            for model.precision in PRECISIONS:
                began = time.perf_counter()
                vectors[model.precision] = embed_clips(model, source, numbers, at_once)
                seconds[model.precision].append(time.perf_counter() - began)
        for model.precision in PRECISIONS:
            texts[model.precision] = embed_texts(model, WORDS, at_once)
        plain, reduced = (statistics.median(seconds[one]) for one in PRECISIONS)
        print(
            f"float32 {len(numbers) / plain:.2f}, bfloat16 {len(numbers) / reduced:.2f} clips/s: {plain / reduced:.2f}x"
        )
        for what, rows in (("clips", vectors), ("texts", texts)):
            cosines = (rows["float32"] * rows["bfloat16"]).sum(1)
            print(f"{what}: cosine of the two vectors, mean {cosines.mean():.6f}, least {cosines.min():.6f}")
        moved = np.abs(texts["float32"] @ vectors["float32"].T - texts["bfloat16"] @ vectors["bfloat16"].T)
        print(f"cosine of clip and text moves by {moved.mean():.5f}, at most {moved.max():.5f}")
        if given.model:
            for model.precision in PRECISIONS:
                row = evaluate_retrieval(model, source, clips=numbers).text_to_video
                recalls = f"R@1 {row.r1:.4f}, R@5 {row.r5:.4f}, R@10 {row.r10:.4f}"
                print(f"{model.precision}: {recalls}, mean rank {row.mean_rank:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(SIZES), default="small")
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", help="a model folder; with --corpus")
    parser.add_argument("--corpus", help="a corpus folder")
    main(parser.parse_args())

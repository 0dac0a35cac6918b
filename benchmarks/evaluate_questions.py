"""Answering questions: what it saves to look at a clip once for all that is asked about it.

    python benchmarks/evaluate_questions.py [--size small|paper] [--clips N] [--questions N]

Every clip of a store is asked the same number of questions (24, as in MSRVTT-QA): as an evaluation does it, and with
the model looking at the clip anew for each question. Clips are read once in both. Printed are questions per second and
the ratio of the two; `small` is the miniature model (128x192), `paper` the full one (640x1024).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from evaluate_retrieval import SIZES, write_store

from hdvila.annotations.records import Question
from hdvila.data.ahead import read_ahead
from hdvila.data.batch import collate
from hdvila.data.dataset import encode
from hdvila.evaluate.answering import answer_questions
from hdvila.hub import Processor, build_model
from hdvila.text.answers import Answers
from hdvila.text.tokenizer import Tokenizer

TEXT_LENGTH = 30
ANSWERS = tuple(f"answer{n}" for n in range(100))
WORDS = "what is the colour of the thing that somebody holds"


def measure(size: str, clips: int, questions: int) -> None:
    """Seconds of both ways."""
    config, seen, at_once = SIZES[size]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_model(replace(config(), variant="open_ended", num_answers=len(ANSWERS))).eval().to(device)
    tokenizer = Tokenizer.train([WORDS], 100)
    model.processor = Processor(seen, tokenizer, TEXT_LENGTH, Answers(ANSWERS))
    asked = [Question(f"{v}/{q}", f"v{v}", WORDS, ANSWERS[0]) for v in range(clips) for q in range(questions)]
    numbers = {f"v{v}": v for v in range(clips)}
    ids, mask = (part.to(device) for part in encode(tokenizer, [(WORDS,)] * at_once, TEXT_LENGTH))
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        source = write_store(Path(folder), clips, seen)
        answer_questions(model, source, asked[:questions], numbers, batch_size=at_once)  # warms up
        began = time.perf_counter()
        answer_questions(model, source, asked, numbers, batch_size=at_once)
        once = time.perf_counter() - began
        began = time.perf_counter()
        read = list(read_ahead(source, list(range(clips)), seen))
        for first in range(0, len(asked), at_once):
            shown = [read[numbers[one.video_id]] for one in asked[first : first + at_once]]
            batch = collate(shown, ids[: len(shown)], mask[: len(shown)], range(len(shown))).to(device)
            model.answer_logits(batch.high, batch.low, batch.input_ids, batch.attention_mask).cpu()
        anew = time.perf_counter() - began
    print(f"{size} on {device}, {clips} clips of {seen.segments} segments, {questions} questions each")
    print(f"  looked at once: {len(asked) / once:.1f} questions/s, anew for each: {len(asked) / anew:.1f}")
    print(f"  {anew / once:.1f} times as fast")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(SIZES), default="small")
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--questions", type=int, default=24)
    chosen = parser.parse_args()
    measure(chosen.size, chosen.clips, chosen.questions)

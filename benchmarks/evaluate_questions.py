"""Answering questions: what it saves to look at a clip once for all that is asked about it.

    python benchmarks/evaluate_questions.py [--size small|paper] [--clips N] [--questions N] [--rounds N]

Every clip of a store is asked the same number of questions (24, as in MSRVTT-QA): as `hdvila evaluate` does it, and
with the model looking at the clip anew for each question (once only, it takes long). Clips are read once in both. The
limit of the machine is the model alone, with pictures and words ready: each clip looked at once, each question answered
once. Printed are questions per second in medians, by turns; `small` is the miniature model (128x192), `paper` the full
one (640x1024).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from evaluate_retrieval import SIZES, medians, write_store

from hdvila.annotations.records import Question
from hdvila.data.batch import Batch, batch_of
from hdvila.data.dataset import encode
from hdvila.data.prefetch import prefetch_clips
from hdvila.evaluate.answering import answer_questions, ask_head
from hdvila.hub import Processor, build_model, computing, fast_precision, pick_device
from hdvila.text.answers import AnswerVocabulary
from hdvila.text.tokenizer import Tokenizer

TEXT_LENGTH = 30
ANSWERS = tuple(f"answer{n}" for n in range(100))
WORDS = "what is the colour of the thing that somebody holds"


def measure(size: str, clips: int, questions: int, rounds: int) -> None:
    """Questions per second of both ways, and of the model alone."""
    config, seen, at_once = SIZES[size]
    model = build_model(replace(config(), variant="open_ended", num_answers=len(ANSWERS))).eval().to(pick_device())
    tokenizer = Tokenizer.train([WORDS], 100)
    model.processor = Processor(seen, tokenizer, TEXT_LENGTH, AnswerVocabulary(ANSWERS))
    model.precision = fast_precision()  # as `hdvila evaluate` has it
    asked = [Question(f"{v}/{q}", f"v{v}", WORDS, ANSWERS[0]) for v in range(clips) for q in range(questions)]
    numbers = {f"v{v}": v for v in range(clips)}
    ids, mask = (part.to(model.device) for part in encode(tokenizer, [(WORDS,)] * at_once, TEXT_LENGTH))
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode(), computing(model):
        source = write_store(Path(folder), clips, seen)
        read = list(prefetch_clips(source, list(range(clips)), seen))

        def shown(some: Sequence[int]) -> Batch:
            video = seen.collate([read[clip] for clip in some])
            batch = batch_of(video, ids[: len(some)], mask[: len(some)], range(len(some)))
            return batch.to(model.device)

        def alone() -> None:
            for first in range(0, clips, at_once):
                batch = shown(range(first, min(first + at_once, clips)))
                visual = model.visual_tokens(*batch.video)
                rows = [row for row in range(visual.shape[1]) for _ in range(questions)]
                for begin in range(0, len(rows), at_once):
                    some = rows[begin : begin + at_once]
                    model.answers_about(visual[:, some], ids[: len(some)], mask[: len(some)]).cpu()

        def anew() -> None:
            for first in range(0, len(asked), at_once):
                batch = shown([numbers[one.video_id] for one in asked[first : first + at_once]])
                model.answer_logits(*batch.video, batch.input_ids, batch.attention_mask).cpu()

        evaluated, limit = medians(
            rounds, lambda: answer_questions(model, source, asked, numbers, ask=ask_head, batch_size=at_once), alone
        )
        began = time.perf_counter()
        anew()
        slow = time.perf_counter() - began
    print(f"{size} on {pick_device()}, {clips} clips of {seen.segments} segments, {questions} questions each")
    print(f"  as evaluated {len(asked) / evaluated:.1f} questions/s, the model alone {len(asked) / limit:.1f}")
    print(f"  {limit / evaluated:.2f} of the limit; medians of {rounds}")
    print(
        f"  looked at anew for each question: {len(asked) / slow:.1f} questions/s, {slow / evaluated:.1f} times as long"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(SIZES), default="small")
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--questions", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    measure(chosen.size, chosen.clips, chosen.questions, chosen.rounds)

"""TGIF-QA: repeated actions, state transitions, frames, counts."""

from __future__ import annotations

from hdvila.annotations import tgif_qa
from hdvila.evaluate.protocols import published
from hdvila.evaluate.protocols.protocol import Protocol, Published, Split

__all__ = ["TGIF_ACTION", "TGIF_COUNT", "TGIF_FRAMEQA", "TGIF_TRANSITION"]


def _files(task: str) -> dict[Split, tuple[str, ...]]:
    return {
        "train": (f"Train_{task}_question.csv", f"{task}_train.jsonl"),
        "test": (f"Test_{task}_question.csv", f"{task}_test.jsonl"),
    }


def _choice(task: str, asks: str, counts: tuple[int, int], rows: tuple[Published, ...]) -> Protocol:
    """A task with five options; `counts` of training and test questions, `rows` that are published."""
    return Protocol(
        name=f"tgif-{task}",
        benchmark=f"TGIF-QA (Jang et al. 2017), {asks}",
        task="multiple_choice",
        files=_files(task),
        train_size=counts[0],
        split=f"training {counts[0]:,}, test {counts[1]:,} questions; no validation, so split one off",
        captions="question and option are one text, five of them a video",
        paragraphs="none",
        metric="accuracy",
        queries=counts[1],
        gallery=5,
        chance=1 / 5,
        published=rows,
        read=tgif_qa.read_action if task == "action" else tgif_qa.read_transition,
        table="tgif",
        column=task,
    )


TGIF_ACTION = _choice("action", "what is done so many times", (20_475, 2_274), published.TGIF_ACTION)

TGIF_TRANSITION = _choice(
    "transition",
    "what is done before or after something",
    (52_704, 6_232),
    published.TGIF_TRANSITION,
)

TGIF_FRAMEQA = Protocol(
    name="tgif-frameqa",
    benchmark="TGIF-QA (Jang et al. 2017), open questions that one frame answers",
    task="open_ended",
    files=_files("frameqa"),
    train_size=39_392,
    split="training 39,392, test 13,691 questions; no validation, so split one off",
    captions="every question; an answer outside the vocabulary counts as wrong and is reported",
    paragraphs="none: one question, one answer",
    metric="accuracy",
    queries=13_691,
    gallery=1540,
    chance=1 / 1540,
    published=published.TGIF_FRAMEQA,
    read=tgif_qa.read_frameqa,
    table="tgif",
    column="frame",
)

TGIF_COUNT = Protocol(
    name="tgif-count",
    benchmark="TGIF-QA (Jang et al. 2017), how many times is something done",
    task="count",
    files=_files("count"),
    train_size=26_843,
    split="training 26,843, test 3,554 questions; no validation, so split one off",
    captions="every question; the answer is a whole number, 0 and 2 to 10, where 10 is ten or more",
    paragraphs="none",
    metric="mean_squared_error",
    queries=3554,
    gallery=len(tgif_qa.COUNTS),
    chance=21.2,
    published=published.TGIF_COUNT,
    differences=(
        "Chance is a guess among 0 to 10 at random, here on part of the test; a record has it for its own questions.",
    ),
    read=tgif_qa.read_count,
)

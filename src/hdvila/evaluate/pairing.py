"""Whether a model, a protocol and a set of videos may be put together at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hdvila.annotations.records import Annotations
from hdvila.data.history import Training
from hdvila.errors import UsageError
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["check_pairing", "check_unseen"]

RETRIEVAL = ("stage1", "stage2")
FITTING: dict[str, tuple[str, ...]] = {
    "retrieval": RETRIEVAL,
    "open_ended": ("open_ended",),
    "count": ("open_ended",),
    "multiple_choice": ("multiple_choice",),
}
BY_RETRIEVAL = ("msrvtt-mc",)
"""Multiple-choice protocols whose options are captions, so that a retrieval model can choose the nearest."""


def check_pairing(model: Any, protocol: Protocol, annotations: Annotations) -> None:
    """Make sure that the model can do what the protocol asks.

    Raises:
        UsageError: it is of another variant, or answers with words that the benchmark does not have.
    """
    fitting = FITTING[protocol.task] + (RETRIEVAL if protocol.name in BY_RETRIEVAL else ())
    variant = model.config.variant
    if variant not in fitting:
        raise UsageError(
            f"the protocol {protocol.name} ({protocol.task}) needs a model of variant {' or '.join(fitting)}, this one "
            f"is {variant!r}: fine-tune one for it, or choose another protocol"
        )
    if variant == "open_ended":
        _check_vocabulary(model.processor.answers, protocol, annotations)


def _check_vocabulary(answers: Any, protocol: Protocol, annotations: Annotations) -> None:
    if answers is None:
        raise UsageError(
            "the model gives numbers of answers and nothing says which words they mean: put the ans2label file that it "
            "was trained with beside it, as answers.json"
        )
    asked = {str(question.answer) for question in annotations.questions if question.answer is not None}
    if asked and not asked & answers.rows.keys():
        raise UsageError(
            f"the model answers with a vocabulary of {len(answers)} answers ({', '.join(answers.words[:3])}, ...), and "
            f"not one of the {len(asked)} right answers of {protocol.name} is among them: it is from another benchmark"
        )


def check_unseen(trainings: Sequence[Training], protocol: Protocol, videos: Iterable[str]) -> None:
    """Make sure that no video of the test was trained on, and that open answers were learned for this benchmark.

    Raises:
        UsageError: says how many were, and in which training.
    """
    gallery = list(videos)
    for training in trainings:
        if seen := training.seen(gallery):
            raise UsageError(
                f"the model was fine-tuned on {len(seen)} of the {len(gallery)} videos of this test ({seen[0]}, ...), "
                f"in the {training.split} split of {training.protocol}: numbers on them say nothing; take a model that "
                "has not seen them, or another split"
            )
    last = trainings[-1] if trainings else None
    if last is not None and protocol.task in ("open_ended", "count") and last.protocol != protocol.name:
        raise UsageError(
            f"the model was fine-tuned to answer {last.protocol}, and {protocol.name} has another vocabulary of "
            "answers: fine-tune one for it"
        )

"""Whether a model, a protocol and a set of videos may be put together at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hdvila.annotations.records import Annotations
from hdvila.data.provenance import Training
from hdvila.errors import UsageError
from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.protocols.protocol import ASKS, Protocol
from hdvila.models.system import IN_WORDS, Capability, named
from hdvila.nn.pretrained import PretrainedModel

__all__ = ["answers_questions", "check_pairing", "check_unseen"]

_BY_RETRIEVAL = ("msrvtt-mc",)
"""Multiple-choice protocols whose options are captions, so that a retrieval model can choose the nearest."""
_WIDER = {"msrvtt-1ka-7k": ("msrvtt-1ka",)}
"""Protocols for models that learned from few videos -> those whose training on the same benchmark has more."""


def answers_questions(model: PretrainedModel) -> bool:
    """Whether the model has a head for answers, open ones or options."""
    return not model.config.capabilities.isdisjoint(("open_answers", "options"))


def check_pairing(
    model: PretrainedModel, protocol: Protocol, annotations: Annotations, trainings: Sequence[Training] = ()
) -> None:
    """Make sure that the model can do what the protocol asks.

    Args:
        trainings: those that the model has behind it, the last of which made its answer head.

    Raises:
        UsageError: it is of another variant, learned to answer another task, learned from more videos of the benchmark
            than the protocol trains on, or answers with words that the benchmark does not have.
    """
    asked = ASKS[protocol.task]
    fitting: set[Capability] = {asked, "retrieval"} if protocol.name in _BY_RETRIEVAL else {asked}
    able = model.config.capabilities
    if not fitting & able:
        raise UsageError(
            f"the protocol {protocol.name} ({protocol.task}) needs a model for "
            f"{' or '.join(IN_WORDS[one] for one in sorted(fitting))}, and {named(model.config)} is for "
            f"{IN_WORDS[model.config.trained_for]}: fine-tune one for it, or choose another protocol"
        )
    if answers_questions(model) and trainings and trainings[-1].protocol != protocol.name:
        way_out = "take a retrieval model" if protocol.name in _BY_RETRIEVAL else "fine-tune one for it"
        raise UsageError(
            f"the model was fine-tuned to answer {trainings[-1].protocol}, and the answers of {protocol.name} are "
            f"others: {way_out}"
        )
    if wider := next((one.protocol for one in trainings if one.protocol in _WIDER.get(protocol.name, ())), ""):
        raise UsageError(
            f"the model was fine-tuned on {wider}, whose {get_protocol(wider).train_size:,} videos are more than the "
            f"{protocol.train_size:,} of {protocol.name}, so its number would be no rival of those beside it: evaluate "
            f"it by {wider}, or fine-tune one with data.benchmark.protocol={protocol.name}"
        )
    if "open_answers" in able:
        answers = getattr(model.processor, "answers", None)
        _check_vocabulary(answers, protocol, annotations)


def _check_vocabulary(answers: Any, protocol: Protocol, annotations: Annotations) -> None:
    if answers is None:
        raise UsageError(
            "the model gives numbers of answers and nothing says which words they mean: put the ans2label file that it "
            "was trained with beside it, as answers.json"
        )
    if protocol.task == "count" and (word := next((one for one in answers.words if not one.isdecimal()), None)):
        raise UsageError(
            f"the model answers with words such as {word!r}, and {protocol.name} asks for counts: it is "
            "from another benchmark"
        )
    asked = {str(question.answer) for question in annotations.questions}
    if asked and not asked & answers.rows.keys():
        raise UsageError(
            f"the model answers with a vocabulary of {len(answers)} answers ({', '.join(answers.words[:3])}, ...), and "
            f"not one of the {len(asked)} right answers of {protocol.name} is among them: it is from another benchmark"
        )


def check_unseen(trainings: Iterable[Training], videos: Iterable[str]) -> None:
    """Make sure that no video of the test was trained on.

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

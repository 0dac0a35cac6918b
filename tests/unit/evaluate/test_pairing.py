"""What may not be put together is refused with the true reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hdvila.data.provenance import Training
from hdvila.errors import UsageError
from hdvila.evaluate.pairing import check_pairing, check_unseen
from hdvila.evaluate.protocols import get_protocol
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.text.answers import AnswerVocabulary
from tests.unit.evaluate.test_score import questions


def model(variant: str, *words: str) -> Any:
    config = HDVILAConfig(variant=variant, num_answers=int(variant == "open_ended"))  # type: ignore[arg-type]
    return SimpleNamespace(config=config, processor=SimpleNamespace(answers=AnswerVocabulary(words) if words else None))


def trained(protocol: str) -> tuple[Training, ...]:
    return (Training.on(protocol, "a benchmark", "train", ["v0"]),)


@pytest.mark.parametrize(
    ("what", "trainings", "protocol", "message"),
    [
        (
            model("stage1"),
            (),
            "tgif-action",
            "needs a model for a choice of options, and model.variant='stage1' is for retrieval",
        ),
        (model("stage1"), trained("msrvtt-1ka"), "tgif-count", "needs a model for open answers"),
        (
            model("multiple_choice"),
            trained("tgif-action"),
            "tgif-transition",
            "fine-tuned to answer tgif-action, and the answers of tgif-transition are others: fine-tune one",
        ),
        (model("multiple_choice"), trained("tgif-action"), "msrvtt-mc", "are others: take a retrieval model"),
        (model("open_ended", "a"), trained("msvd-qa"), "msrvtt-qa", "fine-tuned to answer msvd-qa"),
        (
            model("stage1"),
            (*trained("msrvtt-1ka"), *trained("didemo")),
            "msrvtt-1ka-7k",
            r"fine-tuned on msrvtt-1ka, whose 9,000 videos are more than the 7,010 of msrvtt-1ka-7k.*"
            r"data.benchmark.protocol=msrvtt-1ka-7k",
        ),
        (model("open_ended"), (), "msrvtt-qa", "nothing says which words they mean"),
        (model("open_ended", "b"), (), "msrvtt-qa", "not one of the 1 right answers of msrvtt-qa is among them"),
        (model("open_ended", "3", "dog"), (), "tgif-count", "words such as 'dog', and tgif-count asks for counts"),
    ],
)
def test_wrong_pairings(what: Any, trainings: tuple[Training, ...], protocol: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_pairing(what, get_protocol(protocol), questions("a"), trainings)


@pytest.mark.parametrize(
    ("what", "trainings", "protocol"),
    [
        (model("stage1"), trained("msrvtt-1ka-7k"), "msrvtt-mc"),
        (model("stage1"), trained("msrvtt-1ka-7k"), "msrvtt-1ka-7k"),
        (model("stage1"), trained("msrvtt-1ka-7k"), "msrvtt-1ka"),
        (model("stage2"), (), "didemo"),
        (model("multiple_choice"), trained("tgif-action"), "tgif-action"),
        (model("open_ended", "a", "b"), (), "msrvtt-qa"),
    ],
)
def test_right_pairings(what: Any, trainings: tuple[Training, ...], protocol: str) -> None:
    check_pairing(what, get_protocol(protocol), questions("a"), trainings)


def test_videos_that_were_seen_are_counted() -> None:
    check_unseen(trained("msrvtt-qa"), ["v1", "v2"])
    with pytest.raises(UsageError, match=r"on 1 of the 2 videos of this test .v0.*in the train split of msrvtt-qa"):
        check_unseen(trained("msrvtt-qa"), ["v0", "v2"])

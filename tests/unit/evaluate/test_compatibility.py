"""What does not fit together is refused with the true reason, and what is seen blurred is said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hdvila.data.provenance import Training
from hdvila.data.source import PreparedStore
from hdvila.errors import UsageError
from hdvila.evaluate.compatibility import blur_warning, check_compatible, check_unseen
from hdvila.evaluate.protocols import get_protocol
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.store import Corpus, CorpusWriter
from hdvila.text.answers import AnswerVocabulary
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams
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
        check_compatible(what, get_protocol(protocol), questions("a"), trainings)


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
    check_compatible(what, get_protocol(protocol), questions("a"), trainings)


def test_videos_that_were_seen_are_counted() -> None:
    check_unseen(trained("msrvtt-qa"), ["v1", "v2"])
    with pytest.raises(UsageError, match=r"on 1 of the 2 videos of this test .v0.*in the train split of msrvtt-qa"):
        check_unseen(trained("msrvtt-qa"), ["v0", "v2"])


@pytest.mark.parametrize(
    ("high", "low", "said"),
    [
        (72, 18, True),  # of a store for smaller windows: the video has 72 lines
        (144, 36, False),  # of one for this window
        (24, 24, False),  # of one for this window, and the video has no more
        (24, 18, True),  # the same video in a store for smaller windows
    ],
)
def test_a_store_for_smaller_windows_is_told_from_small_videos(tmp_path: Path, high: int, low: int, said: bool) -> None:
    times = np.arange(6) / 10
    with CorpusWriter(tmp_path, hybrid_streams()) as writer:
        for name in ("a", "b"):
            hr, lr = (np.zeros((n, side, side, 3), np.uint8) for n, side in ((2, high), (6, low)))
            writer.add(Clip(name, name, 0.0, 0.6, "a thing"), {"hr": Frames(hr, times[::5]), "lr": Frames(lr, times)})
    prepared = PreparedStore(Corpus(tmp_path), tmp_path, "hdvila prepare msrvtt-1ka")
    note = blur_warning(prepared, [0, 1], Preprocess(128, 128, enlarged=True, hr_every=1))
    assert note.startswith("2 of 2 clips have LR frames of fewer than the 36 lines") is said
    assert ("run hdvila prepare msrvtt-1ka before all others" in note) is said
    assert not blur_warning(prepared, [0, 1], Preprocess(128, 128, hr_every=5)), "real HR is not made of LR"

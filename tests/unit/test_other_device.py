"""What runs on a GPU runs here on a device that refuses what a GPU refuses; the numbers are those of the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hdvila.annotations.records import Question
from hdvila.evaluate.answering import answer_questions, ask_head
from hdvila.evaluate.masked_words import evaluate_masked_words
from hdvila.evaluate.retrieval import evaluate_retrieval
from hdvila.hub import Processor
from hdvila.media import write_video
from hdvila.models.hdvila.model import HDVILA
from hdvila.search import open_library
from hdvila.text.answers import AnswerVocabulary
from hdvila.text.tokenizer import Tokenizer
from hdvila.train.engine import Engine
from tests.other_device import elsewhere
from tests.unit.models.small_hdvila import tiny_model
from tests.unit.train.test_gradients import assert_same, gradients
from tests.unit.train.toy_training import LENGTH, PREPROCESS, ToyCorpus

WORDS = Tokenizer.train([f"{i} {j}" for i in range(9) for j in range(9)], 60)


def model(variant: str) -> HDVILA:
    made = tiny_model(
        variant=variant, vocab_size=WORDS.vocab_size, num_answers=3 if variant == "open_ended" else 0, frames=3
    )
    answers = AnswerVocabulary(("0", "1", "2")) if variant == "open_ended" else None
    made.processor = Processor(PREPROCESS, WORDS, LENGTH, answers)
    return made


def test_the_device_refuses_what_a_gpu_refuses() -> None:
    with elsewhere() as device:
        there, here = torch.ones(2, 3, device=device), torch.ones(3, 2)
        assert (there @ here.to(device)).cpu().tolist() == [[3.0, 3.0], [3.0, 3.0]]
        assert (there + torch.tensor(1.0))[:, torch.tensor([0])].tolist() == [[2.0], [2.0]]
        refused: list[Callable[[], Any]] = [
            lambda: there @ here,
            lambda: there.numpy(),
            lambda: np.asarray(there),
            lambda: torch.rand(2, device=device, generator=torch.Generator()),
            lambda: torch.nn.Embedding(3, 2).to(device)(torch.tensor([1])),
        ]
        for operation in refused:
            with pytest.raises((AssertionError, RuntimeError, TypeError)):
                operation()


def retrieval(net: HDVILA) -> dict[str, Any]:
    return evaluate_retrieval(net, ToyCorpus(6), batch_size=4).to_dict()


def masked_words(net: HDVILA) -> dict[str, Any]:
    return evaluate_masked_words(net, ToyCorpus(6), share=0.5, batch_size=4).to_dict()


def answers(net: HDVILA) -> list[dict[str, Any]]:
    options = () if net.processor.answers else tuple("01234")  # type: ignore[union-attr]
    asked = [Question(f"q{n}", f"v{n % 4}", f"{n}", "0", options=options) for n in range(6)]
    return [
        asdict(one) for one in answer_questions(net, ToyCorpus(4), asked, {f"v{n}": n for n in range(4)}, ask=ask_head)
    ]


@pytest.mark.parametrize(
    ("variant", "evaluate"),
    [
        ("stage1", retrieval),
        ("stage2", masked_words),
        ("open_ended", answers),
        ("multiple_choice", answers),
    ],
)
def test_evaluation_runs_where_the_model_is(variant: str, evaluate: Callable[[HDVILA], Any]) -> None:
    net = model(variant)
    expected = evaluate(net)
    with elsewhere() as device:
        assert same(evaluate(net.to(device)), expected)


def test_videos_and_words_are_embedded_where_the_model_is(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (20, 72, 72, 3), dtype=np.uint8)
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "a.mp4", pictures, 10.0)
    net = model("stage1")
    expected = net.embed_video(tmp_path / "videos" / "a.mp4"), net.embed_text(["1 2"])
    with elsewhere() as device:
        net.to(device)
        found = net.embed_video(tmp_path / "videos" / "a.mp4"), net.embed_text(["1 2"])
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one.cpu(), other)
        library = open_library(tmp_path / "library")
        assert [report.status for report in library.index(tmp_path / "videos", net)] == ["indexed"]
        assert len(library.search("1 2", model=net)) == 1


@pytest.fixture(scope="module")
def new_process() -> Iterator[ProcessPoolExecutor]:
    """Autograd counts the devices once, at the first gradient of a process: the device must be there before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize(("variant", "chunk"), [("stage1", 3), ("stage2", 0), ("multiple_choice", 0)])
def test_a_step_runs_where_the_engine_is(variant: str, chunk: int, new_process: ProcessPoolExecutor) -> None:
    new_process.submit(step_runs_there, variant, chunk).result()


def step_runs_there(variant: str, chunk: int) -> None:
    with elsewhere() as device, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "device", device)
        values, found = gradients(variant, chunk=chunk)
    expected = gradients(variant, chunk=chunk)
    assert_same((values, {name: gradient.cpu() for name, gradient in found.items()}), expected)


def same(found: Any, expected: Any) -> bool:
    """Equal, numbers up to rounding."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[key], expected[key]) for key in expected)
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(same, found, expected))
    return bool(found == (pytest.approx(expected) if isinstance(expected, float) else expected))

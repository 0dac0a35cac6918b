"""What a run on a benchmark learns from, what it is measured on, and which answers it can give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hdvila.progress import SILENT
from hdvila.recipes import get_recipe
from hdvila.settings import override
from hdvila.train.benchmark import open_benchmark
from tests.e2e.benchmarks import write_action, write_qa


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MSRVTT-QA whose validation has an answer that no training question has."""
    data = write_qa(tmp_path_factory.mktemp("qa") / "data", train=10, test=5)
    rows = json.loads((data / "val_qa.json").read_text())
    (data / "val_qa.json").write_text(json.dumps([*rows, rows[0] | {"id": 99, "answer": "oddval"}]))
    return data


def test_the_vocabulary_counts_training_answers_or_those_of_validation_too(questions: Path) -> None:
    recipe = override(get_recipe("miniature-msrvtt-qa"), [f"data.benchmark.folder={questions}"])
    for changes in ([], ["validate=none"]):
        by_training, by_both = (
            open_benchmark(override(recipe, [f"data.benchmark.answers_from={which}", *changes]), SILENT)
            for which in ("train", "train+validation")
        )
        assert by_training.answers is not None
        assert by_both.answers is not None
        assert set(by_both.answers.words) - set(by_training.answers.words) == {"oddval"}
        assert len(by_both.examples) == len(by_training.examples) == 11, "it learns from training alone"


def test_without_validation_a_run_learns_from_all_of_a_training_that_would_be_split(tmp_path: Path) -> None:
    data = write_action(tmp_path / "data", train=40, test=5)
    recipe = override(get_recipe("miniature-tgif-action"), [f"data.benchmark.folder={data}"])
    part, whole = open_benchmark(recipe, SILENT), open_benchmark(override(recipe, ["validate=none"]), SILENT)
    assert part.held_out is not None
    assert len(part.examples) + len(part.held_out.annotations.questions) == 40
    assert len(part.held_out.annotations.questions) > 0
    assert (len(whole.examples), whole.held_out) == (40, None)

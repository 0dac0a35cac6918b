"""Measuring while training: on clips that are not learned from, shared out over processes, the best model kept."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from hdvila.data.source import open_corpus
from hdvila.errors import UsageError
from hdvila.hub import load_model, read_note
from hdvila.recipes import get_recipe
from hdvila.settings import override
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.train.data import open_data
from hdvila.train.held_out import hold_out
from hdvila.train.validation import measure
from tests.e2e.benchmarks import write_didemo
from tests.e2e.test_finetuning import finetune
from tests.e2e.training_runs import SETTINGS, command, log, run_here, write_corpus
from tests.unit.models.small_hdvila import tiny_model

STAGE_TWO = {"model.joint_layers": 1, "model.visual_rows": 4, "model.visual_columns": 4, "task.mask_share": 0.5}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), range(30))


def test_a_part_of_whole_videos_is_held_out(corpus: Path) -> None:
    source = open_corpus(corpus)
    learned, held_out = hold_out(source)
    numbers = [example.clip for example in learned]
    assert len(held_out.numbers) == 3  # a tenth of 30 clips, one a video
    assert sorted([*numbers, *held_out.numbers]) == list(range(30))
    assert {source.clips[n].video_id for n in numbers}.isdisjoint(source.clips[n].video_id for n in held_out.numbers)
    assert all(example.wordings == ((source.clips[example.clip].text,),) for example in learned)
    assert [example.clip for example in learned[1:3]] == numbers[1:3]


@pytest.mark.parametrize(("recipe", "more"), [("miniature-stage1", {}), ("miniature-stage2", STAGE_TWO)])
def test_pre_training_is_measured_on_what_it_does_not_learn_from(
    recipe: str, more: dict[str, object], corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command(corpus, tmp_path, recipe, steps=5, **{"validate.every": 2}, **more)
    status, _, errors = run_here(words, capsys)
    assert status == 0, errors
    assert "3 of 30 clips (3 videos) are not learned from, but measured on" in errors
    measured = {line["step"]: line for line in log(tmp_path) if "validation" in line}
    assert list(measured) == [2, 4, 5]
    best = max(line["validation"] for line in measured.values())
    note = read_note(tmp_path / "model", "validation.json")
    assert (note["score"], note["of"]) == (best, 5)
    settings = SETTINGS | {"data.corpus": corpus, "validate.every": 2} | more
    again = override(get_recipe(recipe), [f"{key}={value}" for key, value in settings.items()])
    held_out = open_data(again).held_out
    assert held_out is not None
    found = measure(load_model(tmp_path / "model"), again, held_out)
    assert found.score == pytest.approx(best)
    assert found.loss == pytest.approx(measured[note["step"]]["validation_loss"], rel=1e-5)


class Counted(PretrainStage1):
    measured_by = "numbers"


def test_a_task_that_clips_cannot_measure_says_what_to_do(corpus: Path) -> None:
    recipe = replace(get_recipe("miniature-stage1"), task=Counted())
    with pytest.raises(UsageError, match=r"measured by numbers.* one of retrieval, pair_scores, masked_words"):
        measure(tiny_model(), recipe, hold_out(open_corpus(corpus))[1])


def test_too_few_videos_to_hold_some_out_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = command(write_corpus(tmp_path / "two", range(2)), tmp_path / "run", batch_size=2, **{"validate.every": 2})
    status, _, errors = run_here(words, capsys)
    assert status == 2
    assert "the corpus has 2 videos, and two or more are held out" in errors


@pytest.mark.slow
def test_two_processes_share_the_validation_and_find_the_numbers_of_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_didemo(tmp_path / "didemo")
    still = {"model.dropout": 0, "model.hybrid_stochastic_depth": 0, "precision": "float32", "validate.every": 2}
    words = {
        run: finetune("miniature-didemo-retrieval", data, tmp_path / run, steps=2, batch_size=8, **still)
        for run in ("one", "two")
    }
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, *words["two"][1:]], capture_output=True, text=True, timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert run_here(words["one"], capsys)[0] == 0
    one, two = (log(tmp_path / run)[-1] for run in ("one", "two"))
    assert two["validation"] == one["validation"]
    first, second = (load_file(tmp_path / run / "model" / "model.safetensors") for run in ("one", "two"))
    assert all(np.allclose(first[key], second[key], atol=1e-4) for key in first)

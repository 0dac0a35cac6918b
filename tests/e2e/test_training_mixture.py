"""A run that learns from several sources: which one a step takes follows from its number, and it goes on as any run."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hdvila.errors import TrainingError, UsageError
from hdvila.hub import load_model
from hdvila.recipes import get_recipe
from hdvila.settings import flatten, override
from hdvila.store import Corpus
from hdvila.tasks import PretrainStage1, VideoQA
from hdvila.train import Recipe, train
from hdvila.train.checkpoint import Checkpoints
from hdvila.train.log import read_log
from hdvila.train.recipe import Ingredient
from tests.e2e.training_runs import SETTINGS, write_corpus

STEPS = 12


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    root = tmp_path_factory.mktemp("mixture")
    one, other = (write_corpus(root / name, thing=name) for name in ("thing", "other"))
    changes = SETTINGS | {"data.corpus": one, "steps": STEPS, "precision": "float32"}
    base = override(get_recipe("miniature-stage1"), [f"{key}={value}" for key, value in changes.items()])
    warm = Ingredient(PretrainStage1(temperature=0.5), replace(base.data, corpus=str(other)), weight=2.0)
    return replace(base, also=(warm,))


@pytest.fixture(scope="module")
def run(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(recipe, tmp_path_factory.mktemp("run") / "run").parent


def test_steps_are_of_the_sources_by_weight(recipe: Recipe, run: Path) -> None:
    log = read_log(run)
    assert [line["step"] for line in log] == list(range(1, STEPS + 1))
    assert {line["source"] for line in log} == {0.0, 1.0}
    assert sum(line["source"] for line in log) > STEPS / 3
    settings = flatten(recipe)
    assert settings["also.0.task.temperature"] == 0.5
    assert settings["also.0.task.type"] == "PretrainStage1"
    changed = override(recipe, ["also.0.task.temperature=0.1", "also.0.weight=1"])
    assert (changed.also[0].task, changed.also[0].weight) == (PretrainStage1(temperature=0.1), 1.0)
    seen = "also.0.data.preprocess"
    alone = override(recipe, [f"{seen}.neighbours=0"])
    changed = override(alone, [f"{seen}.streams=low", f"{seen}.neighbours=1"])  # either needs the other
    assert changed.also[0].data.preprocess.streams == "low"
    with pytest.raises(UsageError, match=r"no setting 'also\.1\.weight'"):
        override(recipe, ["also.1.weight=1"])
    json.dumps(settings)


def test_it_goes_on_to_the_same_bits(recipe: Recipe, run: Path, tmp_path: Path) -> None:
    ended = Path(shutil.copytree(run, tmp_path / "ended"))
    shutil.rmtree(ended / "model")
    Checkpoints(ended / "checkpoints").path(STEPS).unlink()
    whole = load_model(run / "model").state_dict()
    again = load_model(train(recipe, ended)).state_dict()
    assert all(torch.equal(weight, again[name]) for name, weight in whole.items())


def test_another_second_source_is_noticed(recipe: Recipe, run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "copied"))
    corpus = write_corpus(Path(shutil.copytree(recipe.also[0].data.corpus, tmp_path / "more")), range(24, 26))
    assert len(Corpus(corpus)) == 26
    longer = replace(recipe.also[0], data=replace(recipe.also[0].data, corpus=str(corpus)))
    with pytest.raises(TrainingError, match=r"since it began \(its further source also\.0: 24 clips -> 26"):
        train(replace(recipe, steps=STEPS + 1, also=(longer,)), copied)


def test_tasks_that_the_model_cannot_learn_are_refused(recipe: Recipe) -> None:
    with pytest.raises(UsageError, match="cannot learn the task VideoQA"):
        replace(recipe, also=(Ingredient(VideoQA(), recipe.data),))

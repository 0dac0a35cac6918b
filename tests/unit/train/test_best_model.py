"""The best model of a run stays until a better one comes, also when the run is made longer."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import torch

from hdvila.hub import load_model
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.train.recipe import Recipe, Validate
from hdvila.train.validation import BestModel
from tests.unit.train.toy_training import SETTINGS, config, model

RECIPE = Recipe("toy", PretrainStage1(), config(), SETTINGS, steps=10, batch_size=4, validate=Validate())


def offer(folder: Path, recipe: Recipe, step: int, score: float) -> float:
    """Offer a model whose first bias is its step; -> the step of the model that is kept."""
    net = model()
    with torch.no_grad():
        net.transformer.t_proj.bias.fill_(step)
    BestModel(folder, recipe).offer(net, step, score, {})
    return float(load_model(folder).state_dict()["transformer.t_proj.bias"][0])


def test_only_a_better_one_takes_its_place(tmp_path: Path) -> None:
    assert offer(tmp_path, RECIPE, 5, 0.4) == 5
    assert offer(tmp_path, RECIPE, 6, 0.4) == 5, "the first of equals"
    assert offer(tmp_path, RECIPE, 10, 0.5) == 10
    longer = replace(RECIPE, steps=20)
    assert offer(tmp_path, longer, 15, 0.3) == 10, "more steps make no model worse"
    assert offer(tmp_path, longer, 16, math.nan) == 10
    assert offer(tmp_path, longer, 20, 0.6) == 20

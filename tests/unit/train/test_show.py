"""What `train --show` says can be set, can be set; and it is what a run uses."""

from __future__ import annotations

import json

import pytest

from hdvila.cli.main import main
from hdvila.recipes import RECIPES, get_recipe
from hdvila.settings import as_text, flatten, override
from hdvila.train.show import settings_of, show


@pytest.mark.parametrize("name", RECIPES)
def test_every_key_can_be_set_to_the_value_that_is_shown(name: str) -> None:
    recipe = get_recipe(name)
    shown = {key: value for group in show(recipe) for key, value in group.settings.items()}
    settable = {key for key in flatten(recipe) if key != "name" and not key.endswith(".type")}
    assert shown.keys() == settable
    again = override(recipe, [f"{key}={as_text(value)}" for key, value in shown.items()])
    assert settings_of(again) == shown
    assert again.optim.of_parts() == recipe.optim.of_parts()


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["train", "--show", *words, "--json"]) == 0
    record: dict[str, object] = json.loads(capsys.readouterr().out)
    return record


def test_table_11_can_be_read_off(capsys: pytest.CaptureFixture[str]) -> None:
    keys = ("batch_size", "optim.lr", "optim.cnn_lr", "optim.align_weight_decay", "model.dropout")
    table = {
        "tgif-action": (384, 5e-5, 5e-5, 0.05, 0.1),
        "tgif-transition": (384, 5e-5, 5e-5, 0.05, 0.3),
        "tgif-frameqa": (448, 4e-5, 4e-5, 0.3, 0.1),
        "msrvtt-qa": (512, 1e-5, 1e-5, 0.3, 0.1),
    }
    for name, values in table.items():
        record = shown(capsys, name)
        assert tuple(record[key] for key in keys) == values, name
        assert record["follows"]["run"]["epochs"].startswith(("80 of", "40 of", "20 of"))  # type: ignore[index]


def test_changes_and_what_follows_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    record = shown(capsys, "tgif-action", "--set", "validate=none", "--set", "steps=4240", "--set", "optim.lr=1e-3")
    assert (record["validate"], record["steps"], record["optim.cnn_lr"]) == (None, 4240, 1e-3)
    follows = record["follows"]
    assert follows["run"]["epochs"] == "80 of 20475 examples"  # type: ignore[index]
    assert follows["validation"] == {  # type: ignore[index]
        "measured on": "nothing; all there is to learn from is learned from",
        "the run leaves": "the last model",
    }
    assert main(["train", "--show", "hdvila-stage1"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 120
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for line in (
        "hdvila-stage1", "optim.betas 0.9,0.98", "activation_checkpointing true", "data.benchmark none",
        "(a step as planned: 128 processes x 8 clips x 1 micro-batches)", "(HR: 1 frame a segment of 640x1024)",
        "(LR: 6 frames a segment of 160x256, 0.5 s apart)", "(the run leaves: the last model)",
    ):  # fmt: skip
        assert line in lines


def test_settings_and_costs_are_both_said_where_both_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "miniature-stage1", "--show", "--plan", "--json"]) == 0
    settings, costs = map(json.loads, capsys.readouterr().out.splitlines())
    assert settings["steps"] == costs["steps"]
    assert "optim.lr" in settings
    assert "memory" in costs


def test_an_example_of_a_set_of_captions_is_a_clip_with_one_of_them() -> None:
    for name, examples in (("clipbert-msrvtt-retrieval", "405.7 of 7010"), ("clipbert-pretraining", None)):
        follows = {group.title: group.follows for group in show(get_recipe(name))}
        assert follows["run"]["epochs"].endswith("clips, a caption of each drawn every time")
        assert examples is None or follows["run"]["epochs"].startswith(examples)

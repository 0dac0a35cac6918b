"""``--set key=value``: typed, checked, and helpful when wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from hdvila.data.settings import MiniatureSource
from hdvila.errors import UsageError
from hdvila.settings import changed_keys, defaults, flatten, override
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.train.recipe import Ingredient, Recipe
from tests.unit.train.toy_training import SETTINGS, config

RECIPE = Recipe("toy", PretrainStage1(), config(), SETTINGS, steps=10, batch_size=4)


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("steps=5", "steps", 5),
        ("optim.lr=1e-3", "optim.lr", 1e-3),
        ("optim.cnn_lr=2", "optim.cnn_lr", 2.0),
        ("optim.cnn_lr=none", "optim.cnn_lr", None),
        ("task.temperature=0.07", "task.temperature", 0.07),
        ("activation_checkpointing=true", "activation_checkpointing", True),
        ("precision=bfloat16", "precision", "bfloat16"),
        ("optim.betas=0.9,0.95", "optim.betas", [0.9, 0.95]),
        ("schedule.milestones=4, 8", "schedule.milestones", [4, 8]),
        ("data.corpus=/a=b", "data.corpus", "/a=b"),
        ("data.miniature.videos=7", "data.miniature.videos", 7),
        ("data.preprocess.neighbours=5", "data.preprocess.neighbours", 5),
    ],
)
def test_values_take_the_type_of_their_setting(change: str, key: str, value: object) -> None:
    assert flatten(override(RECIPE, [change]))[key] == value
    assert flatten(RECIPE) == flatten(override(RECIPE, []))


def test_changes_that_need_each_other_come_in_any_order() -> None:
    changes = ["model.num_attention_heads=3", "model.hybrid_attention_heads=3", "model.hidden_size=24"]
    assert override(RECIPE, changes) == override(RECIPE, changes[::-1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("step=5", ["'step'", "steps"]),
        ("optim.lrr=1", ["'optim.lrr'", "optim.lr"]),
        ("lr=1", ["'lr'", "optim.lr"]),
        ("task.mask_share=0.1", ["'task.mask_share'"]),
        ("steps.more=1", ["'steps.more'"]),
        ("steps=ten", ["steps='ten'", "a whole number"]),
        ("steps=1.5", ["steps='1.5'", "a whole number"]),
        ("optim.lr=fast", ["optim.lr='fast'", "a number"]),
        ("activation_checkpointing=maybe", ["activation_checkpointing='maybe'", "true or false"]),
        ("precision=fp8", ["precision='fp8'", "one of auto, float32, bfloat16"]),
        ("optim.betas=0.9", ["optim.betas='0.9'", "2 numbers, such as 1,2"]),
        ("optim=1", ["optim is a group", "optim.lr"]),
        ("steps", ["'steps' has no value", "KEY=VALUE"]),
        ("steps=0", ["steps=0"]),
        ("data.preprocess.height=100", ["100", "multiples of 64"]),
        ("data.text_length=9", ["data.text_length=9", "max_text_positions=8"]),
    ],
)
def test_wrong_changes_say_what_is_wrong(change: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        override(RECIPE, [change])
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_changed_keys_are_named() -> None:
    other = override(RECIPE, ["seed=3", "optim.lr=1"])
    assert changed_keys(flatten(RECIPE), flatten(other)) == ["optim.lr", "seed"]
    switched = replace(RECIPE, task=PretrainStage2(), model=config("stage2"))
    assert "task.type" in changed_keys(flatten(RECIPE), flatten(switched))


def test_defaults_are_what_nobody_has_to_give() -> None:
    own = defaults(override(RECIPE, ["seed=3", "data.preprocess.enlarged=true"]))
    assert (own["seed"], own["data.preprocess.enlarged"], own["optim.betas"]) == (0, False, [0.9, 0.98])
    assert not {"steps", "name", "task.type"} & own.keys()


@pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), float("nan")])
def test_each_source_has_a_part_of_the_steps(weight: float) -> None:
    with pytest.raises(UsageError, match=rf"^weight={weight}: choose a finite number above 0"):
        replace(RECIPE, weight=weight)
    with pytest.raises(UsageError, match=rf"^also\.0\.weight={weight}: choose"):
        replace(RECIPE, also=(Ingredient(RECIPE.task, RECIPE.data, weight),))
    three = replace(RECIPE, also=(Ingredient(RECIPE.task, RECIPE.data, 3.0),))
    assert (three.shares, three.epochs(examples=8)) == ([0.25, 0.75], 10 / 4 / 2)


def test_a_task_must_fit_the_model() -> None:
    with pytest.raises(UsageError, match=r"model\.variant='stage1' does not fit"):
        replace(RECIPE, task=PretrainStage2())


def test_an_optional_group_flattens_when_it_is_there() -> None:
    @dataclass(frozen=True)
    class Holder:
        source: MiniatureSource | None = None

    assert flatten(Holder()) == {"source": None}
    assert flatten(Holder(MiniatureSource(3, 1))) == {"source.videos": 3, "source.seed": 1}

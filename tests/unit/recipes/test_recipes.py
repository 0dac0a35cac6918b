"""Every recipe is complete, described in four lines, and can be planned."""

from __future__ import annotations

import pytest

from hdvila.errors import UsageError
from hdvila.recipes import RECIPES, describe, get_recipe
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.train.overrides import override


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_complete(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.name == name
    what, command, cost, expect = describe(name)
    assert what
    assert command.startswith("Command: ")
    assert cost.startswith("Cost: ")
    assert expect.startswith("Expect: ")
    changed = override(recipe, ["steps=7", f"batch_size={recipe.batch_size * 2}", "seed=3", "checkpoint_every=2"])
    assert (changed.steps, changed.seed, changed.checkpoint_every) == (7, 3, 2)


def test_the_paper_trains_1024_clips_a_step_at_full_size() -> None:
    for name in ("hdvila-stage1", "hdvila-stage2"):
        recipe = get_recipe(name)
        assert recipe.batch_size == 1024
        see = recipe.data.preprocess
        assert (see.height, see.width, see.segments, see.neighbours, recipe.data.text_length) == (640, 1024, 2, 3, 50)
        assert (recipe.optim.lr, recipe.optim.weight_decay, recipe.optim.clip_norm) == (5e-5, 1e-3, 5.0)
        assert recipe.model.hidden_size == 1024
    assert get_recipe("hdvila-stage1").task == PretrainStage1(temperature=0.05)
    assert get_recipe("hdvila-stage2").task == PretrainStage2(mask_share=0.15, consensus="logsumexp")


def test_the_two_resolutions_together_see_what_the_whole_sees() -> None:
    for stage in ("hdvila-stage1", "hdvila-stage2"):
        parts = [get_recipe(f"{stage}-{part}-resolution") for part in ("low", "high")]
        assert sum(part.steps for part in parts) == get_recipe(stage).steps
        assert parts[0].data.preprocess.height < parts[1].data.preprocess.height
        assert parts[0].model == parts[1].model


def test_an_unknown_recipe_names_its_neighbours() -> None:
    with pytest.raises(UsageError, match=r"no recipe 'miniatur-stage1': did you mean miniature-stage1"):
        get_recipe("miniatur-stage1")

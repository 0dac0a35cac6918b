"""The recipe for one's own videos: of the size it says, whole, and able to take a step."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hdvila.hub import build_model
from hdvila.recipes import get_recipe
from hdvila.tasks.masked_words import IGNORE
from hdvila.train.memory import empty_batch, shapes_only


@pytest.mark.parametrize(("name", "millions"), [("hdvila-small-stage1", 24.5), ("hdvila-small-stage2", 35.1)])
def test_it_stands_between_the_miniature_and_the_paper(name: str, millions: float) -> None:
    count = sum(parameter.numel() for parameter in shapes_only(get_recipe(name)).parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.1)


def test_stage_two_takes_over_all_of_stage_one() -> None:
    one, two = (shapes_only(get_recipe(f"hdvila-small-stage{stage}")).state_dict() for stage in (1, 2))
    assert {key: value.shape for key, value in one.items()}.items() <= {k: v.shape for k, v in two.items()}.items()


@pytest.mark.parametrize("stage", [1, 2])
def test_it_takes_a_step(stage: int) -> None:
    """At the sizes of its pictures, with a narrower model; every trained weight has a gradient."""
    recipe = get_recipe(f"hdvila-small-stage{stage}")
    narrow = replace(
        recipe.model, hidden_size=48, num_attention_heads=2, hybrid_attention_heads=2, intermediate_size=48,
        resnet_width=4, vocab_size=60,
    )  # fmt: skip
    torch.manual_seed(0)
    net = build_model(narrow)
    recipe.task.start(net)
    recipe.task.train_mode(net)
    batch = empty_batch(recipe, recipe.ingredients[0], 2)
    batch = batch._replace(labels=torch.where(batch.input_ids.cumsum(1) < 4, 5, IGNORE))
    loss, _ = recipe.task.loss_sum(recipe.task.forward(net, batch), batch)
    loss.backward()
    assert loss.isfinite()
    without = [name for name, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert not without

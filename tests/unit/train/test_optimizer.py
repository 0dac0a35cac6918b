"""AdamW against the trajectory of the official optimiser; parameter groups by name."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from hdvila.errors import UsageError
from hdvila.models.hdvila.system import SYSTEM
from hdvila.train.optim import Optim
from hdvila.train.optimizer import AdamW, build_optimizer
from tests.shared import SHARED, needs
from tests.unit.train.toy_training import model

GOLDEN = json.loads((Path(__file__).parents[2] / "goldens" / "training_rules.json").read_text())["adamw_toy"]
CLIPBERT = SHARED / "reference" / "goldens" / "clipbert_train.safetensors"


def toy_run(dtype: torch.dtype, steps: range, optimizer: AdamW, parameter: torch.nn.Parameter) -> list[list[float]]:
    after = []
    for i in steps:
        parameter.grad = torch.tensor([0.1 * (i + 1), -0.2, 0, 1e-7], dtype=dtype)
        optimizer.step()
        after.append(parameter.tolist())
    return after


def toy(dtype: torch.dtype) -> tuple[AdamW, torch.nn.Parameter]:
    parameter = torch.nn.Parameter(torch.tensor(GOLDEN["start"], dtype=dtype))
    betas = (GOLDEN["betas"][0], GOLDEN["betas"][1])
    return AdamW([parameter], GOLDEN["lr"], betas, 1e-6, GOLDEN["weight_decay"]), parameter


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-14), (torch.float32, 3e-7)])
def test_adamw_takes_the_official_steps(dtype: torch.dtype, tolerance: float) -> None:
    for got, wanted in zip(toy_run(dtype, range(4), *toy(dtype)), GOLDEN["after_each_step"], strict=True):
        assert got == pytest.approx(wanted, rel=0, abs=tolerance)


@needs(CLIPBERT)
@pytest.mark.parametrize("official", [True, False])
def test_adamw_takes_the_steps_of_clipbert_or_those_of_torch(official: bool) -> None:
    def drawn(name: str, *shape: int) -> torch.Tensor:
        random = np.random.Generator(np.random.PCG64(zlib.crc32(f"clipbert:adamw:{name}".encode())))
        return torch.from_numpy(random.standard_normal(shape)).float()

    golden = load_file(CLIPBERT)
    ours, torchs = ([torch.nn.Parameter(drawn("p", 4, 5)), torch.nn.Parameter(drawn("b", 5))] for _ in range(2))
    groups = [[{"params": [p], "weight_decay": wd} for p, wd in zip(of, (1e-3, 0.0), strict=True)]
              for of in (ours, torchs)]  # fmt: skip
    optimizer = AdamW(groups[0], 0.01, (0.9, 0.98), 1e-6, decay_after_update=official)
    plain = torch.optim.AdamW(groups[1], 0.01, (0.9, 0.98), 1e-6)
    for step in range(5):
        for one, parameters in ((optimizer, ours), (plain, torchs)):
            for parameter, name in zip(parameters, "pb", strict=True):
                parameter.grad = drawn(f"g{name}{step}", *parameter.shape)
            for group in one.param_groups:
                group["lr"] = 0.01 * (step + 1)
            one.step()
        for parameter, other, name in zip(ours, torchs, "pb", strict=True):
            wanted = golden[f"adamw.{name}_after{step + 1}"] if official else other.detach()
            torch.testing.assert_close(parameter.detach(), wanted, rtol=0, atol=1e-6)
    apart = (ours[0] - (torchs[0] if official else golden["adamw.p_after5"])).abs().max()
    assert apart > 2e-6, "the two formulas differ"


def test_adamw_goes_on_from_its_state() -> None:
    first, parameter = toy(torch.float64)
    toy_run(torch.float64, range(2), first, parameter)
    second, copy = toy(torch.float64)
    second.load_state_dict(first.state_dict())
    copy.data.copy_(parameter)
    assert toy_run(torch.float64, range(2, 4), second, copy)[-1] == pytest.approx(
        GOLDEN["after_each_step"][-1], abs=1e-14
    )


def test_a_parameter_counts_the_updates_that_it_had() -> None:
    """In a mixture of tasks each step reaches some parameters: each takes the official steps at its own pace."""
    (one, first), (other, second) = toy(torch.float64), toy(torch.float64)
    both = AdamW([first, second], GOLDEN["lr"], (GOLDEN["betas"][0], GOLDEN["betas"][1]), 1e-6, GOLDEN["weight_decay"])
    del one, other
    for step, (a, b) in enumerate([(0, None), (1, None), (2, 0), (3, 1)]):
        for parameter, own in ((first, a), (second, b)):
            parameter.grad = None
            if own is not None:
                parameter.grad = torch.tensor([0.1 * (own + 1), -0.2, 0, 1e-7], dtype=torch.float64)
        both.step()
        assert first.tolist() == pytest.approx(GOLDEN["after_each_step"][step], rel=0, abs=1e-14)
    assert second.tolist() == pytest.approx(GOLDEN["after_each_step"][1], rel=0, abs=1e-14)
    assert both.state_dict()["param_groups"][0]["updates"] == [4, 2]


def test_moments_lie_as_their_weights_do() -> None:
    """A convolution's weights lie channels-last; moments that were saved otherwise must not be taken in their order."""
    weights = torch.randn(3, 4, 2, 2).to(memory_format=torch.channels_last)
    after = []
    for form in (torch.channels_last, torch.contiguous_format):
        parameter = torch.nn.Parameter(weights.clone(memory_format=torch.preserve_format))
        optimizer = AdamW([parameter], 0.1, (0.9, 0.98), 1e-6)
        grad = torch.arange(48.0).reshape(3, 4, 2, 2)
        for _ in range(2):
            parameter.grad = grad.to(memory_format=torch.channels_last)
            optimizer.step()
            state = optimizer.state_dict()
            state["state"] = {
                0: {k: v.contiguous(memory_format=form) if v.ndim == 4 else v for k, v in state["state"][0].items()}
            }
            optimizer.load_state_dict(state)
        after.append(parameter.detach())
    assert torch.equal(*after)


def test_settings_of_a_group_survive_the_step() -> None:
    optimizer, parameter = toy(torch.float64)
    toy_run(torch.float64, range(1), optimizer, parameter)
    group = optimizer.param_groups[0]
    assert (group["lr"], group["weight_decay"], group["eps"]) == (0.01, 0.1, 1e-6)


def test_every_trained_parameter_is_in_one_group() -> None:
    net = model("stage2")
    optimizer = build_optimizer(net, Optim(), SYSTEM)
    grouped = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    assert len(grouped) == len(set(grouped)) == len(list(net.parameters()))


def test_groups_have_their_rates() -> None:
    optim = Optim(lr=1.0, cnn_lr=2.0, align_lr=3.0, weight_decay=0.1, cnn_weight_decay=0.2)
    net = model("stage2")
    groups = {group["name"]: group for group in build_optimizer(net, optim, SYSTEM).param_groups}
    found = {name: (group["lr"], group["weight_decay"]) for name, group in groups.items()}
    assert found == {
        "transformer": (1.0, 0.1),
        "transformer (no decay)": (1.0, 0.0),
        "cnn": (2.0, 0.2),
        "cnn (no decay)": (2.0, 0.0),
        "align": (3.0, 0.1),
        "align (no decay)": (3.0, 0.0),
    }


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("transformer.bert.embeddings.word_embeddings.weight", "transformer (no decay)"),
        ("transformer.bert.encoder.layer.0.output.LayerNorm.weight", "transformer (no decay)"),
        ("transformer.t_proj.bias", "transformer (no decay)"),
        ("transformer.v_proj.weight", "transformer"),
        ("timesformer.pos_embed", "align (no decay)"),
        ("timesformer.blocks.0.norm1.weight", "align"),
        ("cnn.bn1.weight", "cnn"),
        ("cnn_low.layer1.0.bn1.bias", "cnn (no decay)"),
        ("grid_encoder_combine.0.weight", "cnn"),
    ],
)
def test_who_is_decayed(name: str, group: str) -> None:
    net = model("stage2")
    groups = {id(p): g["name"] for g in build_optimizer(net, Optim(), SYSTEM).param_groups for p in g["params"]}
    assert groups[id(net.get_parameter(name))] == group


def test_frozen_parameters_are_left_out() -> None:
    net = model()
    net.cnn.requires_grad_(False)
    grouped = {id(p) for group in build_optimizer(net, Optim(), SYSTEM).param_groups for p in group["params"]}
    assert not grouped & {id(p) for p in net.cnn.parameters()}


def test_a_parameter_without_a_part_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"new_part\.weight"):
        SYSTEM.learning_rate_part("new_part.weight")


@pytest.mark.parametrize("key", ["lr", "cnn_lr", "align_lr"])
def test_a_rate_that_decays_a_weight_to_nothing_is_refused(key: str) -> None:
    for rate in (10.0, 20.0):  # a product of 1 once divided by zero, one above 1 turned signs
        with pytest.raises(UsageError, match=r"times a weight decay of 0\.1 is [12]"):
            Optim(**{"weight_decay": 0.1, "lr": 1.0} | {key: rate})


def test_a_step_at_such_a_rate_changes_nothing() -> None:
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = AdamW([parameter], 1.0, (0.9, 0.98), 1e-6, 1.0)
    parameter.grad = torch.ones(3)
    with pytest.raises(UsageError, match=r"optim\.weight_decay"):
        optimizer.step()
    assert parameter.tolist() == [1.0] * 3
    assert optimizer.param_groups[0]["updates"] == 0

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from hdvila.nn.conv_norm import FixedBatchNorm, fold_batch_norm, measuring_statistics
from hdvila.nn.resnet import ResNet

DEPTHS, WIDTH = (2, 1, 1, 1), 4


def random_net(dtype: torch.dtype = torch.float64) -> ResNet:
    torch.manual_seed(0)
    net = ResNet(DEPTHS, WIDTH)
    for module in net.modules():
        if isinstance(module, FixedBatchNorm):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias)
    return net.to(dtype)


def gradients(net: ResNet, x: Tensor) -> list[Tensor]:
    net.zero_grad()
    stages = net(x)
    torch.stack([stage.sin().mean() for stage in stages]).sum().backward()
    return [p.grad for p in net.parameters() if p.grad is not None]


def test_folding_is_the_same_function_with_the_same_gradients() -> None:
    """In float64, where rounding does not move a ReLU."""
    net, x = random_net(), torch.randn(2, 3, 64, 64, dtype=torch.float64)
    plain_out, plain = net(x), gradients(net, x)
    fold_batch_norm(net)
    for ours, expected in zip((*net(x), *gradients(net, x)), (*plain_out, *plain), strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-10, rtol=1e-9)


def test_training_mode_changes_no_statistics() -> None:
    net = random_net(torch.float32).train()
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    net(torch.randn(2, 3, 64, 64))
    assert all(torch.equal(tensor, before[key]) for key, tensor in net.state_dict().items())


def test_bfloat16_is_near_float32() -> None:
    net, x = random_net(torch.float32), torch.randn(2, 3, 64, 64)
    exact = gradients(net, x)
    with torch.autocast("cpu", torch.bfloat16):
        rough = gradients(net, x)
    for ours, expected in zip(rough, exact, strict=True):
        assert torch.cosine_similarity(ours.flatten(), expected.flatten(), dim=0) > 0.95


@pytest.mark.parametrize("batches", [1, 3])
def test_measured_statistics_make_every_layer_standard(batches: int) -> None:
    """One batch: mean 0 and variance 1 behind every norm on these pictures; several: the same over all of them."""
    torch.manual_seed(0)
    net = ResNet(DEPTHS, WIDTH)
    pictures = [5 + 3 * torch.randn(4, 3, 64, 64) for _ in range(batches)]
    with torch.no_grad(), measuring_statistics(net):
        for x in pictures:
            net(x)
    seen: dict[str, Tensor] = {}
    for name, module in net.named_modules():
        if isinstance(module, FixedBatchNorm):
            module.register_forward_hook(lambda _m, _x, y, name=name: seen.__setitem__(name, y.clone()))
    net(torch.cat(pictures))  # recording gradients, so the norms run by themselves
    limit = 1e-3 if batches == 1 else 0.5
    assert len(seen) == 1 + 3 * sum(DEPTHS) + 4
    for name, y in seen.items():
        assert y.mean((0, 2, 3)).abs().max() < limit, name
        assert (y.var((0, 2, 3), correction=0) - 1).abs().max() < (0.02 if batches == 1 else 1.0), name

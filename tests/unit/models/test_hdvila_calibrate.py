from __future__ import annotations

import torch

from hdvila.hub import build_model
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.nn.calibrate import calibrate_batch_norm
from hdvila.tasks.contrastive import contrastive_loss
from tests.unit.models.small_hdvila import TINY, tiny_inputs


def statistics(model: torch.nn.Module, net: str) -> dict[str, torch.Tensor]:
    return {key: t.clone() for key, t in model.state_dict().items() if key.startswith(net) and "running" in key}


def test_a_branch_without_pictures_keeps_its_statistics() -> None:
    torch.manual_seed(0)
    model = build_model(HDVILAConfig(**TINY))
    high, *_ = tiny_inputs()
    low_before, high_before = statistics(model, "cnn_low."), statistics(model, "cnn.")
    calibrate_batch_norm(model, model.segment_grids, [(high, None)])
    assert model.training
    assert all(torch.equal(t, low_before[key]) for key, t in statistics(model, "cnn_low.").items())
    assert not any(torch.equal(t, high_before[key]) for key, t in statistics(model, "cnn.").items())


def test_a_model_from_random_weights_learns_its_batch() -> None:
    torch.manual_seed(0)
    model = build_model(HDVILAConfig(**TINY | {"dropout": 0.0, "hybrid_stochastic_depth": 0.0}))
    high, low, _, _ = tiny_inputs(videos=8, segments=1)
    ids = torch.randint(5, 100, (8, 6))
    mask = torch.ones_like(ids)
    calibrate_batch_norm(model, model.segment_grids, [(high, low)])
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    losses = []
    for _ in range(30):
        with torch.autocast("cpu", torch.bfloat16):
            texts, videos = model.encode_text(ids, mask), model.encode_video(high, low)
        loss = contrastive_loss(texts, videos, 0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 1.5
    assert losses[-1] < 0.2, losses

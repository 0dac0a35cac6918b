"""Which precision a machine is fast in, and the remark to those who ask for the other."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hdvila.errors import UsageError
from hdvila.hub import computing, fast_precision, load_model, settle_precision
from hdvila.recipes import get_recipe
from tests.unit.models.small_hdvila import tiny_model


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False}, "float32"),
        ({"avx2": True, "avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"neon": True, "bf16": True}, "float32"),
    ],
)
def test_small_recipes_compute_in_what_the_machine_knows(
    capabilities: dict[str, bool], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert fast_precision() == precision
    for name in ("miniature-stage1", "miniature-stage2", "miniature-tgif-action"):
        assert settle_precision(get_recipe(name).precision) == precision
        assert settle_precision(get_recipe(name).precision, "bfloat16") == "bfloat16", "a run keeps what it began with"
    assert get_recipe("hdvila-stage1").precision == "bfloat16", "the paper's recipes are for GPUs"
    assert settle_precision("float32", "bfloat16") == "float32", "what is asked for by name is done"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert fast_precision() == "bfloat16"


def test_a_torch_that_cannot_tell_gets_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert fast_precision() == "float32"


def test_a_model_computes_in_what_it_is_loaded_for_and_in_float32_unless_told() -> None:
    weights = tiny_model().state_dict()
    told: dict[str, Any] = {"grid": (1, 2), "num_attention_heads": 2, "hybrid_attention_heads": 2}
    plain, reduced = load_model(weights, **told), load_model(weights, precision="bfloat16", **told)
    assert plain.precision == "float32"
    high, low = torch.randint(0, 256, (2, 2, 3, 64, 64)), torch.randint(0, 256, (2, 2, 6, 3, 16, 16))
    vectors = []
    for model in (plain, reduced):
        with torch.no_grad(), computing(model):
            vectors.append(model.encode_video(high, low))
    with torch.no_grad():
        assert torch.equal(vectors[0], plain.encode_video(high, low))
    assert vectors[1].dtype == torch.float32
    assert not torch.equal(*vectors)
    assert (vectors[0] * vectors[1]).sum(1).min() > 0.999
    assert torch.allclose(vectors[1].norm(dim=1), torch.ones(2), atol=1e-6), "the last normalisation is in float32"
    with pytest.raises(UsageError, match="one of auto, float32, bfloat16"):
        load_model(weights, precision="fp8")  # type: ignore[arg-type]

"""Which precision a machine is fast in, and what is said to those who ask for the other."""

from __future__ import annotations

import pytest
import torch

from hdvila.recipes import get_recipe
from hdvila.train.precision import fast_precision, settle_precision


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

from __future__ import annotations

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.nn.attention import attend, padding_bias


@settings(deadline=None)
@given(heads=st.sampled_from([1, 2, 4]), queries=st.integers(1, 6), real=st.integers(1, 5), padding=st.integers(0, 3))
def test_attention_by_hand(heads: int, queries: int, real: int, padding: int) -> None:
    generator = torch.Generator().manual_seed(heads + queries)
    q = torch.randn(2, queries, 8, generator=generator)
    k, v = torch.randn(2, 2, real + padding, 8, generator=generator)
    mask = (torch.arange(real + padding) < real).long().expand(2, -1)
    out = attend(q, k, v, heads, padding_bias(mask))
    width = 8 // heads
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        scores = q[..., part] @ k[:, :real, part].transpose(1, 2) / math.sqrt(width)
        torch.testing.assert_close(out[..., part], scores.softmax(-1) @ v[:, :real, part], atol=1e-5, rtol=1e-4)

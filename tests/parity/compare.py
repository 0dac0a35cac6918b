"""One comparison for all goldens."""

from __future__ import annotations

from torch import Tensor


def assert_near(name: str, ours: Tensor, golden: Tensor, *, absolute: float = 0.0, relative: float = 0.0) -> None:
    """Largest difference at most `absolute` + `relative` times the golden's largest value, and the same shape."""
    assert ours.shape == golden.shape, f"{name}: shape {tuple(ours.shape)}, golden {tuple(golden.shape)}"
    limit = absolute + relative * golden.abs().max().item()
    worst = (ours.detach().double() - golden.double()).abs().max().item()
    assert worst <= limit, f"{name}: off by {worst:.3g}, allowed {limit:.3g}"

"""How a system is shown one benchmark: its inputs, text length and consensus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hdvila.models.inputs import Inputs

__all__ = ["Sampling", "Shown"]

Sampling = Literal["standard", "zero-shot", "official"]
"""Which settings a model is evaluated with on a benchmark: those of its paper, those of its paper without fine-tuning,
or those of its released configuration."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A system's settings for one benchmark.

    Attributes:
        train, test: the inputs for training and for evaluation; both read the same store.
        text_length: the length of texts, in tokens.
        consensus: how the answers to the segments of a clip are combined: mean, max or logsumexp.
        zero_shot: replaces `test` for a model that was not fine-tuned; None if the paper has no separate settings.
        official: replaces `test` in the released configuration; None if it does not differ from the paper.
        differences: where paper and official code differ, and common mistakes; one sentence each.
    """

    train: Inputs
    test: Inputs
    text_length: int = 50
    consensus: str = "mean"
    zero_shot: Inputs | None = None
    official: Inputs | None = None
    differences: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        looks = {"train": self.train, "test": self.test, "zero_shot": self.zero_shot, "official": self.official}
        return {
            "text_length": self.text_length,
            "consensus": self.consensus,
            **{name: look and look.to_dict() for name, look in looks.items()},
            "differences": list(self.differences),
        }

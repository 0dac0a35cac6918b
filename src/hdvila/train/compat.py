"""Where official training code differs from the formulas of its paper, as switches. Off unless a run reproduces it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Compat"]


@dataclass(frozen=True, slots=True)
class Compat:
    """The defaults are what all recipes before these switches did."""

    decay_after_update: bool = True
    """AdamW shrinks weights after its update, and adds epsilon before the bias correction, as in the released code of
    HD-VILA and ClipBERT. False: as torch's own AdamW, which shrinks them first."""
    summed_accumulation: bool = False
    """The losses of the micro-batches of a step are added, not averaged: gradients are `accumulate` times as large."""
    mean_over_ignored: bool = False
    """The loss of masked words is divided by all positions of the texts, each padded to `data.text_length`, not by the
    masked words alone."""
    rounded_scores: bool = False
    """Evaluation rounds scores of pairs to four decimals before it ranks them, which makes ties."""

"""What others may ask of a model, whatever system it is of.

What a model reads of videos comes first, as many arguments as its system's inputs have arrays (``*video``), then texts.
A property stands for each method, for the number of arguments differs.

Legend: B clips of a batch, S segments of a clip, P places of what it sees, L tokens, D width, V vocabulary, A answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

__all__ = ["AnswerHead", "DualEncoder", "MaskedWords", "Reads"]


class Reads(Protocol):
    """A model that came with what stands between files and it (`hdvila.hub.Processor`)."""

    @property
    def processor(self) -> Any: ...

    @property
    def device(self) -> torch.device: ...


class DualEncoder(Reads, Protocol):
    """Videos and texts to unit vectors in one space."""

    @property
    def encode_video(self) -> Callable[..., Tensor]:
        """``encode_video(*video)`` -> (B, D)."""

    @property
    def embed_text(self) -> Callable[[Sequence[str]], Tensor]:
        """``embed_text(texts)`` -> (B, D)."""


class AnswerHead(Reads, Protocol):
    """Answers to questions about a clip: rows of a vocabulary, or options."""

    @property
    def visual_tokens(self) -> Callable[..., Tensor]:
        """``visual_tokens(*video)`` -> (S, B, P, D), which many questions share."""

    @property
    def answers_about(self) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        """``answers_about(visual, input_ids, attention_mask)`` -> (S, B, A); the texts of a clip are rows together."""

    @property
    def aggregate(self) -> Callable[[Tensor, str], Tensor]:
        """``aggregate(logits, how)``: (S, ...) -> (...)."""


class MaskedWords(Reads, Protocol):
    """Words of a text that are masked, read from text and clip together."""

    @property
    def masked_language_logits(self) -> Callable[..., Tensor]:
        """``masked_language_logits(*video, input_ids, attention_mask, consensus, over, at)`` -> (B, L, V), or (M, V)
        for M positions `at`."""

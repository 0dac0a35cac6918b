"""Capabilities: protocols of what the rest of the library may ask of a model of any system.

Video inputs come first, as many arguments as the arrays of the system's inputs (``*video``), then texts. The methods
are declared as properties, because their number of arguments differs from system to system.

Legend: B clips of a batch, S segments of a clip, P visual positions, L tokens, D width, V vocabulary, A answers,
M pairs of a clip and a text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

__all__ = ["AnswerHead", "DualEncoder", "MaskedWords", "Numbers", "PairScorer", "Reads", "VisualTokens"]


class Reads(Protocol):
    """A model with a processor, which turns files and texts into its inputs (`hdvila.hub.Processor`)."""

    processor: Any

    @property
    def device(self) -> torch.device: ...


class DualEncoder(Reads, Protocol):
    """Encodes videos and texts as unit vectors in one space."""

    @property
    def encode_video(self) -> Callable[..., Tensor]:
        """``encode_video(*video)`` -> (B, D)."""

    @property
    def embed_text(self) -> Callable[[Sequence[str]], Tensor]:
        """``embed_text(texts)`` -> (B, D)."""


class VisualTokens(Reads, Protocol):
    """Has a visual side of its own, so that a clip is looked at once for all texts about it."""

    @property
    def visual_tokens(self) -> Callable[..., Tensor]:
        """``visual_tokens(*video)`` -> (S, B, P, D), computed once for all texts about a clip."""


class PairScorer(VisualTokens, Protocol):
    """Scores how well a text fits a clip, reading both together: a cross-encoder."""

    @property
    def match_scores(self) -> Callable[[Tensor, Tensor, Tensor, str], Tensor]:
        """``match_scores(visual, input_ids, attention_mask, consensus)`` -> (M,), higher is better.

        A row is a pair: ``visual`` (S, M, P, D) are the visual tokens of each pair's clip, ``input_ids`` and
        ``attention_mask`` (M, L) its text. So a clip may have any number of texts. `consensus` says how the segments
        become one score: mean, max or logsumexp.
        """


class AnswerHead(VisualTokens, Protocol):
    """Answers questions about a clip: scores for a vocabulary of answers, or for options."""

    @property
    def answers_about(self) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        """``answers_about(visual, input_ids, attention_mask)`` -> (S, B, A); the texts of a clip are adjacent rows."""

    @property
    def aggregate(self) -> Callable[[Tensor, str], Tensor]:
        """``aggregate(logits, how)``: (S, ...) -> (...)."""


class Numbers(VisualTokens, Protocol):
    """Answers questions about a clip by a number."""

    @property
    def counts_about(self) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        """``counts_about(visual, input_ids, attention_mask)`` -> (S, B)."""


class MaskedWords(Reads, Protocol):
    """Predicts masked words of a text from text and clip."""

    @property
    def masked_language_logits(self) -> Callable[..., Tensor]:
        """``masked_language_logits(*video, input_ids, attention_mask, consensus, over, at)`` -> (B, L, V), or (M, V)
        for the M positions `at`."""

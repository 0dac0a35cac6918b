"""`frame_pairs` with a head for masked words, as image-text pre-training wants it: words and pairs in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from hdvila.models.config import Capability
from hdvila.models.system import System
from hdvila.nn.consensus import aggregate
from hdvila.nn.weight_files import Weights
from tests.systems.frame_mean import Frames
from tests.systems.frame_pairs import FramePairs, FramePairsConfig


@dataclass(frozen=True)
class FrameWordsConfig(FramePairsConfig):
    """Sizes of `FrameWords`."""

    system: ClassVar[str] = "frame-words"
    trained_for: ClassVar[Capability] = "masked_words"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"masked_words", "pair_scores"})

    classes: int = 2


class FrameWords(FramePairs):
    """How well words fit frames, and which words are hidden."""

    system = "frame-words"

    def __init__(self, config: FrameWordsConfig) -> None:
        super().__init__(config)
        self.word = nn.Linear(config.width, config.vocab_size)

    def pretraining_states(self, frames: Tensor, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """-> (F, B, L, D), (F, B, 2)."""
        states = self.joint_states(self.visual_tokens(frames), input_ids, attention_mask)
        return states, self.match(states[:, :, 0])

    def word_logits(self, states: Tensor) -> Tensor:
        """(..., D) -> (..., V)."""
        return self.word(states)

    def masked_language_logits(
        self, frames: Tensor, input_ids: Tensor, attention_mask: Tensor, consensus: str, over: str, at: Tensor
    ) -> Tensor:
        """-> (M, V) at the masked words."""
        assert over == "logits"
        states = self.joint_states(self.visual_tokens(frames), input_ids, attention_mask)
        return aggregate(self.word(states[:, at]), consensus)

    def frozen_parts(self) -> list[nn.Module]:
        """The patches stay as they were drawn."""
        return [self.patches]


class _FrameWordsSystem(System):
    name: ClassVar[str] = "frame-words"
    about: ClassVar[str] = "a cross-encoder of frames and words that predicts masked words: a test of the house"
    config: ClassVar[Any] = FrameWordsConfig
    inputs: ClassVar[Any] = Frames

    def build(self, config: FrameWordsConfig, *, initialise: bool = True) -> FrameWords:
        return FrameWords(config)

    def never_trained(self, config: FrameWordsConfig) -> str:
        return "patches"

    def recognises(self, weights: Weights) -> bool:
        return "word.weight" in weights


SYSTEM = _FrameWordsSystem()

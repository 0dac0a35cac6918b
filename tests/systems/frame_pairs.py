"""A cross-encoder, small enough to read at once: frames and words are read together, and a pair gets one score.

It is what somebody writes who adds a system with the capability ``pair_scores``; configuration and inputs are those of
`tests.systems.frame_mean`. Each frame is a segment of its own.

Legend: B clips, F frames (segments), M pairs, h w pixels, P patches, L tokens, D width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hdvila.models.config import Capability
from hdvila.models.system import System
from hdvila.nn.consensus import aggregate
from hdvila.nn.pretrained import PretrainedModel
from hdvila.nn.weight_files import Weights
from tests.systems.frame_mean import FrameMeanConfig, Frames


@dataclass(frozen=True)
class FramePairsConfig(FrameMeanConfig):
    """Sizes of `FramePairs`."""

    system: ClassVar[str] = "frame-pairs"
    trained_for: ClassVar[Capability] = "pair_scores"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"pair_scores"})

    classes: int = 1
    """1: a score; 2: wrong and matched."""


class FramePairs(PretrainedModel):
    """How well words fit frames, 0..1."""

    system = "frame-pairs"
    config: FramePairsConfig

    def __init__(self, config: FramePairsConfig) -> None:
        super().__init__(config)
        self.patches = nn.Conv2d(3, config.width, config.patch, config.patch)
        self.words = nn.Embedding(config.vocab_size, config.width)
        layer = nn.TransformerEncoderLayer(config.width, config.heads, dropout=0.0, batch_first=True, norm_first=True)
        self.joint = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.match = nn.Linear(config.width, config.classes)

    def visual_tokens(self, frames: Tensor) -> Tensor:
        """(B, F, 3, h, w) RGB 0..255 -> (F, B, P, D)."""
        pixels_N3hw = frames.flatten(0, 1).to(self.match.weight.dtype) / 127.5 - 1
        tokens_NPD = self.patches(pixels_N3hw).flatten(2).transpose(1, 2)
        return tokens_NPD.unflatten(0, frames.shape[:2]).transpose(0, 1)

    def joint_states(self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """(F, M, P, D) visual tokens, (M, L) ids and mask -> (F, M, L, D), of which the first stands for the pair."""
        patches = visual.shape[2]
        words_MLD = self.words(input_ids)
        padding = torch.cat([attention_mask == 0, attention_mask.new_zeros(len(input_ids), patches, dtype=bool)], 1)
        read = [self.joint(torch.cat([words_MLD, frame_MPD], 1), src_key_padding_mask=padding) for frame_MPD in visual]
        return torch.stack(read)[:, :, : input_ids.shape[1]]

    def match_scores(self, visual: Tensor, input_ids: Tensor, attention_mask: Tensor, consensus: str) -> Tensor:
        """(F, M, P, D) visual tokens, (M, L) ids and mask -> (M,)."""
        logits_FMC = self.match(self.joint_states(visual, input_ids, attention_mask)[:, :, 0]).float()
        logits_MC = aggregate(logits_FMC, consensus)
        return torch.sigmoid(logits_MC[:, 0]) if self.config.classes == 1 else logits_MC.softmax(1)[:, 1]

    def match_logits(self, frames: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """(B, F, 3, h, w), (B * O, L) ids and mask, the O texts of a clip together -> (F, B * O, C)."""
        visual = self.visual_tokens(frames).repeat_interleave(len(input_ids) // len(frames), 1)
        return self.match(self.joint_states(visual, input_ids, attention_mask)[:, :, 0])


class _FramePairsSystem(System):
    name: ClassVar[str] = "frame-pairs"
    about: ClassVar[str] = "a cross-encoder of frames and words: a test of the house"
    config: ClassVar[Any] = FramePairsConfig
    inputs: ClassVar[Any] = Frames

    def build(self, config: FramePairsConfig, *, initialise: bool = True) -> FramePairs:
        return FramePairs(config)

    def recognises(self, weights: Weights) -> bool:
        return "match.weight" in weights and "word.weight" not in weights


SYSTEM = _FramePairsSystem()

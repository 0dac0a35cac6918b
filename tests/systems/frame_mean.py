"""A second system, small enough to read at once: a dual encoder that takes the mean of frames.

A vision transformer looks at each frame alone, whole and squeezed, normalised as SigLIP does it (-1..1); a text
transformer reads the words; there is no BatchNorm and one stream of frames. It is what somebody writes who adds a
system: configuration, inputs, model, and the value that the registry is given.

Legend: B clips, F frames, h w pixels, P patches, L tokens, D width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdvila.media.frame_source import Arrays, FrameClip, Request, Sampled
from hdvila.media.view import Look, Squeezed, View
from hdvila.models.config import Capability
from hdvila.models.inputs import FrameInputs, SeenFrames
from hdvila.models.system import System
from hdvila.nn.pretrained import PretrainedModel
from hdvila.nn.weight_files import Weights
from hdvila.settings import from_json
from hdvila.types import Pixels


@dataclass(frozen=True)
class FrameMeanConfig:
    """Sizes of `FrameMean`."""

    system: ClassVar[str] = "frame-mean"
    num_answers: ClassVar[int] = 0
    texts_per_clip: ClassVar[int] = 1
    trained_for: ClassVar[Capability] = "retrieval"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"retrieval"})

    width: int = 32
    layers: int = 1
    heads: int = 2
    patch: int = 8
    size: int = 32
    vocab_size: int = 512
    max_text_positions: int = 32

    def with_answers(self, count: int) -> FrameMeanConfig:
        """It answers no questions."""
        return self

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FrameMeanConfig:
        return from_json(cls, values, "a model of frame-mean")


@dataclass(frozen=True)
class Frames(FrameInputs):
    """`count` frames, evenly over the clip; in training each anywhere in its stretch."""

    count: int = 4
    size: int = 32

    @property
    def shapes(self) -> tuple[tuple[int, ...] | None, ...]:
        return ((self.count, 3, self.size, self.size),)

    @property
    def frames_read(self) -> dict[str, int]:
        return {"lr": self.count}

    def look(self, height: int, width: int, *, tiled: bool = True) -> Look:
        return Look((View(),), 1.0)

    def sample(
        self,
        clip: FrameClip,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Sampled:
        ticks = clip.ticks(4.0)
        within = np.full(self.count, 0.5) if rng is None else rng.random(self.count)
        chosen = ((np.arange(self.count) + within) * ticks / self.count).astype(np.int64)
        numbers = clip.frames_at("lr", chosen, 4.0)
        pts = clip.pts_seconds("lr", numbers)

        def finish(frames: Sequence[Pixels]) -> SeenFrames:
            return SeenFrames(np.moveaxis(frames[0], -1, 1), pts)

        return Sampled((Request("lr", numbers, Squeezed(self.size, self.size)),), finish)

    def in_words(self) -> Iterator[tuple[str, str]]:
        yield "frames", f"{self.count} of {self.size}x{self.size}"


class FrameMean(PretrainedModel):
    """Frames and words to unit vectors in one space."""

    system = "frame-mean"
    config: FrameMeanConfig

    def __init__(self, config: FrameMeanConfig) -> None:
        super().__init__(config)
        width, places = config.width, (config.size // config.patch) ** 2
        self.patches = nn.Conv2d(3, width, config.patch, config.patch)
        self.places = nn.Parameter(torch.randn(places, width) * 0.02)
        self.vision = _transformer(config)
        self.words = nn.Embedding(config.vocab_size, width)
        self.positions = nn.Parameter(torch.randn(config.max_text_positions, width) * 0.02)
        self.language = _transformer(config)
        self.video_projection, self.text_projection = nn.Linear(width, width), nn.Linear(width, width)

    def encode_video(self, frames: Tensor) -> Tensor:
        """(B, F, 3, h, w) RGB 0..255 -> (B, D)."""
        pixels_N3hw = frames.flatten(0, 1).to(self.places.dtype) / 127.5 - 1
        tokens_NPD = self.patches(pixels_N3hw).flatten(2).transpose(1, 2) + self.places
        seen_BFD = self.vision(tokens_NPD).mean(1).unflatten(0, frames.shape[:2])
        return F.normalize(self.video_projection(seen_BFD.mean(1)).float(), dim=-1)

    def encode_text(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """(B, L) ids and mask -> (B, D)."""
        tokens_BLD = self.words(input_ids) + self.positions[: input_ids.shape[1]]
        read_BLD = self.language(tokens_BLD, src_key_padding_mask=attention_mask == 0)
        mask = attention_mask[..., None].to(read_BLD.dtype)
        return F.normalize(self.text_projection((read_BLD * mask).sum(1) / mask.sum(1)).float(), dim=-1)


def _transformer(config: FrameMeanConfig) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(
        config.width, config.heads, 2 * config.width, dropout=0.0, batch_first=True, norm_first=True
    )
    return nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)


class _FrameMeanSystem(System):
    name: ClassVar[str] = "frame-mean"
    about: ClassVar[str] = "the mean of frames: a test of the house"
    config: ClassVar[Any] = FrameMeanConfig
    inputs: ClassVar[Any] = Frames

    def build(self, config: FrameMeanConfig, *, initialise: bool = True) -> FrameMean:
        return FrameMean(config)

    def recognises(self, weights: Weights) -> bool:
        return "video_projection.weight" in weights


SYSTEM = _FrameMeanSystem()

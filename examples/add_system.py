"""Add a system of your own, the smallest there is: colours of frames and words into one space. Nothing else changes.

After `register`, recipes train it, `hdvila.load_model` opens it, and `evaluate`, `index` and `search` work with it.
A real one, with transformers: tests/systems/frame_mean.py.
"""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import torch.nn.functional as F
from torch import nn

from hdvila.media.frame_source import Request, Sampled
from hdvila.media.view import Look, Squeezed, View
from hdvila.models import System, register
from hdvila.models.inputs import FrameInputs, SeenFrames
from hdvila.nn.pretrained import PretrainedModel
from hdvila.settings import from_json


@dataclass(frozen=True)
class ColourConfig:
    system: ClassVar = "colours"
    trained_for: ClassVar = "retrieval"
    capabilities: ClassVar = frozenset({"retrieval"})
    num_answers: ClassVar = 0
    texts_per_clip: ClassVar = 1
    width: int = 16
    vocab_size: int = 512
    max_text_positions: int = 32

    def to_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, values):
        return from_json(cls, values, "a model of colours")


@dataclass(frozen=True)
class FewFrames(FrameInputs):
    """How the system looks at a clip: frames evenly over it, in training drawn anywhere in their stretch."""

    count: int = 4
    shapes = property(lambda self: ((self.count, 3, 8, 8),))
    frames_read = property(lambda self: {"lr": self.count})

    def look(self, height, width, *, tiled=True):
        return Look((View(),), 1.0)  # all of a frame, whatever its shape

    def sample(self, clip, rng=None, view=None, into=None):
        within = np.full(self.count, 0.5) if rng is None else rng.random(self.count)
        ticks = ((np.arange(self.count) + within) * clip.ticks(4.0) / self.count).astype(np.int64)  # 4 a second
        numbers = clip.frames_at("lr", ticks, 4.0)
        pts = clip.pts_seconds("lr", numbers)
        return Sampled(
            (Request("lr", numbers, Squeezed(8, 8)),), lambda frames: SeenFrames(np.moveaxis(frames[0], -1, 1), pts)
        )

    def in_words(self):
        yield "frames", f"{self.count} of 8x8"


class Colours(PretrainedModel):
    system = "colours"

    def __init__(self, config):
        super().__init__(config)
        self.colours = nn.Linear(3, config.width)
        self.words = nn.Embedding(config.vocab_size, config.width)

    def encode_video(self, frames):  # (B, F, 3, h, w) RGB 0..255 -> (B, D)
        return F.normalize(self.colours(frames.float().mean((1, 3, 4)) / 127.5 - 1), dim=-1)

    def encode_text(self, input_ids, attention_mask):  # (B, L) each -> (B, D)
        return F.normalize((self.words(input_ids) * attention_mask[..., None]).sum(1), dim=-1)


class ColourSystem(System):
    name, about, config, inputs = "colours", "colours and words", ColourConfig, FewFrames

    def build(self, config, *, initialise=True):
        return Colours(config)

    def recognises(self, weights):
        return "colours.weight" in weights


COLOURS = register(ColourSystem())

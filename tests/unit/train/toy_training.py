"""A toy corpus and model for the training tests: clips of one colour, texts that name it; steps of milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from hdvila.data.dataset import ClipDataset
from hdvila.data.examples import Example
from hdvila.data.settings import DataSettings
from hdvila.hub import build_model
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip
from hdvila.models.inputs import SeenFrames
from hdvila.tasks.masked_words import Vocabulary
from hdvila.types import Clip
from tests.systems.frame_mean import Frames
from tests.systems.frame_words import FrameWords, FrameWordsConfig

LENGTH, VOCABULARY = 8, Vocabulary(size=40, mask=4, special=(0, 1, 2, 3, 4))
PREPROCESS = Preprocess(height=64, width=64, segments=2, neighbours=1)
SETTINGS = DataSettings(corpus="toy", preprocess=PREPROCESS, text_length=LENGTH, workers=0)


def config(variant: str = "stage1", dropout: float = 0.0) -> HDVILAConfig:
    return HDVILAConfig(
        num_answers=3 if variant == "open_ended" else 0,
        variant=variant,  # type: ignore[arg-type]
        hidden_size=16,
        num_attention_heads=2,
        intermediate_size=32,
        text_layers=1,
        joint_layers=1,
        vocab_size=VOCABULARY.size,
        max_text_positions=LENGTH,
        visual_rows=4,
        visual_columns=4,
        dropout=dropout,
        resnet_depths=(1, 1, 1, 1),
        resnet_width=4,
        hybrid_layers=2,
        hybrid_attention_heads=2,
        hybrid_stochastic_depth=dropout,
        grid=(1, 1),
        frames=3,
    )


class ToyCorpus:
    def __init__(self, clips: int = 24) -> None:
        self.clips = [Clip(f"c{i}", f"v{i}", 0.0, 4.0, f"{i % 5} {i % 7} {i}") for i in range(clips)]

    def sample(self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None) -> HybridClip:
        s, n, h, w = preprocess.segments, preprocess.neighbours, preprocess.height, preprocess.width
        rng = rng or np.random.default_rng(0)
        colour = np.random.default_rng(i).integers(0, 200, 3)[:, None, None]
        high = (colour + rng.integers(0, 50, (s, 3, h, w))).astype(np.uint8)
        low = (colour + rng.integers(0, 50, (s, 2 * n, 3, h // 4, w // 4))).astype(np.uint8)
        return HybridClip(high, low)


class ToyFrames(ToyCorpus):
    """The clips of the toy corpus for `tests.systems.frame_words`."""

    def sample(self, i: int, preprocess: Frames, rng: np.random.Generator | None = None) -> SeenFrames:  # type: ignore[override]
        rng = rng or np.random.default_rng(0)
        colour = np.random.default_rng(i).integers(0, 200, 3)[:, None, None]
        frames = colour + rng.integers(0, 50, (preprocess.count, 3, preprocess.size, preprocess.size))
        return SeenFrames(frames.astype(np.uint8), np.arange(preprocess.count) / 2)


def tokenize(texts: Sequence[str], length: int) -> tuple[np.ndarray, np.ndarray]:
    ids = np.zeros((len(texts), length), np.int64)
    for row, text in zip(ids, texts, strict=True):
        words = [2, *(5 + int(word) for word in text.split()), 3]
        row[: len(words)] = words
    return ids, (ids > 0).astype(np.int64)


def dataset(clips: int = 24, seed: int = 0, variant: str = "stage1") -> ClipDataset:
    """Clips with their texts, and with wrong ones, or questions about them: open ones with 3 answers, or with 5
    options."""
    if variant == "image_text":
        chosen = DataSettings(corpus="toy", preprocess=Frames(2, 16), text_length=LENGTH, negatives=2)
        return ClipDataset(ToyFrames(clips), chosen, tokenize, seed)
    corpus = ToyCorpus(clips)
    examples = None
    if variant == "open_ended":
        examples = [Example(i, ((f"{i % 4}",),), i % 3) for i in range(clips)]
    if variant == "multiple_choice":
        examples = [
            Example(i, (tuple(f"{i % 4} {i % 3 + option}" for option in range(5)),), i % 5) for i in range(clips)
        ]
    return ClipDataset(corpus, SETTINGS, tokenize, seed, examples)


def model(variant: str = "stage1", dropout: float = 0.0) -> Any:
    torch.manual_seed(0)
    if variant == "image_text":
        return FrameWords(FrameWordsConfig(width=16, size=16, vocab_size=VOCABULARY.size, max_text_positions=LENGTH))
    return build_model(config(variant, dropout))

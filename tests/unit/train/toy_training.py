"""A toy corpus and model for the training tests: clips of one colour, texts that name it; steps of milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from hdvila.data.dataset import ClipDataset
from hdvila.data.examples import Example
from hdvila.data.settings import DataSettings
from hdvila.hub import build_model
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.model import HDVILA
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip
from hdvila.tasks.masked_words import Vocabulary
from hdvila.types import Clip

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


def tokenize(texts: Sequence[str], length: int) -> tuple[np.ndarray, np.ndarray]:
    ids = np.zeros((len(texts), length), np.int64)
    for row, text in zip(ids, texts, strict=True):
        words = [2, *(5 + int(word) for word in text.split()), 3]
        row[: len(words)] = words
    return ids, (ids > 0).astype(np.int64)


def dataset(clips: int = 24, seed: int = 0, variant: str = "stage1") -> ClipDataset:
    """Clips with their texts, or questions about them: open ones with 3 answers, or with 5 options."""
    corpus = ToyCorpus(clips)
    examples = None
    if variant == "open_ended":
        examples = [Example(i, ((f"{i % 4}",),), i % 3) for i in range(clips)]
    if variant == "multiple_choice":
        examples = [
            Example(i, (tuple(f"{i % 4} {i % 3 + option}" for option in range(5)),), i % 5) for i in range(clips)
        ]
    return ClipDataset(corpus, SETTINGS, tokenize, seed, examples)


def model(variant: str = "stage1", dropout: float = 0.0) -> HDVILA:
    torch.manual_seed(0)
    return build_model(config(variant, dropout))

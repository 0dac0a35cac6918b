"""Clips of a corpus as the model sees them in training."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from hdvila.data.batch import Batch, collate
from hdvila.data.order import Draw
from hdvila.data.settings import DataSettings
from hdvila.media.preprocess import Preprocess
from hdvila.store import Corpus
from hdvila.types import Clip, HybridClip


class ClipSource(Protocol):
    """Where clips come from; `hdvila.store.reader.Corpus` is one."""

    @property
    def clips(self) -> Sequence[Clip]: ...

    def sample(self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None) -> HybridClip: ...


class TextEncoder(Protocol):
    """Texts to (ids, mask), each (B, L); `hdvila.text.tokenizer.Tokenizer` is one."""

    def __call__(self, texts: Sequence[str], length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...


def open_corpus(folder: str | Path) -> ClipSource:
    """The corpus in a folder.

    Raises:
        StoreError: it cannot be read.
    """
    return Corpus(folder)


class HybridDataset:
    """Draws of clips to batches, the same for the same (seed, draws) on any machine and in any process.

    Args:
        source: the corpus.
        settings: preprocessing and text length; frames and crop are drawn at random within their rules.
        tokenizer: texts to ids.
        seed: the run's; with a draw's epoch and index it fixes frames, crop and masked words.
    """

    def __init__(self, source: ClipSource, settings: DataSettings, tokenizer: TextEncoder, seed: int) -> None:
        self.source = source
        self.settings = settings
        self.tokenizer = tokenizer
        self.seed = seed

    def __len__(self) -> int:
        return len(self.source.clips)

    def clone(self) -> HybridDataset:
        """The same dataset for another thread, with open files of its own."""
        return HybridDataset(copy(self.source), self.settings, self.tokenizer, self.seed)

    def batch(self, draws: Sequence[Draw]) -> Batch:
        """The clips of `draws`, in this order."""
        keys = [draw.key(self.seed) for draw in draws]
        clips = [
            self.source.sample(draw.index, self.settings.preprocess, np.random.default_rng(key))
            for draw, key in zip(draws, keys, strict=True)
        ]
        texts = [self.source.clips[draw.index].text for draw in draws]
        ids_BL, mask_BL = self.tokenizer(texts, self.settings.text_length)
        return collate(clips, torch.as_tensor(ids_BL), torch.as_tensor(mask_BL), keys)

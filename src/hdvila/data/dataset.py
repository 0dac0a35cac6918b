"""Clips of a corpus as the model sees them in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdvila.data.ahead import ahead
from hdvila.data.batch import Batch, batch_of
from hdvila.data.examples import Example
from hdvila.data.order import Draw
from hdvila.data.settings import DataSettings
from hdvila.data.source import ClipSource
from hdvila.media.frame_source import Arrays
from hdvila.store import Corpus


class TextEncoder(Protocol):
    """Texts to (ids, mask), each (B, L); `hdvila.text.tokenizer.Tokenizer` is one."""

    def __call__(self, texts: Sequence[str], length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...


class ClipDataset:
    """Draws of examples to batches, the same for the same (seed, draws) on any machine and in any process.

    Args:
        source: the corpus.
        settings: preprocessing and text length; frames and crop are drawn at random within their rules.
        tokenizer: texts to ids.
        seed: the run's; with a draw's epoch and index it fixes frames, crop, wording and masked words.
        examples: what to learn from, all with equally many texts and either all or none with an answer; None: every
            clip of the source with its own text.
    """

    def __init__(
        self,
        source: ClipSource,
        settings: DataSettings,
        tokenizer: TextEncoder,
        seed: int,
        examples: Sequence[Example] | None = None,
    ) -> None:
        self.source = source
        self.settings = settings
        self.tokenizer = tokenizer
        self.seed = seed
        self.examples = examples

    def __len__(self) -> int:
        return len(self.source.clips if self.examples is None else self.examples)

    def __getitem__(self, index: int) -> Example:
        return Example(index, ((self.source.clips[index].text,),)) if self.examples is None else self.examples[index]

    def batch(self, draws: Sequence[Draw]) -> Batch:
        """The examples of `draws`, in this order."""
        keys = [draw.key(self.seed) for draw in draws]
        examples = [self[draw.index] for draw in draws]
        video = self._video([example.clip for example in examples], keys)
        texts = [example.texts(key) for example, key in zip(examples, keys, strict=True)]
        ids, mask = encode(self.tokenizer, texts, self.settings.text_length)
        answers = [example.answer for example in examples if example.answer is not None]
        return batch_of(video, ids, mask, keys, answers or None)

    def _video(self, numbers: Sequence[int], keys: Sequence[int]) -> Arrays:
        """What the model reads of these clips; a corpus writes it into place."""
        inputs, source = self.settings.preprocess, self.source
        rngs = map(np.random.default_rng, keys)
        room = inputs.room(len(numbers)) if isinstance(source, Corpus) else None
        if room is None:
            return inputs.collate(
                [source.sample(number, inputs, rng) for number, rng in zip(numbers, rngs, strict=True)]
            )
        corpus: Any = source

        def put(one: tuple[int, tuple[int, np.random.Generator]]) -> None:
            at, (number, rng) = one
            corpus.sample(number, inputs, rng, into=tuple(None if part is None else part[at] for part in room))

        readers = min(corpus.readers, len(numbers))
        for _ in ahead(put, enumerate(zip(numbers, rngs, strict=True)), readers if readers > 1 else 0):
            pass
        return room


def encode(tokenizer: TextEncoder, texts: Sequence[tuple[str, ...]], length: int) -> tuple[Tensor, Tensor]:
    """Rows of O texts each to (ids, mask): (B, L) where O is 1, else (B, O, L)."""
    ids, mask = map(torch.as_tensor, tokenizer([text for row in texts for text in row], length))
    options = len(texts[0])
    if options == 1:
        return ids, mask
    return ids.reshape(-1, options, ids.shape[-1]), mask.reshape(-1, options, mask.shape[-1])

"""Training samples: the clips and texts of a corpus as batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdvila.data.batch import Batch, batch_of
from hdvila.data.examples import Example
from hdvila.data.order import SampleKey
from hdvila.data.prefetch import prefetch
from hdvila.data.settings import DataSettings
from hdvila.data.source import ClipSource, direct_source
from hdvila.data.wrong_texts import WrongTexts
from hdvila.media.frame_source import Arrays


class TextEncoder(Protocol):
    """Texts to (ids, mask), each (B, L); `hdvila.text.tokenizer.Tokenizer` is one."""

    def __call__(self, texts: Sequence[str], length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...


class ClipDataset:
    """Turns sample keys into batches: the same seed and keys give the same batch on any machine and in any process.

    Args:
        source: the corpus.
        settings: preprocessing and text length; frames and crop are drawn at random within their rules.
        tokenizer: turns texts into ids.
        seed: of the run; together with a sample key it determines frames, crop, wording and masked words.
        examples: all with the same number of texts, and either all or none with an answer, and with soft ones; None:
            every clip of the source with its own text.

    Raises:
        UsageError: `settings.negatives` of clips that are all of one video.
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
        wrong = settings.negatives
        self._wrong = WrongTexts(source.clips, self, wrong) if wrong else None

    def __len__(self) -> int:
        return len(self.source.clips if self.examples is None else self.examples)

    def __getitem__(self, index: int) -> Example:
        return Example(index, ((self.source.clips[index].text,),)) if self.examples is None else self.examples[index]

    def batch(self, keys: Sequence[SampleKey]) -> Batch:
        """The samples of these keys, in this order."""
        seeds = [key.as_int(self.seed) for key in keys]
        examples = [self[key.index] for key in keys]
        video = self._video([example.clip for example in examples], seeds)
        texts = [example.texts(seed) for example, seed in zip(examples, seeds, strict=True)]
        if self._wrong is not None:
            drawn = map(self._wrong.draw, examples, seeds)
            texts = [(*own, *wrong) for own, wrong in zip(texts, drawn, strict=True)]
        ids, mask = encode(self.tokenizer, texts, self.settings.text_length)
        answers = [example.answer for example in examples if example.answer is not None]
        soft = [example.soft_answers for example in examples if example.soft_answers]
        return batch_of(video, ids, mask, seeds, answers or None, soft or None, self.settings.text_length)

    def _video(self, numbers: Sequence[int], seeds: Sequence[int]) -> Arrays:
        """The video inputs of these clips. A direct source decodes them straight into the arrays of the batch."""
        inputs, direct = self.settings.preprocess, direct_source(self.source)
        rngs = map(np.random.default_rng, seeds)
        room = None if direct is None else inputs.room(len(numbers))
        if direct is None or room is None:
            return inputs.collate(
                [self.source.sample(number, inputs, rng) for number, rng in zip(numbers, rngs, strict=True)]
            )

        def put(one: tuple[int, tuple[int, np.random.Generator]]) -> None:
            at, (number, rng) = one
            direct.sample(number, inputs, rng, into=tuple(None if part is None else part[at] for part in room))

        readers = min(direct.readers, len(numbers))
        for _ in prefetch(put, enumerate(zip(numbers, rngs, strict=True)), readers if readers > 1 else 0):
            pass  # `put` returns nothing; its errors are raised here
        return room


def encode(tokenizer: TextEncoder, texts: Sequence[tuple[str, ...]], length: int) -> tuple[Tensor, Tensor]:
    """Tokenize rows of O texts each: (ids, mask), both (B, L) for O = 1, else (B, O, L)."""
    ids, mask = map(torch.as_tensor, tokenizer([text for row in texts for text in row], length))
    options = len(texts[0])
    if options == 1:
        return ids, mask
    return ids.reshape(-1, options, ids.shape[-1]), mask.reshape(-1, options, mask.shape[-1])

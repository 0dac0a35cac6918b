"""A batch: clips and texts as the loader passes them to a task.

Legend: B clips, O texts of a question, N wrong texts of a clip, L text tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hdvila.media.frame_source import Arrays
from hdvila.nn.pretrained import to_tensors


class Batch(NamedTuple):
    """Clips and their texts. Pixels stay uint8 RGB until the model."""

    video: tuple[Tensor | None, ...]
    """The model's video inputs, (B, ...) each, as `hdvila.models.inputs.Inputs` of its system defines them."""
    input_ids: Tensor
    """(B, L) int64, or (B, O, L) for multiple choice, or (B, 1 + N, L) with N wrong texts after each clip's own."""
    attention_mask: Tensor
    """Of the same shape, int64, 1 = real token."""
    keys: Tensor
    """(B,) int64: the key of each sample (`SampleKey.as_int`), from which e.g. masked words are drawn."""
    labels: Tensor | None = None
    """(B, L) int64: the word to predict, or -100; set by a task that masks words."""
    answers: Tensor | None = None
    """(B,) int64: the correct row of the answer head, or the correct one of the O texts."""
    soft_answers: Tensor | None = None
    """(B, K, 2) float32: accepted rows of the answer head and their weights; rows of weight 0 fill up to K."""
    text_length: int = 0
    """Tokens that a text may have (`DataSettings.text_length`), at least L, the longest of this batch; 0: L."""

    @property
    def size(self) -> int:
        """B, the number of clips."""
        return self.keys.shape[0]

    @property
    def positions(self) -> int:
        """Tokens of all texts, each padded to `text_length`: a count that does not depend on how a batch is cut."""
        return self.input_ids.shape[:-1].numel() * (self.text_length or self.input_ids.shape[-1])

    def rows(self, first: int, end: int) -> Batch:
        """The clips `first` to `end` (exclusive) of this batch."""
        return self._each(lambda field: field[first:end])

    def to(self, device: torch.device) -> Batch:
        """This batch on `device`."""
        return self._each(lambda field: field.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """This batch in page-locked memory, for fast copies to a GPU."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        video = tuple(None if one is None else change(one) for one in self.video)
        rest = (change(field) if isinstance(field, Tensor) else field for field in self[1:])
        return Batch._make((video, *rest))


def batch_of(
    video: Arrays,
    input_ids: Tensor,
    attention_mask: Tensor,
    keys: Sequence[int],
    answers: Sequence[int] | None = None,
    soft_answers: Sequence[Sequence[tuple[int, float]]] | None = None,
    text_length: int = 0,
) -> Batch:
    """A batch of B clips and their texts; it takes ownership of the arrays' memory."""
    return Batch(
        video=to_tensors(video),
        input_ids=input_ids,
        attention_mask=attention_mask,
        keys=torch.tensor(keys, dtype=torch.int64),
        answers=None if answers is None else torch.tensor(answers, dtype=torch.int64),
        soft_answers=None if soft_answers is None else _filled(soft_answers),
        text_length=text_length,
    )


def _filled(soft_answers: Sequence[Sequence[tuple[int, float]]]) -> Tensor:
    most = max(map(len, soft_answers))
    return torch.tensor([[*row, *[(0, 0.0)] * (most - len(row))] for row in soft_answers], dtype=torch.float32)

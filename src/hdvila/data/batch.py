"""The batch: what the loader hands to a task.

Legend: B clips, S segments of a clip, N neighbours on each side, H W pixels, O texts of a question, L text tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hdvila.media.preprocess import ClipPixels
from hdvila.types import HybridClip, Pixels


class Batch(NamedTuple):
    """Clips and their texts. Pixels stay uint8 RGB until the model."""

    high: Tensor | None
    """(B, S, 3, H, W), or None for LR frames alone."""
    low: Tensor | None
    """(B, S, 2N, 3, H/4, W/4), or None for HR frames alone."""
    input_ids: Tensor
    """(B, L) int64, or (B, O, L) for multiple choice."""
    attention_mask: Tensor
    """Of the same shape, int64, 1 = real token."""
    keys: Tensor
    """(B,) int64: names each sample's showing; random choices such as masked words start from it."""
    labels: Tensor | None = None
    """(B, L) int64, the word to be predicted or -100; a task that masks words fills it."""
    answers: Tensor | None = None
    """(B,) int64: the right row of the answer head, or the right one of the O texts."""

    @property
    def size(self) -> int:
        """B, the number of clips."""
        return self.keys.shape[0]

    def rows(self, first: int, end: int) -> Batch:
        """Clips first..end of this batch."""
        return self._each(lambda field: field[first:end])

    def to(self, device: torch.device) -> Batch:
        """This batch on `device`."""
        return self._each(lambda field: field.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """This batch in page-locked memory, from which copies to a GPU are fast."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch._make(None if field is None else change(field) for field in self)


def collate(
    clips: Sequence[HybridClip],
    input_ids: Tensor,
    attention_mask: Tensor,
    keys: Sequence[int],
    answers: Sequence[int] | None = None,
) -> Batch:
    """Clips of one shape and the texts beside them as one batch."""
    return batch_of(stacked(clips), input_ids, attention_mask, keys, answers)


def batch_of(
    pictures: ClipPixels,
    input_ids: Tensor,
    attention_mask: Tensor,
    keys: Sequence[int],
    answers: Sequence[int] | None = None,
) -> Batch:
    """The pictures of B clips, whose memory the batch takes over, and the texts beside them."""
    high, low = (None if rgb is None else torch.from_numpy(rgb) for rgb in pictures)
    return Batch(
        high=high,
        low=low,
        input_ids=input_ids,
        attention_mask=attention_mask,
        keys=torch.tensor(keys, dtype=torch.int64),
        answers=None if answers is None else torch.tensor(answers, dtype=torch.int64),
    )


def stacked(clips: Sequence[HybridClip]) -> ClipPixels:
    """(B, S, 3, H, W) and (B, S, 2N, 3, H/4, W/4) of clips of one shape."""
    high, low = ([clip.high for clip in clips], [clip.low for clip in clips])
    return _stack(high), _stack(low)


def _stack(pictures: Sequence[Pixels | None]) -> Pixels | None:
    given = [picture for picture in pictures if picture is not None]
    return np.stack(given) if given else None

"""Masked words of a corpus: how often a stage-two model finds them, with the clip's own pictures and with others.

The gap between the two is what the model reads off the pictures; the rest it knows from language alone.
Legend: B clips, L tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from hdvila.data.batch import collate
from hdvila.data.source import ClipSource
from hdvila.errors import UsageError
from hdvila.progress import SILENT, Reporter
from hdvila.tasks.masking import Vocabulary, mask_words


@dataclass(frozen=True, slots=True)
class MaskedWordsReport:
    """Shares of the masked words that the model's first guess gets right."""

    words: int
    accuracy: float
    accuracy_other_video: float

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


@torch.inference_mode()
def evaluate_masked_words(
    model: Any,
    corpus: ClipSource,
    *,
    clips: Sequence[int] | None = None,
    share: float = 0.15,
    seed: int = 0,
    batch_size: int = 32,
    reporter: Reporter = SILENT,
) -> MaskedWordsReport:
    """Mask words of each clip's text and let `model` guess them, once from its own pictures and once from those of the
    next clip of the batch.

    Raises:
        UsageError: no word was masked, or the model has no processor.
    """
    processor = model.processor
    if processor is None:
        raise UsageError("this model has no processor, so it cannot read words: use a model folder")
    tokenizer = processor.tokenizer
    vocabulary = Vocabulary(tokenizer.vocab_size, tokenizer.mask_id, tokenizer.special_ids)
    numbers = list(range(len(corpus.clips)) if clips is None else clips)
    words = own = other = 0
    with reporter.task("guessing masked words", total=len(numbers)) as bar:
        for first in range(0, len(numbers), batch_size):
            some = numbers[first : first + batch_size]
            ids, mask = processor.tokenize([corpus.clips[i].text for i in some])
            batch = collate([corpus.sample(i, processor.preprocess) for i in some], ids, mask, some)
            masked_BL, labels_BL = mask_words(ids, torch.tensor(some) + (seed << 32), share, vocabulary)
            chosen = labels_BL >= 0  # the others are marked to be ignored
            for shift in (0, 1):
                high = None if batch.high is None else batch.high.roll(shift, 0)
                low = None if batch.low is None else batch.low.roll(shift, 0)
                logits_BLV = model.masked_language_logits(high, low, masked_BL, mask)
                right = int((logits_BLV.argmax(-1)[chosen] == labels_BL[chosen]).sum())
                own, other = (own + right, other) if shift == 0 else (own, other + right)
            words += int(chosen.sum())
            bar.advance(len(some))
    if not words:
        raise UsageError(f"no word of the {len(numbers)} clips was masked: give more clips or a larger share")
    return MaskedWordsReport(words, own / words, other / words)

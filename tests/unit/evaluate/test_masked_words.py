"""Masked words: against pictures of another video, with the loss that trains."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hdvila.errors import UsageError
from hdvila.evaluate.masked_words import evaluate_masked_words
from hdvila.models.hdvila.sampling import HybridClip
from hdvila.types import Clip
from tests.unit.train.toy_training import LENGTH, PREPROCESS, VOCABULARY, tokenize

TOKENIZER = SimpleNamespace(vocab_size=VOCABULARY.size, mask_id=VOCABULARY.mask, special_ids=VOCABULARY.special)


class Numbered:
    """Clips whose pictures show their number; `videos` names the video of each."""

    def __init__(self, *videos: str) -> None:
        self.clips = [Clip(f"c{i}", video, 0.0, 4.0, f"{i} 1 2 3") for i, video in enumerate(videos)]

    def sample(self, i: int, preprocess: Any, rng: object = None) -> HybridClip:
        return HybridClip(np.full((1, 3, 64, 64), i, np.uint8), np.full((1, 2, 3, 16, 16), i, np.uint8))


class Seeing:
    """A model that knows every word of a text exactly when it sees the text's own clip."""

    def __init__(self) -> None:
        processor = SimpleNamespace(tokenizer=TOKENIZER, preprocess=PREPROCESS)
        processor.tokenize = lambda texts: tuple(map(torch.from_numpy, tokenize(texts, LENGTH)))
        self.processor, self.device, self.asked = processor, torch.device("cpu"), list[tuple[int, ...]]()

    def masked_language_logits(
        self, high: Any, low: Any, ids: Any, mask: Any, *_: str, at: torch.Tensor
    ) -> torch.Tensor:
        self.asked.append(tuple(high[:, 0, 0, 0, 0].tolist()))
        logits = torch.zeros(*ids.shape, VOCABULARY.size)
        for row, clip in enumerate(self.asked[-1]):
            truth = torch.from_numpy(tokenize([f"{clip} 1 2 3"], LENGTH)[0])[0]
            logits[row, torch.arange(LENGTH), truth] = 50.0
            logits[row, 1] = 0.0  # the first word is the clip's number
            logits[row, 1, 5 + clip] = 50.0
        return logits[at]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5])
def test_every_clip_is_compared_with_another_video_however_batches_fall(batch_size: int) -> None:
    corpus, net = Numbered("a", "a", "b", "b", "c"), Seeing()
    report = evaluate_masked_words(net, corpus, share=1.0, batch_size=batch_size)
    own, other = ([clip for batch in net.asked[start::2] for clip in batch] for start in (0, 1))
    assert own == [0, 1, 2, 3, 4]
    assert all(corpus.clips[x].video_id != corpus.clips[y].video_id for x, y in zip(own, other, strict=True))
    assert report.words == 5 * 4
    assert report.accuracy == 1.0
    assert report.accuracy_other_video == pytest.approx(3 / 4)  # all but the number
    assert report.loss == pytest.approx(0.0, abs=1e-4)


def test_one_video_has_nothing_to_be_compared_with() -> None:
    with pytest.raises(UsageError, match="the 2 clips are of 1 video"):
        evaluate_masked_words(Seeing(), Numbered("a", "a"))


def test_one_video_is_enough_where_none_is_compared() -> None:
    net = Seeing()
    report = evaluate_masked_words(net, Numbered("a", "a"), share=1.0, other_video=False)
    assert (report.words, report.accuracy, report.accuracy_other_video) == (2 * 4, 1.0, None)
    assert net.asked == [(0, 1)], "own frames alone were read"

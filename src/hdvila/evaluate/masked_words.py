"""Masked words of a corpus: how often a model predicts them, with the frames of their own clip and of another.

The gap between the two is what the model sees; the rest it knows from language alone.
Legend: B clips, L tokens, M masked tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import torch

from hdvila.data.batch import batch_of
from hdvila.data.prefetch import prefetch_clips
from hdvila.data.source import ClipSource
from hdvila.errors import UsageError
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.hub import computing
from hdvila.nn.pretrained import PretrainedModel
from hdvila.progress import SILENT, Reporter
from hdvila.tasks.masked_words import Vocabulary
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.types import Over

__all__ = ["MaskedWordsReport", "evaluate_masked_words"]


@dataclass(frozen=True, slots=True)
class MaskedWordsReport:
    """What the model makes of masked words.

    Attributes:
        words: how many were masked.
        accuracy: share of them that it predicts right with the frames of their own clip, 0..1.
        accuracy_other_video: the same with the frames of a clip of another video; None: not asked for.
        loss: mean cross entropy with the frames of their own clip, as in training.
    """

    words: int
    accuracy: float
    accuracy_other_video: float | None
    loss: float

    def to_dict(self) -> dict[str, float | None]:
        """Plain values for JSON, by the names above."""
        return asdict(self)


@torch.inference_mode()
def evaluate_masked_words(
    model: PretrainedModel,
    corpus: ClipSource,
    *,
    clips: Sequence[int] | None = None,
    share: float = 0.15,
    consensus: str = "logsumexp",
    over: Over = "hidden",
    seed: int = 0,
    other_video: bool = True,
    batch_size: int = 32,
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> MaskedWordsReport:
    """Mask words of each clip's text and let `model` predict them, once from its own frames and once from those of the
    clip half the corpus further on, or the first after that of another video.

    Masking, loss and what counts as right are those of the training (`PretrainStage2`).

    Args:
        model: one with masked-word head and processor, on any device.
        share: of the words to mask, above 0 and up to 1.
        other_video: predict from the frames of another video too; without, half the work, and one video is enough.
        consensus, over: of segments, as in training: mean, max or logsumexp of ``"hidden"`` states or ``"logits"``.
        processes: share the clips; each has all numbers.

    Raises:
        UsageError: no word was masked, the model has no processor, or there is one video only, with `other_video`.
    """
    processor: Any = model.processor
    if processor is None:
        raise UsageError("this model has no processor, so it cannot read words: use a model folder")
    task = PretrainStage2(mask_share=share, consensus=consensus, consensus_over=over)
    tokenizer = processor.tokenizer
    vocabulary = Vocabulary(tokenizer.vocab_size, tokenizer.mask_id, tokenizer.special_ids)
    numbers = list(range(len(corpus.clips)) if clips is None else clips)
    rows = [numbers, _of_other_videos(corpus, numbers)] if other_video else [numbers]
    seen = list(zip(*rows, strict=True))
    own = processes.own([seen[first : first + batch_size] for first in range(0, len(seen), batch_size)])
    streams = [
        prefetch_clips(corpus, [one[which] for some in own for one in some], processor.preprocess)
        for which in range(1 + other_video)
    ]
    sums: list[tuple[int, float, int, int]] = []  # of a batch: words, loss, right with its own and with other frames
    with reporter.task("predicting masked words", total=sum(map(len, own))) as bar, computing(model):
        for some in own:
            ids, mask = processor.tokenize([corpus.clips[i].text for i, *_ in some])
            keys = [i + (seed << 32) for i, *_ in some]
            losses, right = [], []
            for clips_read in streams:
                video = processor.preprocess.collate(list(islice(clips_read, len(some))))
                batch = task.prepare(batch_of(video, ids, mask, keys), vocabulary)
                (logits_MV,) = task.forward(model, batch.to(model.device))
                loss, metrics = task.loss_sum((logits_MV.float().cpu(),), batch)
                losses.append(float(loss))
                right.append(int(metrics["accuracy"]))
            sums.append((task.count(batch), losses[0], right[0], right[-1]))
            bar.advance(len(some))
    words, loss_sum, own_right, other_right = map(sum, zip(*processes.all_results(sums), strict=True))
    if not words:
        raise UsageError(f"no word of the {len(numbers)} clips was masked: give more clips or a larger share")
    other = other_right / words if other_video else None
    return MaskedWordsReport(words, own_right / words, other, loss_sum / words)


def _of_other_videos(corpus: ClipSource, numbers: Sequence[int]) -> list[int]:
    """For each clip one of another video, far away in the list."""
    count = len(numbers)
    videos = [corpus.clips[i].video_id for i in numbers]
    if len(set(videos)) < 2:
        raise UsageError(
            f"the {count} clips are of {len(set(videos))} video, and masked words are also predicted from the frames "
            "of another: give clips of two videos or more"
        )
    found = []
    for place, video in enumerate(videos):
        steps = (count // 2 + step for step in range(count))
        found.append(next(numbers[(place + step) % count] for step in steps if videos[(place + step) % count] != video))
    return found

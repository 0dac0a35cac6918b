"""Pre-training on images or clips with captions: masked words, and whether the caption belongs to the picture
(as in ClipBERT, Lei et al. 2021).

Legend: B clips, S segments, N wrong texts, L tokens, M masked tokens, D width, V vocabulary.

torch is imported where it is used: recipes contain tasks and are listed without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from hdvila.errors import UsageError
from hdvila.models.config import Capability
from hdvila.tasks.task import Task
from hdvila.types import CONSENSUS, Over

if TYPE_CHECKING:
    from torch import Tensor

    from hdvila.data.batch import Batch
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.tasks.masked_words import Vocabulary
    from hdvila.tasks.task import LossSum, Outputs


@dataclass(frozen=True, slots=True)
class PretrainImageText(Task):
    """Masked words plus matching, each with its own mean: one term a masked word, and one a pair.

    A pair has the wrong text instead of its own with probability `wrong_share`, drawn from the sample's key. Words are
    masked, and predicted, in either.

    The model has ``pretraining_states(*video, input_ids (B, L), attention_mask)`` -> states (S, B, L, D) and matching
    logits (S, B, 2), and ``word_logits(states (..., D))`` -> (..., V). In the log the losses are `words_loss` and
    `matching_loss`, the shares of right decisions `accuracy` of words and `matching_accuracy`.
    """

    trains: ClassVar[tuple[Capability, ...]] = ("masked_words",)
    needs_negatives: ClassVar[bool] = True

    mask_share: float = 0.15
    wrong_share: float = 0.5
    consensus: str = "mean"
    """How the logits of segments become one: mean, max or logsumexp."""

    consensus_over: ClassVar[Over] = "logits"  # type: ignore[misc]

    def __post_init__(self) -> None:
        if not 0 < self.mask_share <= 1:
            raise UsageError(f"task.mask_share={self.mask_share} is a share of all words: choose 0 < value <= 1")
        if not 0 < self.wrong_share < 1:
            raise UsageError(f"task.wrong_share={self.wrong_share} is a share of all pairs: choose 0 < value < 1")
        if self.consensus not in CONSENSUS:
            raise UsageError(f"task.consensus={self.consensus!r} is unknown: choose one of {', '.join(CONSENSUS)}")

    def prepare(self, batch: Batch, vocabulary: Vocabulary) -> Batch:
        """Of the texts (B, 1 + N, L) one stays, (B, L), masked; `answers` are 1 where it is the own one, else 0."""
        import numpy as np
        import torch

        from hdvila.tasks.masked_words import mask_words

        chosen = []
        for key in batch.keys.tolist():
            # The second word of the seed separates these draws from those of frames, words and wrong texts.
            rng = np.random.default_rng([key, 4])
            wrong = rng.random() < self.wrong_share
            chosen.append(1 + int(rng.integers(batch.input_ids.shape[1] - 1)) if wrong else 0)
        rows, texts = torch.arange(batch.size), torch.tensor(chosen)
        ids, labels = mask_words(batch.input_ids[rows, texts], batch.keys, self.mask_share, vocabulary)
        mask = batch.attention_mask[rows, texts]
        return batch._replace(input_ids=ids, attention_mask=mask, labels=labels, answers=(texts == 0).long())

    def counts(self, batch: Batch) -> dict[str, int]:
        return {"words_loss": int(_masked(batch).sum()), "matching_loss": batch.size}

    def positions(self, batch: Batch) -> dict[str, int]:
        return {"words_loss": batch.positions, "matching_loss": batch.size}

    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """-> scores of every word at the masked tokens (M, V), matching logits (B, S, 2)."""
        return self._logits(model, batch, batch.input_ids, batch.attention_mask, (_masked(batch),))

    def forward_shapes(self, model: PretrainedModel, batch: Batch) -> None:
        """With so many masked words as a batch has on average; which ones does not matter."""
        import torch

        ids, mask = batch.input_ids[:, 0].contiguous(), batch.attention_mask[:, 0].contiguous()
        anywhere = torch.zeros(int(ids.numel() * self.mask_share) + 1, dtype=torch.long)
        self._logits(model, batch, ids, mask, (anywhere, anywhere))

    def _logits(
        self, model: PretrainedModel, batch: Batch, ids: Tensor, mask: Tensor, at: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor]:
        from hdvila.nn.consensus import aggregate

        states_SBLD, matching_SB2 = model.pretraining_states(*batch.video, ids, mask)
        where: Any = (slice(None), *at)
        words_SMV = model.word_logits(states_SBLD[where])
        return aggregate(words_SMV, self.consensus), matching_SB2.transpose(0, 1)

    def loss_sums(self, outputs: Outputs, batch: Batch) -> dict[str, LossSum]:
        import torch

        from hdvila.nn.consensus import aggregate
        from hdvila.tasks.masked_words import masked_word_loss, right_words
        from hdvila.tasks.video_qa import answer_loss

        words_MV, matching_BS2 = outputs
        assert batch.labels is not None
        assert batch.answers is not None
        right = batch.labels[_masked(batch)]
        matching_SB2 = matching_BS2.transpose(0, 1)
        with torch.no_grad():
            hits = (aggregate(matching_SB2, self.consensus).argmax(-1) == batch.answers).sum()
        return {
            "words_loss": (masked_word_loss(words_MV, right) * len(right), {"accuracy": right_words(words_MV, right)}),
            "matching_loss": (
                answer_loss(matching_SB2, batch.answers, self.consensus) * batch.size,
                {"matching_accuracy": hits},
            ),
        }


def _masked(batch: Batch) -> Tensor:
    """(B, L), where a word is to be predicted."""
    from hdvila.tasks.masked_words import IGNORE

    assert batch.labels is not None, "prepare the batch first"
    return batch.labels != IGNORE

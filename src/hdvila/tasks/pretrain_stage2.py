"""Pre-training, stage two: words are predicted from text and video together (paper, section 4.4, equation 3).

Legend: B clips, L tokens, M masked tokens, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from hdvila.data.batch import Batch
from hdvila.errors import UsageError
from hdvila.losses.masked_words import IGNORE, masked_word_loss, right_words
from hdvila.models.hdvila.joint import CONSENSUS
from hdvila.models.hdvila.model import HDVILA
from hdvila.tasks.masking import Vocabulary, mask_words
from hdvila.tasks.task import Metrics, Outputs


@dataclass(frozen=True, slots=True)
class PretrainStage2:
    """Masked language modelling over the joint transformer; everything of stage one is frozen. One term a masked word.

    The released code leaves dropout and stochastic depth active in the frozen parts (it sets them to evaluation mode
    once, and its loop undoes that). Here they are off; `official_dropout_in_frozen_parts` brings them back.
    """

    mask_share: float = 0.15
    consensus: str = "logsumexp"
    official_dropout_in_frozen_parts: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.mask_share <= 1:
            raise UsageError(f"task.mask_share={self.mask_share} is a share of all words: choose 0 < value <= 1")
        if self.consensus not in CONSENSUS:
            raise UsageError(f"task.consensus={self.consensus!r} is unknown: choose one of {', '.join(CONSENSUS)}")

    def start(self, model: HDVILA) -> None:
        """Freeze stage one, and the matching head, which this loss never reaches."""
        model.requires_grad_(True)
        bert = model.transformer.bert
        for part in (*model.stage_one_modules(), bert.pooler2, model.transformer.cls.seq_relationship):
            part.requires_grad_(False)

    def train_mode(self, model: HDVILA) -> None:
        model.train()
        if not self.official_dropout_in_frozen_parts:
            for part in model.stage_one_modules():
                part.eval()

    def prepare(self, batch: Batch, vocabulary: Vocabulary) -> Batch:
        ids, labels = mask_words(batch.input_ids, batch.keys, self.mask_share, vocabulary)
        return batch._replace(input_ids=ids, labels=labels)

    def count(self, batch: Batch) -> int:
        return int((_labels(batch) != IGNORE).sum())

    def forward(self, model: HDVILA, batch: Batch) -> Outputs:
        """-> scores of every word at the masked tokens, (M, V)."""
        states_BLD = model.masked_states(
            batch.high, batch.low, batch.input_ids, batch.attention_mask, consensus=self.consensus
        )
        return (model.word_logits(states_BLD[_labels(batch) != IGNORE]),)

    def loss_sum(self, outputs: Outputs, batch: Batch) -> tuple[Tensor, Metrics]:
        """`accuracy` sums the masked words that are predicted right."""
        (logits_MV,) = outputs
        labels = _labels(batch)
        right = labels[labels != IGNORE]
        return masked_word_loss(logits_MV, right) * len(right), {"accuracy": right_words(logits_MV, right)}


def _labels(batch: Batch) -> Tensor:
    assert batch.labels is not None, "prepare the batch first"
    return batch.labels

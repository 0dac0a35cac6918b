"""Pre-training, stage two: masked words are predicted from text and video together (paper, section 4.3, equation 5).

Legend: B clips, L tokens, M masked tokens, V vocabulary.

torch is imported where it is used: recipes contain tasks and are listed without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, get_args

from hdvila.errors import UsageError
from hdvila.models.config import Capability
from hdvila.tasks.task import OneLossTask
from hdvila.types import CONSENSUS, Over

if TYPE_CHECKING:
    from torch import Tensor

    from hdvila.data.batch import Batch
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.tasks.masked_words import Vocabulary
    from hdvila.tasks.task import Metrics, Outputs

__all__ = ["Over", "PretrainStage2"]


@dataclass(frozen=True, slots=True)
class PretrainStage2(OneLossTask):
    """Masked language modelling over the joint transformer; everything of stage one is frozen. One term a masked word.

    `consensus` joins the segments of a clip: their hidden states before the head, as in the released code, or their
    logits, as in the paper (`consensus_over`).

    The released code leaves dropout and stochastic depth active in the frozen parts (it sets them to evaluation mode
    once, and its loop undoes that). Here they are off; `official_dropout_in_frozen_parts` brings them back.
    """

    trains: ClassVar[tuple[Capability, ...]] = ("masked_words",)
    frozen: ClassVar[str] = "all that stage one trains"

    mask_share: float = 0.15
    consensus: str = "logsumexp"
    consensus_over: Over = "hidden"
    official_dropout_in_frozen_parts: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.mask_share <= 1:
            raise UsageError(f"task.mask_share={self.mask_share} is a share of all words: choose 0 < value <= 1")
        if self.consensus not in CONSENSUS:
            raise UsageError(f"task.consensus={self.consensus!r} is unknown: choose one of {', '.join(CONSENSUS)}")
        if self.consensus_over not in get_args(Over):
            known = ", ".join(get_args(Over))
            raise UsageError(f"task.consensus_over={self.consensus_over!r} is unknown: choose one of {known}")

    def start(self, model: PretrainedModel) -> None:
        """Freeze stage one, and what this loss never reaches."""
        OneLossTask.start(self, model)
        for part in (*model.frozen_for_words(), *model.unreached_by_words()):
            part.requires_grad_(False)

    def train_mode(self, model: PretrainedModel) -> None:
        model.train()
        if not self.official_dropout_in_frozen_parts:
            for part in model.frozen_for_words():
                part.eval()

    def prepare(self, batch: Batch, vocabulary: Vocabulary) -> Batch:
        from hdvila.tasks.masked_words import mask_words

        ids, labels = mask_words(batch.input_ids, batch.keys, self.mask_share, vocabulary)
        return batch._replace(input_ids=ids, labels=labels)

    def count(self, batch: Batch) -> int:
        from hdvila.tasks.masked_words import IGNORE

        return int((_labels(batch) != IGNORE).sum())

    def positions(self, batch: Batch) -> dict[str, int]:
        return {"loss": batch.positions}

    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """-> scores of every word at the masked tokens, (M, V)."""
        from hdvila.tasks.masked_words import IGNORE

        logits_MV = model.masked_language_logits(
            *batch.video, batch.input_ids, batch.attention_mask, self.consensus, self.consensus_over,
            at=_labels(batch) != IGNORE,
        )  # fmt: skip
        return (logits_MV,)

    def forward_shapes(self, model: PretrainedModel, batch: Batch) -> None:
        """With so many masked words as a batch has on average; which ones does not matter."""
        import torch

        anywhere = torch.zeros(int(batch.input_ids.numel() * self.mask_share) + 1, dtype=torch.long)
        model.masked_language_logits(
            *batch.video, batch.input_ids, batch.attention_mask, self.consensus, self.consensus_over,
            at=(anywhere, anywhere),
        )  # fmt: skip

    def loss_sum(self, outputs: Outputs, batch: Batch) -> tuple[Tensor, Metrics]:
        """`accuracy` sums the masked words that are predicted right."""
        from hdvila.tasks.masked_words import IGNORE, masked_word_loss, right_words

        (logits_MV,) = outputs
        labels = _labels(batch)
        right = labels[labels != IGNORE]
        return masked_word_loss(logits_MV, right) * len(right), {"accuracy": right_words(logits_MV, right)}


def _labels(batch: Batch) -> Tensor:
    assert batch.labels is not None, "prepare the batch first"
    return batch.labels

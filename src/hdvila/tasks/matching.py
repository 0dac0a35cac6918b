"""Which text belongs to a clip: a cross-encoder learns it from the clip's own text and texts of other videos.

Legend: B clips, S segments, O texts of a clip (its own first, then the wrong ones), C classes (wrong, matched), or one
score, L tokens.

torch is imported where it is used: recipes contain tasks and are listed without it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from hdvila.errors import UsageError
from hdvila.models.config import Capability
from hdvila.tasks.task import OneLossTask
from hdvila.types import CONSENSUS

if TYPE_CHECKING:
    from torch import Tensor

    from hdvila.data.batch import Batch
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.tasks.task import LossSum, Outputs

MatchingLoss = Literal["cross_entropy", "margin"]


@dataclass(frozen=True, slots=True)
class Matching(OneLossTask):
    """Pairs of a clip and a text; everything is trained (as in ClipBERT, Lei et al. 2021).

    cross_entropy: each text is judged by itself, wrong or matched, by a model of two classes; one term a text. margin:
    the score of a clip's own text exceeds that of each wrong one by `margin`, by a model of one score; scores are
    sigmoids, 0..1; one term a wrong text.

    The model has ``match_logits(*video, input_ids (B * O, L), attention_mask)`` -> (S, B * O, C).
    """

    trains: ClassVar[tuple[Capability, ...]] = ("pair_scores",)
    needs_negatives: ClassVar[bool] = True

    loss: MatchingLoss = "cross_entropy"
    margin: float = 0.2
    consensus: str = "mean"
    """How segments become one decision, in training and in evaluation: mean, max or logsumexp (`answer_loss`)."""

    def __post_init__(self) -> None:
        if self.loss not in get_args(MatchingLoss):
            known = ", ".join(get_args(MatchingLoss))
            raise UsageError(f"task.loss={self.loss!r} is unknown: choose one of {known}")
        if self.consensus not in CONSENSUS:
            raise UsageError(f"task.consensus={self.consensus!r} is unknown: choose one of {', '.join(CONSENSUS)}")
        if self.loss == "margin" and self.consensus == "logsumexp":
            raise UsageError(
                "task.consensus=logsumexp is a softmax over classes, and task.loss=margin compares single scores: "
                "choose task.consensus=mean or max, or task.loss=cross_entropy"
            )
        if not 0 < self.margin < math.inf:
            raise UsageError(f"task.margin={self.margin}: choose a finite number above 0")

    def count(self, batch: Batch) -> int:
        texts = batch.input_ids.shape[1]
        return batch.size * (texts if self.loss == "cross_entropy" else texts - 1)

    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """-> logits (B, S, O, C)."""
        ids, mask = batch.input_ids.flatten(0, 1), batch.attention_mask.flatten(0, 1)  # (B * O, L)
        logits = model.match_logits(*batch.video, ids, mask)  # (S, B * O, C)
        wanted = 2 if self.loss == "cross_entropy" else 1
        if logits.shape[-1] != wanted:
            other = "margin" if wanted == 2 else "cross_entropy"
            raise UsageError(
                f"task.loss={self.loss} needs a model with {wanted} output{'s'[: wanted - 1]} for a pair, and this one "
                f"has {logits.shape[-1]}: choose another model, or set task.loss={other}"
            )
        return (logits.unflatten(1, batch.input_ids.shape[:2]).transpose(0, 1),)

    def loss_sum(self, outputs: Outputs, batch: Batch) -> LossSum:
        """`accuracy` sums the texts that are judged right, or the wrong texts whose score is below the own text's."""
        logits_SBOC = outputs[0].transpose(0, 1)
        mean, right = matching_loss(logits_SBOC, self.consensus, None if self.loss == "cross_entropy" else self.margin)
        return mean * self.count(batch), {"accuracy": right}


def matching_loss(logits_SBOC: Tensor, consensus: str = "mean", margin: float | None = None) -> tuple[Tensor, Tensor]:
    """The mean loss, a scalar in float32, and how many decisions are right.

    Args:
        logits_SBOC: of clips and their texts, the own one first: C = 2 classes, wrong and matched, or one score.
        consensus: how segments become one, as for `answer_loss`.
        margin: None: cross entropy of two classes; else what the own text's score must be above that of each wrong one.

    Raises:
        UsageError: an unknown consensus.
    """
    import torch

    from hdvila.nn.consensus import aggregate
    from hdvila.tasks.video_qa import answer_loss

    logits_SBOC = logits_SBOC.float()
    if margin is not None:
        scores_BO = torch.sigmoid(aggregate(logits_SBOC[..., 0], consensus))
        wrong_BN, own_B1 = scores_BO[:, 1:], scores_BO[:, :1]
        return (margin + wrong_BN - own_B1).clamp(min=0).mean(), (wrong_BN < own_B1).sum()
    matched_BO = torch.zeros(logits_SBOC.shape[1:3], dtype=torch.long, device=logits_SBOC.device)
    matched_BO[:, 0] = 1
    loss = answer_loss(logits_SBOC.flatten(1, 2), matched_BO.flatten(), consensus)
    with torch.no_grad():
        return loss, (aggregate(logits_SBOC, consensus).argmax(-1) == matched_BO).sum()

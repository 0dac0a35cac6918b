"""Video question answering: the right answer out of a vocabulary, or out of five options (paper, sections 5.2 and D.1).

Legend: B clips, S segments, A answers (or options), O texts of a question, L tokens.

torch is imported where it is used: recipes contain tasks and are listed without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hdvila.errors import UsageError
from hdvila.models.config import Capability
from hdvila.tasks.task import OneLossTask
from hdvila.types import CONSENSUS

if TYPE_CHECKING:
    from torch import Tensor

    from hdvila.data.batch import Batch
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.tasks.task import Metrics, Outputs


@dataclass(frozen=True, slots=True)
class VideoQA(OneLossTask):
    """Cross entropy of the right answers; everything is trained. One term a question.

    The variant of the model decides whether the answers are rows of a vocabulary or options.
    """

    trains: ClassVar[tuple[Capability, ...]] = ("open_answers", "options")
    needs_benchmark: ClassVar[bool] = True

    consensus: str = "mean"
    """How segments become one decision, in training and in evaluation: mean, max or logsumexp (`answer_loss`)."""

    def __post_init__(self) -> None:
        if self.consensus not in CONSENSUS:
            raise UsageError(f"task.consensus={self.consensus!r} is unknown: choose one of {', '.join(CONSENSUS)}")

    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """-> scores (B, S, A)."""
        ids, mask = (
            batch.input_ids.flatten(0, -2),
            batch.attention_mask.flatten(0, -2),
        )  # the O texts of a clip together
        return (model.answer_logits(*batch.video, ids, mask).transpose(0, 1),)

    def loss_sum(self, outputs: Outputs, batch: Batch) -> tuple[Tensor, Metrics]:
        """`accuracy` sums the questions that are answered right."""
        import torch

        from hdvila.nn.consensus import aggregate

        logits_SBA = outputs[0].transpose(0, 1)
        assert batch.answers is not None, "the examples have no answers"
        mean = answer_loss(logits_SBA, batch.answers, self.consensus)
        with torch.no_grad():
            hits = (aggregate(logits_SBA, self.consensus).argmax(1) == batch.answers).sum()
        return mean * batch.size, {"accuracy": hits}


def answer_loss(logits_SBA: Tensor, answers_B: Tensor, consensus: str = "mean") -> Tensor:
    """Mean cross entropy of the right answers, a scalar in float32.

    Args:
        answers_B: index of the right answer.
        consensus: "mean" or "max" of the logits over segments before the cross entropy; "logsumexp": minus the log of
            the right answer's share, in all segments together, of the total over segments and answers.

    Raises:
        UsageError: an unknown consensus.
    """
    import torch
    import torch.nn.functional as F

    from hdvila.nn.consensus import aggregate

    logits_SBA = logits_SBA.float()
    if consensus == "logsumexp":
        right_SB = logits_SBA.gather(2, answers_B.expand(len(logits_SBA), -1)[..., None])[..., 0]
        return (torch.logsumexp(logits_SBA, (0, 2)) - torch.logsumexp(right_SB, 0)).mean()
    return F.cross_entropy(aggregate(logits_SBA, consensus), answers_B)

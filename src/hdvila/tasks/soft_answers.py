"""Questions with several accepted answers, each with a weight (VQA): every answer is a yes or no of its own.

Legend: B clips, S segments, A answers, K accepted answers, L tokens.

torch is imported where it is used: recipes contain tasks and are listed without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hdvila.errors import UsageError
from hdvila.models.config import Capability
from hdvila.tasks.task import OneLossTask

if TYPE_CHECKING:
    from torch import Tensor

    from hdvila.data.batch import Batch
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.tasks.masked_words import Vocabulary
    from hdvila.tasks.task import LossSum, Outputs


@dataclass(frozen=True, slots=True)
class SoftAnswers(OneLossTask):
    """Binary cross entropy of every answer of the vocabulary with its weight, summed over them. One term a question.

    Raises:
        UsageError: a `consensus` other than mean or max; from `prepare`, questions without soft answers.
    """

    trains: ClassVar[tuple[Capability, ...]] = ("open_answers",)
    needs_benchmark: ClassVar[bool] = True

    consensus: str = "mean"
    """How the logits of segments become one, in training and in evaluation: mean or max."""

    def __post_init__(self) -> None:
        if self.consensus not in ("mean", "max"):
            raise UsageError(
                f"task.consensus={self.consensus!r}: each answer is judged by itself, without a softmax over all: "
                "choose mean or max"
            )

    def prepare(self, batch: Batch, vocabulary: Vocabulary) -> Batch:
        if batch.soft_answers is None:
            raise UsageError(
                "the task SoftAnswers learns from answers with weights, and these questions have one right answer "
                "each: choose the task VideoQA, or a benchmark with soft answers"
            )
        return batch

    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """-> scores (B, S, A)."""
        return (model.answer_logits(*batch.video, batch.input_ids, batch.attention_mask).transpose(0, 1),)

    def loss_sum(self, outputs: Outputs, batch: Batch) -> LossSum:
        """`accuracy` sums the weights of the best answers."""
        import torch

        from hdvila.nn.consensus import aggregate

        assert batch.soft_answers is not None, "prepare the batch first"
        logits_BA = aggregate(outputs[0].transpose(0, 1).float(), self.consensus)
        targets_BA = soft_targets(batch.soft_answers, logits_BA.shape[1])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits_BA, targets_BA, reduction="sum")
        best_B1 = logits_BA.detach().argmax(1, keepdim=True)
        return loss, {"accuracy": targets_BA.gather(1, best_B1).sum()}


def soft_targets(soft_BK2: Tensor, answers: int) -> Tensor:
    """(B, A) the weight of every answer, 0 where it is not accepted, from `Batch.soft_answers`."""
    targets_BA = soft_BK2.new_zeros(len(soft_BK2), answers)
    return targets_BA.scatter_add(1, soft_BK2[..., 0].long(), soft_BK2[..., 1])

"""Questions that are answered by a number, such as how often something happens: regression.

Legend: B clips, S segments, L tokens.

torch is imported where it is used: recipes contain tasks and are listed without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hdvila.errors import UsageError
from hdvila.models.config import Capability
from hdvila.tasks.task import OneLossTask

if TYPE_CHECKING:
    from hdvila.data.batch import Batch
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.tasks.task import LossSum, Outputs


@dataclass(frozen=True, slots=True)
class CountAnswers(OneLossTask):
    """Squared error of the number that answers a question; one term a question.

    `Batch.answers` are the numbers: row i of the vocabulary of counts is the count i.

    Raises:
        UsageError: a `consensus` other than mean or max.
    """

    trains: ClassVar[tuple[Capability, ...]] = ("numbers",)
    needs_benchmark: ClassVar[bool] = True

    consensus: str = "mean"
    """How the numbers of segments become one, in training and in evaluation: mean or max."""

    def __post_init__(self) -> None:
        if self.consensus not in ("mean", "max"):
            raise UsageError(
                f"task.consensus={self.consensus!r}: numbers are joined by mean or max: choose one of them"
            )

    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """-> numbers (B, S)."""
        visual = model.visual_tokens(*batch.video)
        return (model.counts_about(visual, batch.input_ids, batch.attention_mask).transpose(0, 1),)

    def loss_sum(self, outputs: Outputs, batch: Batch) -> LossSum:
        """`accuracy` sums the questions whose rounded number is right."""
        from hdvila.nn.consensus import aggregate

        assert batch.answers is not None, "the examples have no answers"
        numbers_B = aggregate(outputs[0].transpose(0, 1).float(), self.consensus)
        right = (numbers_B.detach().round() == batch.answers).sum()
        return (numbers_B - batch.answers).square().sum(), {"accuracy": right}

"""What a training task is: the interface between the loop and the losses.

torch is imported where it is used: recipes contain tasks and are listed without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar

from hdvila.models.config import Capability
from hdvila.types import Over

if TYPE_CHECKING:
    from torch import Tensor

    from hdvila.data.batch import Batch
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.tasks.masked_words import Vocabulary

Outputs: TypeAlias = "tuple[Tensor, ...]"
Metrics: TypeAlias = "dict[str, Tensor]"
LossSum: TypeAlias = "tuple[Tensor, Metrics]"
"""The sum of a loss's terms, a scalar, and sums of other measures over the same terms."""
Self = TypeVar("Self", bound="Task")


class Task(ABC):
    """A frozen dataclass, whose fields are settings of a recipe.

    `trains`, `forward`, `counts` and `loss_sums` must be given; most tasks have one loss and inherit `OneLossTask`. The
    mean of a loss is ``sum of its loss_sums / sum of its counts`` over all micro-batches and processes of a step, and
    the loss of the step is the sum of these means: cutting a batch into processes and pieces changes neither the loss
    nor the gradient.
    """

    __slots__ = ()

    trains: ClassVar[tuple[Capability, ...]]
    """The capabilities (`Config.trained_for`) of the models that this task can train."""
    contrastive: ClassVar[bool] = False
    """Whether the negatives of a pair are the other pairs of its micro-batch, so one pair alone teaches nothing."""
    needs_benchmark: ClassVar[bool] = False
    """Whether its examples come from a benchmark, such as questions."""
    needs_negatives: ClassVar[bool] = False
    """Whether it reads wrong texts beside each clip's own, `data.negatives` of them; other tasks take none."""
    frozen: ClassVar[str] = ""
    """In words, what `start` freezes."""
    consensus: str = "mean"
    """How the outputs for the segments of a clip become one, in training and in evaluation: mean, max or logsumexp."""
    consensus_over: Over = "hidden"
    """What of a masked word the consensus is taken over: hidden states, or logits."""
    mask_share: float = 0.15
    """The chance of each word to be masked, of a task that masks words."""

    @property
    def measured_by(self) -> Capability:
        """What validation on clips of a corpus asks the model for: retrieval, pair_scores (R@1 from text to video) or
        masked_words (their accuracy). Default: the first that the task trains.
        """
        return self.trains[0]

    def loss_of_vectors(self, text_BD: Tensor, video_BD: Tensor) -> Tensor | None:
        """The loss of the vectors of B pairs, a scalar, for validation; None: they do not make the loss."""
        return None

    def at(self: Self, step: int) -> Self:
        """The task at this step, counted from 1; itself, unless its settings change during a run."""
        return self

    def start(self, model: PretrainedModel) -> None:
        """Decide what is trained: parameters that are not get ``requires_grad = False``. Called once.

        Default: all but the model's `frozen_parts`.
        """
        model.requires_grad_(True)
        for part in model.frozen_parts():
            part.requires_grad_(False)

    def train_mode(self, model: PretrainedModel) -> None:
        """Put the trained parts into training mode and the others into evaluation mode."""
        model.train()

    def prepare(self, batch: Batch, vocabulary: Vocabulary) -> Batch:
        """Apply random changes, such as masking, to a batch on the CPU. They depend on the keys of its samples only."""
        return batch

    @abstractmethod
    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """The part that runs in the model's precision; every output has one row a clip or a masked token."""

    def forward_shapes(self, model: PretrainedModel, batch: Batch) -> None:
        """`forward` on a batch that is not prepared and has shapes alone (device ``meta``), to plan memory."""
        self.forward(model, batch)

    @abstractmethod
    def counts(self, batch: Batch) -> dict[str, int]:
        """The number of terms that each loss has in this prepared batch, by its name in the log."""

    def positions(self, batch: Batch) -> dict[str, int]:
        """`counts` with what is left out of a mean, such as the words that are not masked. Default: `counts`."""
        return self.counts(batch)

    @abstractmethod
    def loss_sums(self, outputs: Outputs, batch: Batch) -> dict[str, LossSum]:
        """Each loss over this process's terms, by the names of `counts`."""


class OneLossTask(Task):
    """A task with one loss, called ``loss`` in the log: `trains`, `forward` and `loss_sum` must be given."""

    __slots__ = ()

    def count(self, batch: Batch) -> int:
        """The number of loss terms of this prepared batch. Default: one a clip."""
        return batch.size

    @abstractmethod
    def loss_sum(self, outputs: Outputs, batch: Batch) -> LossSum:
        """The sum of this process's terms, a scalar, and sums of other measures over the same terms."""

    def counts(self, batch: Batch) -> dict[str, int]:
        """`count`, as ``loss``."""
        return {"loss": self.count(batch)}

    def loss_sums(self, outputs: Outputs, batch: Batch) -> dict[str, LossSum]:
        """`loss_sum`, as ``loss``."""
        return {"loss": self.loss_sum(outputs, batch)}

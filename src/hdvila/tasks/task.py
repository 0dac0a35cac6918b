"""The interface between the loop and tasks."""

from __future__ import annotations

from typing import ClassVar, Protocol

from torch import Tensor

from hdvila.data.batch import Batch
from hdvila.models.config import Capability
from hdvila.nn.pretrained import PretrainedModel
from hdvila.tasks.masked_words import Vocabulary

Outputs = tuple[Tensor, ...]
Metrics = dict[str, Tensor]


class Task(Protocol):
    """A frozen value: its fields are settings of a recipe.

    The loss of a step is ``sum of loss_sum / sum of count`` over all its micro-batches and processes, so that cutting
    a batch into processes and pieces changes neither the loss nor the gradient.
    """

    trains: ClassVar[tuple[Capability, ...]]
    """The capabilities (`Config.trained_for`) of the models that this task can train."""

    def at(self, step: int) -> Task:
        """The task at this step, counted from 1; itself, unless its settings change during a run."""

    def start(self, model: PretrainedModel) -> None:
        """Decide what is trained: parameters that are not get ``requires_grad = False``. Called once."""

    def train_mode(self, model: PretrainedModel) -> None:
        """Put the trained parts into training mode and the others into evaluation mode."""

    def prepare(self, batch: Batch, vocabulary: Vocabulary) -> Batch:
        """Apply random changes, such as masking, to a batch on the CPU. They depend on the keys of its samples only."""

    def count(self, batch: Batch) -> int:
        """The number of loss terms of this prepared batch."""

    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """The part that runs in the model's precision; every output has one row a clip or a masked token."""

    def loss_sum(self, outputs: Outputs, batch: Batch) -> tuple[Tensor, Metrics]:
        """The sum of this process's terms, a scalar, and sums of other measures over the same terms."""

"""Pre-training, stage one: contrastive learning of texts and videos (paper, section 4.3, equation 4).

Legend: b pairs of this process, B pairs of all processes, D width.

torch is imported where it is used: recipes contain tasks and are listed without it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hdvila.errors import UsageError
from hdvila.models.config import Capability
from hdvila.tasks.task import OneLossTask

if TYPE_CHECKING:
    from torch import Tensor

    from hdvila.data.batch import Batch
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.tasks.task import Metrics, Outputs


@dataclass(frozen=True, slots=True)
class PretrainStage1(OneLossTask):
    """Symmetric contrastive loss over the features of all processes.

    Every pair of the micro-batch, on whichever process, is a negative of every other. One term a pair. Retrieval is
    fine-tuned by the same loss at temperature 0.08 and `weight` 1.
    """

    trains: ClassVar[tuple[Capability, ...]] = ("retrieval",)
    contrastive: ClassVar[bool] = True

    temperature: float = 0.05
    weight: float = 0.5
    """Of the sum of both directions: 0.5 is their mean; the released fine-tuning code takes the plain sum, 1."""

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise UsageError(f"task.temperature={self.temperature}: choose a finite number above 0")
        if not 0 < self.weight < math.inf:
            raise UsageError(f"task.weight={self.weight}: choose a finite number above 0")

    def forward(self, model: PretrainedModel, batch: Batch) -> Outputs:
        """-> texts (b, D), videos (b, D), of unit length."""
        return model.encode_text(batch.input_ids, batch.attention_mask), model.encode_video(*batch.video)

    def loss_of_vectors(self, text_BD: Tensor, video_BD: Tensor) -> Tensor:
        from hdvila.tasks.contrastive import contrastive_loss

        return contrastive_loss(text_BD, video_BD, self.temperature, weight=self.weight)

    def loss_sum(self, outputs: Outputs, batch: Batch) -> tuple[Tensor, Metrics]:
        """`accuracy` sums the texts whose own video is the nearest of all B."""
        import torch

        from hdvila.tasks.contrastive import contrastive_loss, gather

        text_bD, video_bD = outputs
        all_text_BD, first_row = gather(text_bD)
        all_video_BD, _ = gather(video_bD)
        mean = contrastive_loss(
            text_bD,
            video_bD,
            self.temperature,
            all_text_BD=all_text_BD,
            all_video_BD=all_video_BD,
            first_row=first_row,
            weight=self.weight,
        )
        with torch.no_grad():
            nearest = (text_bD @ all_video_BD.T).argmax(1)
            hits = (nearest == torch.arange(first_row, first_row + len(text_bD), device=nearest.device)).sum()
        return mean * len(text_bD), {"accuracy": hits}

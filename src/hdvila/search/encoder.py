"""What a library needs of a model, and of its vectors."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from hdvila.errors import CheckpointError
from hdvila.nn.capabilities import DualEncoder

__all__ = ["Encoder", "only_finite"]


class Encoder(DualEncoder, Protocol):
    """What a library needs of a model: two encoders into one space, of unit vectors."""

    def state_dict(self) -> dict[str, Any]: ...

    def describe(self) -> dict[str, Any]: ...  # what makes its vectors besides the weights, in plain values


def only_finite(vectors: Tensor, of_what: str) -> NDArray[np.float32]:
    """A model's vectors, if they are numbers.

    Raises:
        CheckpointError: some are NaN or infinite.
    """
    found: NDArray[np.float32] = vectors.float().cpu().numpy()
    if not np.isfinite(found).all():
        raise CheckpointError(
            f"the model gives vectors of {of_what} that are no numbers (NaN or infinite): its weights are broken; take "
            "another checkpoint of it, or fetch it again"
        )
    return found

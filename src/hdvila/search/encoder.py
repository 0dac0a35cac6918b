"""Requirements on the model of a library, and on its vectors."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from hdvila.errors import CheckpointError
from hdvila.hub.identity import Identifiable
from hdvila.nn.capabilities import DualEncoder

__all__ = ["Encoder", "only_finite"]


class Encoder(DualEncoder, Identifiable, Protocol):
    """A model that can make a library: it encodes videos and texts as unit vectors, and its vectors can be identified.

    Besides the methods of `DualEncoder` it has ``state_dict()``, its weights, and ``describe()``, everything else that
    determines its vectors, as plain values for JSON.
    """


def only_finite(vectors: Tensor, of_what: str) -> NDArray[np.float32]:
    """A model's vectors as an array.

    Raises:
        CheckpointError: some values are NaN or infinite.
    """
    found: NDArray[np.float32] = vectors.float().cpu().numpy()
    if not np.isfinite(found).all():
        raise CheckpointError(
            f"the model gives vectors of {of_what} that are not finite (NaN or infinity): its weights are damaged; use "
            "another checkpoint, or fetch it again"
        )
    return found

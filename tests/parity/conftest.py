"""The goldens as fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.parity.places import GOLDENS
from tests.shared import SHARED, missing


@pytest.fixture(scope="session")
def small_goldens() -> dict[str, Tensor]:
    """Outputs of the official code at small size; made as tests/goldens/README.md says."""
    return load_file(GOLDENS / "hdvila_small.safetensors")


@pytest.fixture(scope="session")
def large_goldens() -> Callable[[str], dict[str, Tensor]]:
    def read(name: str) -> dict[str, Tensor]:
        file = SHARED / "reference" / "goldens" / f"{name}.safetensors"
        if not file.is_file():
            pytest.skip(missing(file))
        return load_file(file)

    return read


@pytest.fixture(autouse=True)
def _one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """As the goldens were made; the large model takes all there are."""
    before = torch.get_num_threads()
    if request.node.get_closest_marker("conformance") is None:
        torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)

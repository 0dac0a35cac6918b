"""Which model made the vectors: any change of a weight, name or shape shows."""

from __future__ import annotations

import torch

from hdvila.search.identity import fingerprint


def weights() -> dict[str, torch.Tensor]:
    return {
        "a.weight": torch.arange(6.0).reshape(2, 3),
        "b": torch.zeros(()),
        "c": torch.zeros(0),
        "n": torch.tensor(3),
    }


def test_the_same_weights_in_any_order_are_the_same_model() -> None:
    assert fingerprint(weights()) == fingerprint(dict(reversed(weights().items())))


def test_another_value_name_or_shape_is_another_model() -> None:
    prints = {fingerprint(weights())}
    for changed in (
        weights() | {"a.weight": weights()["a.weight"] + 1e-6},
        weights() | {"a.weight": weights()["a.weight"].reshape(3, 2)},
        weights() | {"n": torch.tensor(4)},
        weights() | {"d": torch.zeros(1)},
        {key.upper(): value for key, value in weights().items()},
    ):
        prints.add(fingerprint(changed))
    assert len(prints) == 6


def test_a_large_tensor_is_sampled_from_its_first_to_its_last_value() -> None:
    large = torch.zeros(2**25 + 1, dtype=torch.uint8)  # more than float32 can count
    prints = {fingerprint({"x": large})}
    for place in (0, -1):
        changed = large.clone()
        changed[place] = 1
        prints.add(fingerprint({"x": changed}))
    assert len(prints) == 3

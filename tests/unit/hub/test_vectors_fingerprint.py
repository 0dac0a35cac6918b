"""Which vectors a model computes: any change of a weight, name or shape changes the fingerprint."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from hdvila.hub import Processor, load_model
from hdvila.hub.identity import fingerprint, vectors_fingerprint
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.text.answers import AnswerVocabulary
from hdvila.text.tokenizer import Tokenizer
from tests.unit.models.small_hdvila import tiny_model


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


def test_what_changes_vectors_belongs_to_the_model_and_nothing_else(tmp_path: Path) -> None:
    words = ["a red ball rolls", "the blue cube falls"]
    model = tiny_model()
    model.processor = Processor(Preprocess(64, 128), Tokenizer.train(words, 90), text_length=9)
    model.save_pretrained(tmp_path)
    identity = vectors_fingerprint(model)
    loaded = load_model(tmp_path)
    assert vectors_fingerprint(loaded) == identity
    for changed in (
        replace(model.processor, preprocess=Preprocess(64, 128, rate=5)),
        replace(model.processor, tokenizer=Tokenizer.train(["two dogs run"], 90)),
        replace(model.processor, text_length=8),
    ):
        loaded.processor = changed
        assert vectors_fingerprint(loaded) != identity
    assert vectors_fingerprint(load_model(tmp_path, text_pooling="cls")) != identity
    trained_otherwise = load_model(tmp_path, dropout=0.3, hybrid_stochastic_depth=0.2, initializer_range=1.0)
    trained_otherwise.processor = replace(
        model.processor, preprocess=Preprocess(64, 128, flip=0.5), answers=AnswerVocabulary(["a ball"])
    )
    assert vectors_fingerprint(trained_otherwise) == identity


def test_a_setting_that_comes_later_changes_nothing_until_it_is_used(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class LaterConfig(HDVILAConfig):
        blur: float = 0.0

    @dataclass(frozen=True)
    class LaterPreprocess(Preprocess):
        sharpen: bool = False

    model = tiny_model()
    preprocess = Preprocess(64, 128)
    model.processor = Processor(preprocess, Tokenizer.train(["a red ball rolls"], 90), text_length=9)
    identity, config = vectors_fingerprint(model), model.config
    model.config = LaterConfig(**asdict(config))
    model.processor = replace(model.processor, preprocess=LaterPreprocess(**asdict(preprocess)))
    assert vectors_fingerprint(model) == identity
    model.processor = replace(model.processor, preprocess=LaterPreprocess(**asdict(preprocess), sharpen=True))
    assert vectors_fingerprint(model) != identity
    model.config, model.processor = (
        LaterConfig(**asdict(config), blur=1.0),
        replace(model.processor, preprocess=preprocess),
    )
    assert vectors_fingerprint(model) != identity

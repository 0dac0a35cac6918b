"""BERT files of Hugging Face, under one set of names, as initial weights of models that contain a BERT."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hdvila.errors import CheckpointError
from hdvila.nn.checkpoint import LoadReport
from hdvila.nn.weight_files import Weights, find_weights, read_weights

__all__ = ["START_ADVICE", "BertFile", "file_of", "layer_norm_name", "read_bert"]

START_ADVICE = (
    "Give the recipe the sizes of these weights, such as --set model.hidden_size=128 (a model folder's config.json has "
    "them), or name others"
)
"""What to do when initial weights do not fit."""


@dataclass(frozen=True, slots=True)
class BertFile:
    """The weights of a BERT.

    Attributes:
        name: the file, for errors.
        body: by their names in BERT without ``bert.``: ``embeddings. encoder.layer.N. pooler.``.
        heads: those of pre-training, ``cls.predictions.`` and ``cls.seq_relationship.``; empty where there are none.
        keys: of the file, by these names.
        report: the keys that are left out, with reasons.
    """

    name: str
    body: Weights
    heads: Weights
    keys: Mapping[str, str]
    report: LoadReport

    def drop(self, names: Iterable[str], reason: str) -> None:
        """Report weights that the caller leaves out, by their keys in the file."""
        self.report.dropped |= {self.keys[name]: reason for name in names}


def read_bert(source: str | Path, *, layers: int, heads: int) -> BertFile:
    """Read a BERT of Hugging Face.

    Names with or without ``bert.``, and the old LayerNorm names gamma and beta, are supported. Of a deeper BERT the
    first layers are used.

    Args:
        source: a folder with weights (``model.safetensors``, ``pytorch_model.bin``, their parts, or one file of another
            name) and optionally config.json; or one such file.
        layers: of the model to fill.
        heads: attention heads of the model to fill.

    Raises:
        CheckpointError: the file cannot be read, or its config.json has other heads or an activation other than exact
            GELU.
    """
    file = file_of(source)
    _check_config(file.parent / "config.json", heads)
    report = LoadReport()
    body: Weights = {}
    pretraining: Weights = {}
    keys: dict[str, str] = {}
    for key, tensor in read_weights(file).items():
        name = layer_norm_name(key.removeprefix("bert."))
        layer = re.match(r"encoder\.layer\.(\d+)\.", name)
        if name == "embeddings.position_ids":
            report.dropped[key] = "the numbers 0, 1, 2, .., not a weight"
        elif layer and int(layer[1]) >= layers:
            report.dropped[key] = f"the model has {layers} layers"
        elif name == "cls.predictions.decoder.bias":
            report.dropped[key] = "a second name of cls.predictions.bias"
            pretraining.setdefault("cls.predictions.bias", tensor)
            keys.setdefault("cls.predictions.bias", key)
        elif name.startswith("cls."):
            pretraining[name], keys[name] = tensor, key
        else:
            body[name], keys[name] = tensor, key
    return BertFile(str(file), body, pretraining, keys, report)


def layer_norm_name(key: str) -> str:
    """The name of a weight, with weight and bias in place of LayerNorm's old gamma and beta."""
    return re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", re.sub(r"LayerNorm\.beta$", "LayerNorm.bias", key))


def file_of(source: str | Path) -> Path:
    """The weight file that a path stands for: itself, or the one in the folder.

    Raises:
        CheckpointError: a folder without weights.
    """
    path = Path(source)
    return find_weights(path) if path.is_dir() else path


def _check_config(file: Path, heads: int) -> None:
    config = _read_json(file)
    wanted = {"num_attention_heads": heads, "hidden_act": "gelu", "layer_norm_eps": 1e-12}
    for key, value in wanted.items():
        if config.get(key, value) != value:
            raise CheckpointError(
                f"{file}: {key} is {config[key]!r}, the model computes with {value!r}: "
                + (f"give the recipe --set model.{key}={config[key]}, or " if key == "num_attention_heads" else "")
                + "start from another BERT"
            )


def _read_json(file: Path) -> dict[str, object]:
    """The object in a JSON file, empty where there is no such file."""
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file}: it cannot be read as JSON ({error}): fix or remove it") from error
    return content if isinstance(content, dict) else {}

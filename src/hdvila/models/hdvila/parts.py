"""The parts of HD-VILA in words, and from what the paper starts each (paper and released code)."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Literal

from hdvila.models.hdvila.model import HDVILA
from hdvila.models.start import RandomPart

__all__ = ["random_parts"]

_LAYER = re.compile(r"transformer\.bert\.encoder\.layer\.(\d+)\.")
_HR, _LR, _ADAPTERS, _HYBRID = "HR ResNet", "LR ResNet", "adapters behind the ResNets", "hybrid transformer"
_WORDS, _TEXT, _JOINT = "text embeddings", "text transformer", "joint transformer"
_PROJECTIONS, _VISUAL, _POOLER = "text pooler and projections", "visual embeddings", "joint pooler"
_WORD_HEAD, _MATCHING_HEAD, _ANSWERS = "masked-word head", "matching head", "answer head"
_BY_START = {
    "cnn.": _HR,
    "cnn_low.": _LR,
    "grid_encoder": _ADAPTERS,
    "timesformer.": _HYBRID,
    "transformer.bert.embeddings.": _WORDS,
    "transformer.bert.pooler1.": _PROJECTIONS,
    "transformer.t_proj.": _PROJECTIONS,
    "transformer.v_proj.": _PROJECTIONS,
    "transformer.bert.visual_embeddings.": _VISUAL,
    "transformer.bert.pooler2.": _POOLER,
    "transformer.cls.predictions.": _WORD_HEAD,
    "transformer.cls.seq_relationship.": _MATCHING_HEAD,
    "transformer.classifier.": _ANSWERS,
}
Origin = Literal["new", "bert", "resnet", "stage one", "stage two"]


_ADVICE: dict[Origin, str] = {
    "new": ", as in the paper",
    "bert": "; the paper starts them from BERT: --set start.bert=FOLDER",
    "resnet": "; the paper starts them from a trained ResNet: --set start.resnet=FILE",
    "stage one": "; the paper starts them from stage one: --set start.model=STAGE1/model",
    "stage two": "; the paper starts them from stage two: --set start.model=STAGE2/model",
}


def random_parts(model: HDVILA, filled: Container[str], *, fine_tuning: bool = False) -> list[RandomPart]:
    """What of a model is not `filled` (names in `state_dict`), part by part in the model's order.

    Args:
        fine_tuning: the model is to be fine-tuned on a benchmark, not pre-trained.
    """
    config = model.config
    found: dict[str, list[int]] = {}
    for name, tensor in model.state_dict().items():
        if name not in filled:
            found.setdefault(_part_of(name, config.text_layers), []).append(tensor.numel())
    layers = {
        _TEXT: f"{_TEXT}, layers 0-{config.text_layers - 1}",
        _JOINT: f"{_JOINT}, layers {config.text_layers}-{config.text_layers + config.joint_layers - 1}",
    }
    origin = _of_fine_tuning if fine_tuning else _of_stage_two if config.has_joint_transformer else _of_stage_one
    return [
        RandomPart(layers.get(name, name), len(n), sum(n), origin(name), _ADVICE[origin(name)])
        for name, n in found.items()
    ]


def _of_fine_tuning(part: str) -> Origin:
    return "new" if part == _ANSWERS else "stage two"


def _of_stage_two(part: str) -> Origin:
    if part in (_VISUAL, _POOLER, _MATCHING_HEAD):  # the last is trained by no recipe of the paper
        return "new"
    return "bert" if part in (_JOINT, _WORD_HEAD) else "stage one"


def _of_stage_one(part: str) -> Origin:
    if part in (_HR, _LR):
        return "resnet"
    return "bert" if part in (_WORDS, _TEXT) else "new"


def _part_of(name: str, text_layers: int) -> str:
    if layer := _LAYER.match(name):
        return _TEXT if int(layer[1]) < text_layers else _JOINT
    return next((part for start, part in _BY_START.items() if name.startswith(start)), name)

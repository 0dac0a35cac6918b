"""Official ClipBERT files to our weights and back.

The transformer has the names of the official files; the ResNet has torchvision's here and detectron2's there. An
official file also holds a detector (region proposals and attribute heads) that the model never calls, and two names for
the word table and for the bias of its decoder: 500 keys in all, for pre-training.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from hdvila.errors import CheckpointError
from hdvila.models.clipbert.config import ClipBERTConfig
from hdvila.nn.bert_files import layer_norm_name
from hdvila.nn.checkpoint import LoadReport, Sizes
from hdvila.nn.resnet_files import torchvision_name
from hdvila.nn.weight_files import Weights
from hdvila.settings import given

__all__ = ["HEADS", "from_official", "infer_config", "is_clipbert", "to_official"]

BACKBONE = "cnn.feature.backbone."
BERT = "transformer.bert."
HEADS = ("transformer.cls.", "transformer.classifier.", "transformer.regressor.")
NEVER_READ = {
    r"cnn\.feature\.(proposal_generator|roi_heads)\..*": "a part of the detector that grid features were trained in",
    r"transformer\.bert\.visual_embeddings\.position_embeddings\.weight": "row and column positions are used instead",
    r"transformer\.bert\.embeddings\.position_ids": "the numbers 0, 1, 2, .., not a weight",
    r".*\.num_batches_tracked": "a counter that BatchNorm with fixed statistics does not read",
}
_ALIASES = {
    "transformer.cls.predictions.decoder.weight": f"{BERT}embeddings.word_embeddings.weight",
    "transformer.cls.predictions.decoder.bias": "transformer.cls.predictions.bias",
}


def is_clipbert(weights: Mapping[str, Any]) -> bool:
    """Whether the keys look like a ClipBERT model: a transformer with visual embeddings over one grid encoder."""
    return (
        "cnn.grid_encoder.0.weight" in weights and f"{BERT}visual_embeddings.row_position_embeddings.weight" in weights
    )


def infer_config(weights: Weights, settings: Mapping[str, Any]) -> ClipBERTConfig:
    """The configuration of a file, from its names and shapes; `settings` say what a file cannot tell, or otherwise.

    The number of attention heads is not in a file: width / 64 unless given. A head of two rows is that of retrieval; of
    one row, multiple choice; of more, open answers. A file without head is one of retrieval whose head begins new.
    The stride of the ResNet lies in its 1x1 convolutions, as in every official file.

    Raises:
        CheckpointError: a tensor that tells a size is missing, or there are heads of several kinds and no `variant`.
        UsageError: a setting that does not exist or cannot be.
    """
    given(ClipBERTConfig, settings, "a model of clipbert")
    weights = {_our_name(key): tensor for key, tensor in weights.items()}
    sizes = Sizes(weights, "ClipBERT")
    size, count = sizes.of, sizes.count
    width = size("cnn.grid_encoder.0.weight")
    found: dict[str, Any] = {
        "variant": settings.get("variant") or _variant(weights),
        "hidden_size": width,
        "num_attention_heads": max(1, width // 64),
        "intermediate_size": size(f"{BERT}encoder.layer.0.intermediate.dense.weight"),
        "layers": count(rf"{re.escape(BERT)}encoder\.layer\.(\d+)\."),
        "vocab_size": size(f"{BERT}embeddings.word_embeddings.weight"),
        "max_text_positions": size(f"{BERT}embeddings.position_embeddings.weight"),
        "text_token_types": size(f"{BERT}embeddings.token_type_embeddings.weight"),
        "visual_rows": size(f"{BERT}visual_embeddings.row_position_embeddings.weight"),
        "visual_columns": size(f"{BERT}visual_embeddings.col_position_embeddings.weight"),
        "resnet_depths": tuple(count(rf"cnn\.feature\.layer{stage}\.(\d+)\.") for stage in (1, 2, 3, 4)),
        "resnet_width": size("cnn.feature.conv1.weight"),
        "fusion": _fusion(weights),
    }
    found |= settings
    if found["variant"] == "open_ended" and "transformer.classifier.2.weight" in weights:
        found.setdefault("num_answers", size("transformer.classifier.2.weight"))
    return ClipBERTConfig.from_dict(found)


def _variant(weights: Weights) -> str:
    heads = [f"{head}*" for head in HEADS if any(key.startswith(head) for key in weights)]
    if len(heads) > 1:
        raise CheckpointError(
            f"the checkpoint has heads of several kinds ({', '.join(heads)}), so it does not tell its variant: give "
            "the one to use, such as variant='pretraining' or variant='retrieval' (hdvila convert: --set "
            "variant=retrieval); the other heads are left out"
        )
    if any(key.startswith("transformer.cls.") for key in weights):
        return "pretraining"
    if any(key.startswith("transformer.regressor.") for key in weights):
        return "count"
    head = weights.get("transformer.classifier.2.weight")
    rows = 2 if head is None else head.shape[0]
    return {1: "multiple_choice", 2: "retrieval"}.get(rows, "open_ended")


def _fusion(weights: Weights) -> str:
    if "cnn.fusion.weight" in weights:
        return "conv3d"
    return "conv2+1d" if "cnn.fusion.0.weight" in weights else "mean"


def from_official(weights: Weights, config: ClipBERTConfig) -> tuple[Weights, LoadReport]:
    """Our weights out of an official file (or ours), and which of its keys are left out, each with the reason.

    A model whose file has no head of its kind, such as a retrieval model out of the pre-training file, gets a new one.

    Raises:
        CheckpointError: two names of one tensor hold different values, or a tensor stands there under two layouts.
    """
    report = LoadReport()
    ours: Weights = {}
    own_head = {"pretraining": HEADS[0], "count": HEADS[2]}.get(config.variant, HEADS[1])
    for key, tensor in weights.items():
        first = _ALIASES.get(key)
        if reason := next((why for pattern, why in NEVER_READ.items() if re.fullmatch(pattern, key)), None):
            report.dropped[key] = reason
        elif key.startswith(HEADS) and not key.startswith(own_head):
            report.dropped[key] = f"a head that a model of variant {config.variant} does not have"
        elif first is None:
            name = _our_name(key)
            if name in ours:
                raise CheckpointError(f"{key} is another name of {name}, which is there too: keep one of the two keys")
            ours[name] = tensor
        elif first not in weights:
            ours[first] = tensor
        elif torch.equal(weights[first], tensor):
            report.dropped[key] = f"a second name of {first}"
        else:
            raise CheckpointError(
                f"{key} and {first} are two names of one tensor, but differ in this file: keep one of the two keys"
            )
    if not any(key.startswith(own_head) for key in weights):
        report.started |= dict.fromkeys(_head_names(config), "the head starts new")
    return ours, report


def _head_names(config: ClipBERTConfig) -> list[str]:
    from hdvila.models.clipbert.model import CrossModal

    with torch.device("meta"):
        names = CrossModal(config).state_dict()
    return [f"transformer.{name}" for name in names if f"transformer.{name}".startswith(HEADS)]


def to_official(weights: Weights, config: ClipBERTConfig) -> Weights:
    """The inverse, without the detector: every key that the official model reads, and the position table it does not.

    What we load comes back bit by bit, in float32.
    """
    official: Weights = {_official_name(key): tensor for key, tensor in weights.items()}
    unused = torch.zeros(config.max_text_positions, config.hidden_size)
    official[f"{BERT}visual_embeddings.position_embeddings.weight"] = unused
    if config.variant == "pretraining":
        official |= {alias: weights[first] for alias, first in _ALIASES.items()}
    return official


def _our_name(key: str) -> str:
    if not key.startswith(BACKBONE):
        return layer_norm_name(key)
    return f"cnn.feature.{torchvision_name(key.removeprefix(BACKBONE))}"


def _official_name(key: str) -> str:
    """The inverse of `_our_name`."""
    name = key.removeprefix("cnn.feature.")
    if name == key:
        return key
    if match := re.fullmatch(r"(conv1|bn1)\.(\w+)", name):
        return f"{BACKBONE}stem.conv1.{'norm.' if match[1] == 'bn1' else ''}{match[2]}"
    match = re.fullmatch(r"layer(\d)\.(\d+)\.(?:(conv|bn)(\d)|downsample\.(\d))\.(\w+)", name)
    assert match is not None, name
    stage, block, kind, number, place, what = match.groups()
    conv = f"conv{number}" if kind else "shortcut"
    norm = "norm." if kind == "bn" or place == "1" else ""
    return f"{BACKBONE}res{int(stage) + 1}.{block}.{conv}.{norm}{what}"

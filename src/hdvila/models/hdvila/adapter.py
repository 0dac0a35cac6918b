"""Official HD-VILA files to our weights and back.

Our parameter names are the official ones (flat dict, no prefix), so the adapter has three things to say: which sizes a
file has, which of its keys are never read, and which keys an official file has besides ours.
Official layouts: stage one and retrieval 926 keys, stage two 1135, question answering 1126.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hdvila.errors import CheckpointError, UsageError
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.nn.checkpoint import LoadReport, Sizes
from hdvila.nn.weight_files import Weights
from hdvila.settings import given

NEVER_READ = {
    r".*\.num_batches_tracked": "a counter that BatchNorm with fixed statistics does not read",
    r"cnn_low\.layer4\..*": "the LR branch stops after stage 3",
    r"timesformer\.norm\..*": "the official model never applies this norm",
    r"transformer\.bert\.visual_embeddings\.position_embeddings\.weight": "row and column positions are used instead",
    r"transformer\.bert\.embeddings\.position_ids": "the numbers 0, 1, 2, .., not a weight",
}
ALIAS = ("transformer.cls.predictions.decoder.bias", "transformer.cls.predictions.bias")
JOINT = re.compile(r"transformer\.(bert\.(visual_embeddings|pooler2)|cls|classifier)\.")
ANSWER_HEAD = "transformer.classifier."


def is_official(keys: Mapping[str, Tensor]) -> bool:
    """Whether the keys look like an HD-VILA model at all."""
    return any(key.startswith("timesformer.") for key in keys) and any(k.startswith("cnn_low.") for k in keys)


def infer_config(weights: Weights, settings: Mapping[str, Any]) -> HDVILAConfig:
    """The configuration of a file, from its names and shapes; `settings` say what a file cannot tell, or otherwise.

    The number of attention heads is not in a file: width / 64 unless given. Text layers are half of all layers where
    there is a joint transformer, and all of them otherwise. Without a joint transformer the variant is stage1; with an
    answer head it is open_ended, or multiple_choice for a head of one number; else stage2.

    Raises:
        CheckpointError: a tensor that tells a size is missing.
        UsageError: a setting that does not exist or cannot be.
    """

    given(HDVILAConfig, settings, "a model of hdvila")
    sizes = Sizes(weights, "HD-VILA")
    size, count = sizes.of, sizes.count
    bert = "transformer.bert"
    width = size("grid_encoder.0.weight")
    layers = count(rf"{re.escape(bert)}\.encoder\.layer\.(\d+)\.")
    has_joint = any(JOINT.match(key) for key in weights)
    found: dict[str, Any] = {
        "variant": "stage1",
        "hidden_size": width,
        "num_attention_heads": max(1, width // 64),
        "hybrid_attention_heads": max(1, width // 64),
        "intermediate_size": size(f"{bert}.encoder.layer.0.intermediate.dense.weight"),
        "text_layers": layers // 2 if has_joint else layers,
        "vocab_size": size(f"{bert}.embeddings.word_embeddings.weight"),
        "max_text_positions": size(f"{bert}.embeddings.position_embeddings.weight"),
        "text_token_types": size(f"{bert}.embeddings.token_type_embeddings.weight"),
        "resnet_depths": tuple(count(rf"cnn\.layer{stage}\.(\d+)\.") for stage in (1, 2, 3, 4)),
        "resnet_width": size("cnn.conv1.weight"),
        "hybrid_layers": count(r"timesformer\.blocks\.(\d+)\."),
        "hybrid_mlp_ratio": size("timesformer.blocks.0.mlp.fc1.weight") / width,
        "frames": size("timesformer.time_embed", 1),
    }
    positions = size("timesformer.pos_embed", 1)
    if positions == 160:
        found["grid"] = (10, 16)
    elif "grid" not in settings:
        grid = _likely_grid(positions)
        raise UsageError(
            f"timesformer.pos_embed holds {positions} positions, and a file does not tell their rows and columns (HR "
            f"pixels / 64): give them, such as grid={grid} by keyword or --set grid={grid[0]},{grid[1]} to hdvila "
            "convert"
        )
    if has_joint:
        found["variant"] = "stage2"
        found["visual_rows"] = size(f"{bert}.visual_embeddings.row_position_embeddings.weight")
        found["visual_columns"] = size(f"{bert}.visual_embeddings.col_position_embeddings.weight")
    if any(key.startswith(ANSWER_HEAD) for key in weights):
        answers = size(f"{ANSWER_HEAD}2.weight")
        found["variant"] = "multiple_choice" if answers == 1 else "open_ended"
        if found["variant"] == "open_ended" and settings.get("variant", "open_ended") == "open_ended":
            found["num_answers"] = answers
    found |= settings
    found.setdefault("joint_layers", layers - found["text_layers"] if has_joint else found["text_layers"])
    return HDVILAConfig.from_dict(found)


def _likely_grid(positions: int) -> tuple[int, int]:
    """Rows and columns of so many positions, as near to those of the released files as can be."""
    rows = min(
        (n for n in range(1, positions + 1) if positions % n == 0), key=lambda n: abs(n * n / positions - 10 / 16)
    )
    return rows, positions // rows


def from_official(weights: Weights, config: HDVILAConfig) -> tuple[Weights, LoadReport]:
    """Our weights out of an official file (or ours), and which of its keys are left out, each with the reason.

    A file of a larger variant serves a smaller one: what the variant does not have is left out. A question-answering
    model out of a file without an answer head gets a new one.

    Raises:
        CheckpointError: the two names of the word bias hold different values.
    """
    report = LoadReport()
    ours: Weights = {}
    alias, bias = ALIAS
    if alias in weights and bias in weights and not torch.equal(weights[alias], weights[bias]):
        raise CheckpointError(
            f"{alias} and {bias} are two names of one vector, but differ in this file: keep one of the two keys"
        )
    for key, tensor in weights.items():
        if key == alias and config.variant == "stage2":
            if bias in weights:
                report.dropped[key] = f"a second name of {bias}"
            else:
                ours[bias] = tensor
        elif reason := _why_left_out(key, config):
            report.dropped[key] = reason
        else:
            ours[key] = tensor
    if config.answers_questions and not any(key.startswith(ANSWER_HEAD) for key in weights):
        for layer in (0, 2):
            for what in ("weight", "bias"):
                report.started[f"{ANSWER_HEAD}{layer}.{what}"] = "the answer head starts new"
    return ours, report


def to_official(weights: Weights, config: HDVILAConfig) -> Weights:
    """The inverse: every key that an official file of this variant has.

    What we load comes back bit by bit, in float32. The keys that the official model owns and never reads are filled
    with neutral values: 0, and 1 for variances and norm weights.
    """
    official = dict(weights)
    width = config.hidden_size
    for key, tensor in weights.items():
        if key.startswith("cnn.layer4."):
            neutral = torch.ones_like if key.endswith("running_var") else torch.zeros_like
            official[key.replace("cnn.", "cnn_low.", 1)] = neutral(tensor)
    for key in list(official):
        if key.endswith(".running_mean"):
            official[key.replace("running_mean", "num_batches_tracked")] = torch.zeros((), dtype=torch.int64)
    official |= {"timesformer.norm.weight": torch.ones(width), "timesformer.norm.bias": torch.zeros(width)}
    bert = "transformer.bert"
    if config.has_joint_transformer:
        unused = f"{bert}.visual_embeddings.position_embeddings.weight"
        official[unused] = torch.zeros(config.max_text_positions, width)
    if config.answers_questions:
        official |= {f"{bert}.pooler1.dense.weight": torch.zeros(width, width)}
        official |= {f"{bert}.pooler1.dense.bias": torch.zeros(width)}
    alias, bias = ALIAS
    if bias in weights:
        official[alias] = weights[bias]
    return official


def _why_left_out(key: str, config: HDVILAConfig) -> str | None:
    """Why a model of this variant does not read the key; None where it should."""
    for pattern, reason in NEVER_READ.items():
        if re.fullmatch(pattern, key):
            return reason
    variant = f"which a model of variant {config.variant} does not have"
    layer = re.match(r"transformer\.bert\.encoder\.layer\.(\d+)\.", key)
    if layer and not config.has_joint_transformer and int(layer[1]) >= config.text_layers:
        return f"a layer of the joint transformer, {variant}"
    if re.match(r"transformer\.bert\.(visual_embeddings|pooler2)\.", key) and not config.has_joint_transformer:
        return f"a part of the joint transformer, {variant}"
    if key.startswith("transformer.cls.") and config.variant != "stage2":
        return f"a head of pre-training, {variant}"
    if key.startswith(ANSWER_HEAD) and not config.answers_questions:
        return f"the answer head, {variant}"
    if re.match(r"transformer\.(bert\.pooler1|t_proj|v_proj)\.", key) and config.answers_questions:
        return f"a projection for retrieval, {variant}"
    return None

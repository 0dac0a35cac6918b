"""Initial weights from a BERT and a ResNet, as in the paper; `inherit` takes them from another HD-VILA model.

Each function fills a part of a model and reports the outcome for every key; a file that does not fit is an error.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from hdvila.errors import CheckpointError
from hdvila.models.hdvila.model import HDVILA
from hdvila.nn.checkpoint import LoadReport, put_weights
from hdvila.nn.weight_files import Weights, find_weights, read_weights

TEXT = "transformer."
WORD_HEAD = "transformer.cls.predictions."
MATCHING_HEAD = "transformer.cls.seq_relationship."
ADVICE = (
    "Give the recipe the sizes of these weights, such as --set model.hidden_size=128 (a model folder's config.json has "
    "them), or name others"
)


def load_bert(model: HDVILA, source: str | Path) -> LoadReport:
    """Fill the text and the joint transformer (and in stage two the heads) from a BERT of Hugging Face.

    Names with or without ``bert.``, and the old LayerNorm names gamma and beta, are supported. Of a deeper BERT the
    first layers are used. The two poolers and the visual embeddings keep random weights, as in the paper.

    Args:
        source: a folder with weights (``model.safetensors``, ``pytorch_model.bin``, their parts, or one file of another
            name) and optionally config.json; or one such file.

    Raises:
        CheckpointError: the file cannot be read, has other sizes or heads, or an activation other than exact GELU.
    """
    file = _weights(Path(source))
    _check_bert_config(model, file.parent / "config.json")
    config, report = model.config, LoadReport()
    layers = config.text_layers + (config.joint_layers if config.has_joint_transformer else 0)
    ours: Weights = {}
    for key, tensor in read_weights(file).items():
        name = re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", key.removeprefix("bert."))
        name = re.sub(r"LayerNorm\.beta$", "LayerNorm.bias", name)
        layer = re.match(r"encoder\.layer\.(\d+)\.", name)
        if name == "embeddings.position_ids":
            report.dropped[key] = "the numbers 0, 1, 2, .., not a weight"
        elif name.startswith("pooler."):
            report.dropped[key] = "the poolers of HD-VILA read other inputs and begin at random"
        elif layer and int(layer[1]) >= layers:
            report.dropped[key] = f"the model has {layers} layers"
        elif not name.startswith("cls."):
            ours[f"{TEXT}bert.{name}"] = tensor
        elif config.variant != "stage2":
            report.dropped[key] = f"a head of pre-training, which a model of variant {config.variant} does not have"
        elif name == "cls.predictions.decoder.bias":
            report.dropped[key] = "a second name of cls.predictions.bias"
            ours.setdefault(f"{WORD_HEAD}bias", tensor)
        else:
            ours[f"{TEXT}{name}"] = tensor
    if config.variant == "stage2":
        _explain_missing_heads(model, ours, report)
    parts = (f"{TEXT}bert.embeddings.", f"{TEXT}bert.encoder.", f"{TEXT}cls.")
    put_weights(model, ours, report, name=str(file), part=lambda key: key.startswith(parts), advice=ADVICE)
    return report


def load_resnet(model: HDVILA, source: str | Path) -> LoadReport:
    """Fill both ResNets from one trained ResNet with its strides on the 3x3 convolutions ("pytorch style").

    Layouts: torchvision (``layer1.0.conv1``), mmdetection (``state_dict`` with ``backbone.``), Hugging Face
    (``resnet.encoder.stages.0.layers.0.layer.0.convolution``). Frames are normalised as in all three.

    Args:
        source: a file of weights, or a Hugging Face folder.

    Raises:
        CheckpointError: the file cannot be read or has other sizes.
    """
    file = _weights(Path(source))
    weights, report = read_weights(file), LoadReport()
    ours: Weights = {}
    detector = any(key.startswith("backbone.") for key in weights)
    for key, tensor in weights.items():
        name = _torchvision_name(key.removeprefix("backbone."))
        if detector and not key.startswith("backbone."):
            report.dropped[key] = "a part of the detector, not of its ResNet"
        elif name.endswith("num_batches_tracked"):
            report.dropped[key] = "a counter that BatchNorm with fixed statistics does not read"
        elif re.match(r"(fc|classifier)\.", name):
            report.dropped[key] = "the classifier"
        else:
            ours[f"cnn.{name}"] = tensor
            if not name.startswith("layer4."):  # the LR branch stops after stage 3
                ours[f"cnn_low.{name}"] = tensor
    parts = ("cnn.", "cnn_low.")
    put_weights(model, ours, report, name=str(file), part=lambda key: key.startswith(parts), advice=ADVICE)
    return report


def _torchvision_name(key: str) -> str:
    """The torchvision name of a weight in a Hugging Face ResNet; other names are unchanged."""
    name = key.removeprefix("resnet.")
    norm = {"convolution": "conv1", "normalization": "bn1"}
    if match := re.match(r"embedder\.embedder\.(convolution|normalization)\.(.+)", name):
        return f"{norm[match[1]]}.{match[2]}"
    if match := re.match(r"encoder\.stages\.(\d+)\.layers\.(\d+)\.(.+)", name):
        block, rest = f"layer{int(match[1]) + 1}.{match[2]}", match[3]
        if inner := re.match(r"layer\.(\d+)\.(convolution|normalization)\.(.+)", rest):
            kind = "conv" if inner[2] == "convolution" else "bn"
            return f"{block}.{kind}{int(inner[1]) + 1}.{inner[3]}"
        if inner := re.match(r"shortcut\.(convolution|normalization)\.(.+)", rest):
            return f"{block}.downsample.{0 if inner[1] == 'convolution' else 1}.{inner[2]}"
    return key


def _weights(path: Path) -> Path:
    return find_weights(path) if path.is_dir() else path


def _explain_missing_heads(model: HDVILA, ours: Weights, report: LoadReport) -> None:
    """A BERT without (all of) its heads: the decoder begins as a copy of the word table, the rest at random."""
    words = f"{TEXT}bert.embeddings.word_embeddings.weight"
    if words in ours:
        ours.setdefault(f"{WORD_HEAD}decoder.weight", ours[words])
    own = [key for key in model.state_dict() if key.startswith((WORD_HEAD, MATCHING_HEAD))]
    for head in (WORD_HEAD, MATCHING_HEAD):
        given = [key for key in ours if key.startswith(head) and not key.endswith("decoder.weight")]
        if not given:
            missing = [key for key in own if key.startswith(head) and key not in ours]
            report.started |= dict.fromkeys(missing, "the BERT file has no such head")


def _check_bert_config(model: HDVILA, file: Path) -> None:
    config = _read_json(file)
    wanted = {"num_attention_heads": model.config.num_attention_heads, "hidden_act": "gelu", "layer_norm_eps": 1e-12}
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

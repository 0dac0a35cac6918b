"""ResNet files of several libraries, under torchvision's names, as initial weights of models that contain a ResNet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hdvila.nn.bert_files import file_of
from hdvila.nn.checkpoint import LoadReport
from hdvila.nn.resnet import StrideIn
from hdvila.nn.weight_files import Weights, read_weights

__all__ = ["ResNetFile", "read_resnet", "torchvision_name"]


@dataclass(frozen=True, slots=True)
class ResNetFile:
    """The weights of a ResNet.

    Attributes:
        name: the file, for errors.
        weights: by torchvision's names (``conv1. bn1. layer1.0.conv1. layer1.0.downsample.0.``), without classifier.
        bgr: it reads BGR from which the mean of ImageNet is subtracted, as detectron2's do; else RGB that is divided by
            the standard deviation too.
        stride_in: which convolution has the strides. Names and shapes do not tell it; the library does.
        report: the keys that are left out, with reasons.
    """

    name: str
    weights: Weights
    bgr: bool
    stride_in: StrideIn
    report: LoadReport


def read_resnet(source: str | Path) -> ResNetFile:
    """Read a trained ResNet.

    Layouts: torchvision (``layer1.0.conv1``), mmdetection (``state_dict`` with ``backbone.``), mmaction's TSN
    (``backbone.layer1.0.conv1.conv``), Hugging Face (``resnet.encoder.stages.0.layers.0.layer.0.convolution``), all
    with their strides on the 3x3 convolutions ("pytorch style"); and detectron2 (``backbone.res2.0.conv1``), whose R-50
    has them in the 1x1 convolutions. Detectron2's copies of torchvision's networks (with ``stem.fc``) compute as those.

    Args:
        source: a file of weights, or a Hugging Face folder.

    Raises:
        CheckpointError: the file cannot be read.
    """
    file = file_of(source)
    read, report = read_weights(file), LoadReport()
    weights: Weights = {}
    detector = any(key.startswith("backbone.") for key in read)
    copied = any(key.startswith("stem.fc.") for key in read)
    detectron2 = not copied and any(re.match(r"(backbone\.)?(stem|res2)\.", key) for key in read)
    for key, tensor in read.items():
        name = torchvision_name(key.removeprefix("backbone."))
        if detector and not key.startswith("backbone."):
            report.dropped[key] = "a part of the detector, not of its ResNet"
        elif name.endswith("num_batches_tracked"):
            report.dropped[key] = "a counter that BatchNorm with fixed statistics does not read"
        elif re.match(r"(stem\.fc|fc|classifier|cls_head)\.", name):
            report.dropped[key] = "the classifier"
        else:
            weights[name] = tensor
    return ResNetFile(str(file), weights, detectron2, "1x1" if detectron2 else "3x3", report)


def torchvision_name(key: str) -> str:
    """The torchvision name of a weight in another library's ResNet; other names are unchanged."""
    return _of_hugging_face(key) or _of_detectron2(key) or _of_mmaction(key) or key


def _of_hugging_face(key: str) -> str:
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
    return ""


def _of_detectron2(key: str) -> str:
    """``res2.0.conv1.norm.weight`` -> ``layer1.0.bn1.weight``; the norm of a convolution stands beside it."""
    if match := re.fullmatch(r"stem\.conv1\.(norm\.)?(\w+)", key):
        return f"{'bn1' if match[1] else 'conv1'}.{match[2]}"
    match = re.fullmatch(r"res(\d)\.(\d+)\.(?:conv(\d)|shortcut)\.(norm\.)?(\w+)", key)
    if match is None:
        return ""
    stage, block, conv, norm, what = match.groups()
    if conv is None:
        part = f"downsample.{1 if norm else 0}"
    else:
        part = f"{'bn' if norm else 'conv'}{conv}"
    return f"layer{int(stage) - 1}.{block}.{part}.{what}"


def _of_mmaction(key: str) -> str:
    """``layer1.0.conv1.bn.weight`` -> ``layer1.0.bn1.weight``."""
    match = re.fullmatch(r"(layer\d\.\d+\.)?(?:conv(\d)|downsample)\.(conv|bn)\.(\w+)", key)
    if match is None:
        return ""
    block, conv, kind, what = match.groups()
    part = f"{kind}{conv}" if conv else f"downsample.{0 if kind == 'conv' else 1}"
    return f"{block or ''}{part}.{what}"

"""Initial weights of ClipBERT: a BERT, a ResNet or grid features, or another ClipBERT.

Each function fills a part of a model and reports the outcome for every key; a file that does not fit is an error.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from hdvila.errors import CheckpointError
from hdvila.models.clipbert.adapter import HEADS, from_official, is_clipbert
from hdvila.models.clipbert.config import ClipBERTConfig
from hdvila.models.clipbert.model import ClipBERT
from hdvila.models.saved import read_saved
from hdvila.nn.bert_files import START_ADVICE, read_bert
from hdvila.nn.checkpoint import LoadReport, put_weights
from hdvila.nn.resnet_files import read_resnet
from hdvila.nn.weight_files import Weights

__all__ = ["load_bert", "load_pretrained", "load_resnet"]

STD_RGB = (58.395, 57.12, 57.375)
FEATURE = "cnn.feature."
LAST = "transformer.classifier.2.weight"
"""Of the head for matching or answers, (rows, 2 D)."""
_NOT_IN_SHAPES = ("num_attention_heads", "stride_in")
"""Settings that make another model of weights of the same names and shapes."""


def load_bert(model: ClipBERT, source: str | Path) -> LoadReport:
    """Fill the transformer, its pooler and in pre-training its heads from a BERT of Hugging Face.

    Grid positions and type, and the heads of tasks, keep random weights, as in the paper.

    Args:
        source: as `hdvila.nn.bert_files.read_bert` takes it.

    Raises:
        CheckpointError: the file cannot be read, has other sizes or heads, or an activation other than exact GELU.
    """
    config = model.config
    bert = read_bert(source, layers=config.layers, heads=config.num_attention_heads)
    ours = {f"transformer.bert.{name}": tensor for name, tensor in bert.body.items()}
    names = model.state_dict()
    for name in bert.heads:
        key = f"transformer.{name}"
        if key in names:
            ours[key] = bert.heads[name]
        elif name == "cls.predictions.decoder.weight" and config.variant == "pretraining":
            bert.drop([name], "the decoder is the word table")
        else:
            bert.drop([name], f"a head of pre-training, which a model of variant {config.variant} does not have")
    missing = [key for key in names if key.startswith("transformer.cls.") and key not in ours]
    bert.report.started |= dict.fromkeys(missing, "the BERT file has no such head")
    pooler = [key for key in names if key.startswith("transformer.bert.pooler.") and key not in ours]
    bert.report.started |= dict.fromkeys(pooler, "the BERT file has no pooler")
    parts = tuple(f"transformer.{part}." for part in ("bert.embeddings", "bert.encoder", "bert.pooler", "cls"))
    put_weights(model, ours, bert.report, name=bert.name, part=lambda key: key.startswith(parts), advice=START_ADVICE)
    return bert.report


def load_resnet(model: ClipBERT, source: str | Path) -> LoadReport:
    """Fill the ResNet from grid features (a file of detectron2) or from one trained on ImageNet or Kinetics.

    Those read RGB that is divided by its standard deviation; the stem is changed so that the network computes the same
    of ClipBERT's BGR. Their strides lie in the 3x3 convolutions, and no change of weights moves a stride: the model
    must be built so.

    Args:
        source: as `hdvila.nn.resnet_files.read_resnet` takes it.

    Raises:
        CheckpointError: the file cannot be read, has other sizes, its strides lie elsewhere, or it is a whole ClipBERT.
    """
    resnet = read_resnet(source)
    if any(name.startswith(FEATURE) for name in resnet.weights):
        raise CheckpointError(
            f"{resnet.name}: this is a whole ClipBERT, not a ResNet: give it as --set start.model={source}"
        )
    if resnet.stride_in != model.config.stride_in:
        raise CheckpointError(
            f"{resnet.name}: this ResNet has its strides in the {resnet.stride_in} convolutions, the model to fill in "
            f"its {model.config.stride_in}: give the recipe --set model.stride_in={resnet.stride_in}"
        )
    ours = {f"{FEATURE}{name}": tensor for name, tensor in resnet.weights.items()}
    stem = f"{FEATURE}conv1.weight"
    if not resnet.bgr and stem in ours:
        ours[stem] = as_bgr(ours[stem])
    put_weights(
        model, ours, resnet.report, name=resnet.name, part=lambda key: key.startswith(FEATURE), advice=START_ADVICE
    )
    return resnet.report


def as_bgr(stem_C3kk: Tensor) -> Tensor:
    """The stem of a network that reads (RGB - mean) / std, for BGR - mean: the same function of a frame."""
    std = torch.tensor(STD_RGB, dtype=stem_C3kk.dtype)[None, :, None, None]
    return (stem_C3kk / std).flip(1)


def load_pretrained(model: ClipBERT, source: str | Path, *, same_answers: bool) -> LoadReport:
    """Fill a model with everything that it shares with another ClipBERT.

    The head is taken over from one of the same variant; else it is left as it is, as are convolutions over frames that
    the source does not have. An official file does not tell its variant: its head is taken over if it has the names and
    rows of the model's.

    Args:
        source: a folder of ours or an official file.
        same_answers: row i of its answer head is known to mean the same answer as row i of the model's.

    Raises:
        CheckpointError: it cannot be read, is not a ClipBERT, or has other sizes, attention heads or strides.
    """
    saved = read_saved(Path(source))
    if not is_clipbert(saved.weights):
        raise CheckpointError(f"{saved.name}: these are not weights of ClipBERT: give a model folder or file of it")
    for key in _NOT_IN_SHAPES:
        own, other = getattr(model.config, key), saved.settings.get(key)
        if other is not None and own != other:
            raise CheckpointError(
                f"{saved.name}: {key} is {other}, the model to fill has {own}: give the recipe "
                f"--set model.{key}={other}"
            )
    ours, report = from_official(saved.weights, model.config)
    own_names = model.state_dict()
    variant = saved.settings.get("variant")
    if reason := _other_head(ours, variant, model.config, same_answers):
        for key in [key for key in ours if key.startswith(HEADS)]:
            report.dropped[key] = reason
            report.started[key] = "the head starts new"
            del ours[key]
    elif variant is None and model.config.head_rows == 1 and LAST in ours:
        own, other = model.config.variant, {"ranking": "multiple_choice"}.get(model.config.variant, "ranking")
        report.notes.append(
            f"the file does not tell whether its head of one row ranks texts or chooses among options; it is taken "
            f"over as that of {own}. If it is of {other}, start from the folder that hdvila convert FILE --into FOLDER "
            f"--set variant={other} makes: then the head starts new"
        )
    new = [key for key in own_names if key.startswith("cnn.fusion.") and key not in ours]
    report.started |= dict.fromkeys(new, "the source takes the mean of frames")
    put_weights(model, ours, report, name=saved.name, advice=START_ADVICE)
    return report


def _other_head(ours: Weights, variant: str | None, config: ClipBERTConfig, same_answers: bool) -> str:
    """Why the head of a source of this variant (None: not told) is not the model's; empty if it is."""
    if variant is not None and variant != config.variant:
        return f"the head of a model of variant {variant}"
    if config.variant == "open_ended" and not same_answers:
        return "the head of other answers, or of answers that nothing names"
    if variant is None and config.head_rows and LAST in ours and ours[LAST].shape[:1] != (config.head_rows,):
        rows = ours[LAST].shape[0]
        return f"a head of {rows} rows; that of a model of variant {config.variant} has {config.head_rows}"
    return ""

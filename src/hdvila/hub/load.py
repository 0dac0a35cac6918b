"""Names and paths to models."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from hdvila.errors import CheckpointError, MissingDependency, UsageError, require
from hdvila.hub.processor import Processor, read_config
from hdvila.models.hdvila.adapter import from_official, infer_config, is_official
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.model import HDVILA
from hdvila.nn.checkpoint import Weights, put_weights, read_weights, unwrap
from hdvila.nn.pretrained import CONFIG, WEIGHTS

_log = logging.getLogger("hdvila")


def build_model(config: HDVILAConfig) -> HDVILA:
    """A new model with start values, in training mode and set for fast float32 training (`HDVILA.fold_batch_norm`)."""
    model = HDVILA(config)
    model.fold_batch_norm()
    return model


def list_models() -> dict[str, str]:
    """The systems that `load_model` reads, each with a line about it."""
    return {"hdvila": "HD-VILA (CVPR 2022): retrieval, masked words, question answering; official files and ours"}


def load_model(
    source: str | Path | Mapping[str, Any],
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    strict: bool = True,
    **config: Any,
) -> HDVILA:
    """A model in evaluation mode, with its weights and, from a folder of ours, its preprocessing.

    Args:
        source: a folder that `save_pretrained` wrote; an official file (.pt, .pth, .safetensors), also with a
            `module.` prefix, inside a wrapper dict, or in float16; a Hugging Face hub id of such a folder; or a state
            dict. Files are read without executing anything in them.
        dtype: of the weights and of the computation, float32 or bfloat16. Vectors and logits are float32 in any case.
        strict: every unexplained missing, extra or misshapen key is an error; else it is listed in `load_report`.
        config: settings of `HDVILAConfig` that a file cannot tell (`num_attention_heads`, `hybrid_attention_heads`;
            default width / 64) or that shall be otherwise: `text_pooling="cls"`, or `variant="stage1"` to take the two
            encoders out of a stage-two file.

    Returns:
        The model; its `load_report` says what became of every key.

    Raises:
        CheckpointError: the file is missing, damaged or does not fit; names the keys.
        UsageError: a setting that does not exist or cannot be, or a device that is not there.
    """
    _check_device(device)
    if isinstance(source, Mapping):
        return _fit(unwrap(source), config, strict, "the state dict").to(device, dtype).eval()
    if not isinstance(source, str | Path) or not str(source):
        raise UsageError(f"load_model({source!r}): name a model folder, a checkpoint file or a hub id, or give weights")
    path = find_model(source)
    if not path.is_dir():
        return _fit(read_weights(path), config, strict, str(path)).to(device, dtype).eval()
    described = read_config(path)
    weights = read_weights(path / WEIGHTS)
    model = _fit(weights, described["model"] | config, strict, str(path / WEIGHTS))
    if "preprocess" in described:
        model.processor = Processor.load(path, described)
    return model.to(device, dtype).eval()


def find_model(source: str | Path) -> Path:
    """Where a model lies on this machine: a path as it is, or the folder to which a hub id was fetched.

    Whoever reads more than weights (notes, answers, hashes) asks here first, so that a hub id brings all of them; so
    does the weights file of a folder of ours, which stands for the folder.

    Raises:
        CheckpointError: there is no such path, and the hub does not give it.
        MissingDependency: a hub id without the ``hub`` extra installed.
    """
    path = Path(source)
    if not path.exists():
        return _from_hub(str(source))
    return path.parent if path.name == WEIGHTS and (path.parent / CONFIG).is_file() else path


def _check_device(device: str | torch.device) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, TypeError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise UsageError(f"device={str(device)!r} cannot be used here ({first}): choose another, or cpu") from error


def _fit(weights: Weights, settings: Mapping[str, Any], strict: bool, name: str) -> HDVILA:
    if not is_official(weights):
        raise CheckpointError(
            f"{name}: these are no weights of HD-VILA ({len(weights)} keys, first {next(iter(weights), None)!r}). "
            "Known systems: " + ", ".join(list_models()) + ". For a BERT or ResNet to start from, see load_bert and "
            "load_resnet in hdvila.models.hdvila.start"
        )
    config = infer_config(weights, settings)
    ours, report = from_official(weights, config)
    with torch.device("meta"):  # start values would be overwritten at once
        model = HDVILA(config)
    model.to_empty(device="cpu")
    put_weights(model, ours, report, strict=strict, name=name)
    if report.started:
        fresh = HDVILA(config).state_dict()
        model.load_state_dict({key: fresh[key] for key in report.started}, strict=False)
    model.load_report = report
    if not strict and report.started:
        _log.warning("%s: %s", name, report)
    return model


def _from_hub(name: str) -> Path:
    """Fetch a model folder by its hub id, such as "someone/hdvila-small"."""
    if name.count("/") != 1 or name.startswith((".", "/", "~")) or Path(name).suffix in (".pt", ".pth", ".safetensors"):
        raise CheckpointError(
            f"{name}: there is no such file or folder; give a path that exists or a hub id owner/name"
        )
    try:
        hub = require("huggingface_hub", extra="hub")
    except MissingDependency as error:
        raise MissingDependency(f"{name}: no such folder here; to look for it on the hub, {error}") from error
    try:
        return Path(hub.snapshot_download(name))
    except Exception as error:  # the hub raises many kinds: offline, unknown name, no permission
        raise CheckpointError(
            f"{name}: no such folder here, and the hub does not give it ({type(error).__name__}): check the name, the "
            "network, or download it elsewhere and give its path"
        ) from error

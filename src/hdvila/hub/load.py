"""Loads models from folders, files, runs, hub ids and state dicts."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from hdvila.errors import CheckpointError, MissingDependency, UsageError, is_defect, require
from hdvila.hub.processor import Processor, processor_of_run
from hdvila.models.config import Config
from hdvila.models.registry import get_system, recognise, systems
from hdvila.models.saved import Saved, is_ours, open_saved, read_saved
from hdvila.nn.checkpoint import put_weights
from hdvila.nn.device import Precision, WantedPrecision, settle_precision, wanted_precision
from hdvila.nn.pretrained import CONFIG, RECIPE, WEIGHTS, PretrainedModel, read_note
from hdvila.nn.weight_files import ENDINGS, files_of, find_weights
from hdvila.settings import given

_log = logging.getLogger("hdvila")


def build_model(config: Config, *, initialise: bool = True) -> PretrainedModel:
    """A new model of the configuration's system, in training mode and prepared for fast float32 training
    (`PretrainedModel.fold_batch_norm`).

    Args:
        initialise: draw random weights; False leaves them to the caller, who then fills every one.
    """
    model = get_system(config.system).build(config, initialise=initialise)
    model.fold_batch_norm()
    return model


def list_models() -> dict[str, str]:
    """The systems that `load_model` supports, each with a one-line description."""
    return {system.name: system.about for system in systems()}


def load_model(
    source: str | Path | Mapping[str, Any],
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    precision: WantedPrecision = "float32",
    strict: bool = True,
    **config: Any,
) -> PretrainedModel:
    """Load a model in evaluation mode, with its weights and, from a folder of ours, its processor.

    Args:
        source: a folder that `save_pretrained` wrote; an official file (.pt, .pth, .bin, .ckpt, .safetensors, or the
            index of one in parts); a checkpoint of one of our runs; a Hugging Face hub id of a folder of ours; or a
            state dict. A common prefix of all keys (``module.``, ``model.``, ``_orig_mod.``, in any nesting) is
            removed, wrapper dicts (``state_dict``, ``module``, ``model``, ``model_state_dict``) are opened, float16 is
            converted. Files are read without executing anything in them.
        device: of the model, such as ``"cpu"`` or ``"cuda"``.
        dtype: of the weights and of the computation, float32 or bfloat16. Vectors and logits are always float32.
        precision: of embedding, indexing and evaluation with a model of float32 weights. ``"bfloat16"`` changes vectors
            slightly; ``"auto"``, the default of the commands, is bfloat16 if `device` is fast in it.
        strict: every unexplained missing, extra or misshapen key is an error; otherwise it is listed in `load_report`,
            and a warning names the weights that begin at random.
        config: settings of the model (for HD-VILA of `HDVILAConfig`). Some are not in a file: `num_attention_heads` and
            `hybrid_attention_heads` default to width / 64, with a warning unless the width is that of the released
            files. Others may be changed: `text_pooling="cls"`, or `variant="stage1"` for the two encoders of a
            stage-two file.

    Returns:
        The model, of its system's class, such as `HDVILA`; its `load_report` has the outcome for every key.

    Raises:
        CheckpointError: the file is missing or damaged, does not fit, or has values that are not finite; names keys.
        UsageError: an unknown keyword or setting, an invalid value, or a device that does not exist.
    """
    check_keywords(device=device, dtype=dtype, precision=precision, strict=strict, **config)
    chosen = settle_precision(precision, device=device)
    if isinstance(source, Mapping):
        return _placed(_fit(open_saved(source, "the state dict"), config, strict), device, dtype, chosen)
    if not isinstance(source, str | Path) or not str(source):
        raise UsageError(f"load_model({source!r}): give a model folder, a checkpoint file, a hub id or a state dict")
    path = find_model(source)
    saved = read_saved(path)
    model = _fit(saved, config, strict)
    model.recipe = saved.recipe or (read_note(path, RECIPE) if path.is_dir() else None)
    if "preprocess" in saved.described:
        model.processor = Processor.load(path, saved.described, get_system(model.system))
    elif saved.recipe:
        model.processor = processor_of_run(path, saved.recipe, get_system(model.system))
    return _placed(model, device, dtype, chosen)


def find_model(source: str | Path) -> Path:
    """The local path of a model: a given path, or the folder to which a hub id was downloaded.

    Callers that read more than weights (notes, answers, hashes) resolve the source here first. The weight file of a
    folder of ours, whatever its name, stands for the folder.

    Raises:
        CheckpointError: there is no such path, and the hub does not have it.
        MissingDependency: a hub id without the ``hub`` extra installed.
    """
    path = Path(source)
    if not path.exists():
        return _from_hub(str(source))
    ours = (path.parent / CONFIG).is_file() if path.name == WEIGHTS else path.is_file() and is_ours(path.parent)
    return path.parent if ours and _stands_for(path) else path


def _stands_for(file: Path) -> bool:
    """Whether a file holds the weights of its folder, or a part of them."""
    try:
        return file in files_of(find_weights(file.parent))
    except CheckpointError:
        return False


def check_keywords(
    *,
    device: object = "cpu",
    dtype: object = torch.float32,
    precision: object = "float32",
    strict: object = True,
    **config: Any,
) -> None:
    """Check the keywords of `load_model` before any other work.

    Raises:
        UsageError: as in `load_model`.
    """
    check_model_settings(config, also=("device", "dtype", "precision", "strict"))
    if type(strict) is not bool:
        raise UsageError(f"strict={strict!r}: give True or False")
    if dtype not in (torch.float32, torch.bfloat16):
        raise UsageError(f"dtype={dtype!r}: give torch.float32 or torch.bfloat16")
    wanted_precision(precision)
    try:
        torch.empty(0, device=device)  # type: ignore[call-overload]
    except (RuntimeError, AssertionError, TypeError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise UsageError(f"device={str(device)!r} cannot be used here ({first}): choose another, or cpu") from error


def check_model_settings(settings: Mapping[str, Any], also: Sequence[str] = ()) -> None:
    """Check settings of models, before the system is known.

    Args:
        also: other keywords, to suggest for a mistyped one.

    Raises:
        UsageError: no system has a setting of this name (suggests the nearest one), or a value has the wrong type.
    """
    kinds = [system.config for system in systems()]
    for key, value in settings.items():
        known = [kind for kind in kinds if key in {one.name for one in fields(kind)}]
        if len(known) == 1:  # with several systems, the file decides
            given(known[0], {key: value}, f"a model of {known[0].system}")
        if not known:
            names = list(dict.fromkeys(one.name for kind in kinds for one in fields(kind)))
            near = get_close_matches(key, [*also, *names], n=1)
            if near and near[0] in also:
                raise UsageError(f"load_model has no keyword {key!r}: did you mean {near[0]!r}?")
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
            raise UsageError(f"{key!r} is not a setting of a model: {hint}")


def _placed(
    model: PretrainedModel, device: str | torch.device, dtype: torch.dtype, precision: Precision
) -> PretrainedModel:
    model.precision = precision
    return model.to(device, dtype).eval()


def _fit(saved: Saved, settings: Mapping[str, Any], strict: bool) -> PretrainedModel:
    weights, name = saved.weights, saved.name
    system = get_system(saved.system) if saved.system else recognise(weights)
    if system is None or not system.recognises(weights):
        known = systems() if system is None else (system,)
        hints = "".join(one.near_miss(weights) for one in known)
        raise CheckpointError(
            f"{name}: these are not weights of {'a known system' if system is None else system.name} ({len(weights)} "
            f"keys, first {next(iter(weights), None)!r}{hints}). Known systems: {', '.join(list_models())}. A BERT or "
            "a ResNet can initialise a training run: --set start.bert=FOLDER, --set start.resnet=FILE"
        )
    settings = {**saved.settings, **settings}
    config = system.infer_config(weights, settings)
    ours, report = system.adapt(weights, config)
    model = system.build(config, initialise=False)
    put_weights(model, ours, report, strict=strict, name=name)
    if report.started:
        fresh = system.build(config).state_dict()
        model.load_state_dict({key: fresh[key] for key in report.started}, strict=False)
    model.load_report = report
    if report.started:
        _log.warning("%s: %s", name, report)
    if untold := system.untold(config, settings):
        _log.warning("%s: %s", name, untold)
    return model


def _from_hub(name: str) -> Path:
    """Download a model folder by its hub id, such as "someone/hdvila-small"."""
    if name.count("/") != 1 or name.startswith((".", "/", "~")) or Path(name).suffix in ENDINGS:
        raise CheckpointError(
            f"{name}: there is no such file or folder; give a path that exists or a hub id owner/name"
        )
    try:
        hub = require("huggingface_hub", extra="hub")
    except MissingDependency as error:
        raise MissingDependency(f"{name}: there is no such folder; to download it from the hub, {error}") from error
    try:
        return Path(hub.snapshot_download(name))
    except Exception as error:  # the hub raises errors of many types: offline, unknown name, no permission
        if is_defect(error):
            raise
        raise CheckpointError(
            f"{name}: there is no such folder, and the download from the hub failed ({type(error).__name__}): check "
            "name and network, or download it elsewhere and give its path"
        ) from error

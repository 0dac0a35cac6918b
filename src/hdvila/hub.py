"""Names and paths to models, and what stands between files and models: `load_model`, `build_model`, `Processor`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdvila.errors import CheckpointError, UsageError, require
from hdvila.media.preprocess import Preprocess, read_hybrid
from hdvila.models.hdvila.adapter import from_official, infer_config, is_official
from hdvila.models.hdvila.config import HDVILAConfig, check_settings
from hdvila.models.hdvila.model import HDVILA
from hdvila.nn.checkpoint import Weights, put_weights, read_weights, unwrap
from hdvila.nn.pretrained import CONFIG, FORMAT, WEIGHTS, evaluating, read_note
from hdvila.text.answers import ANSWERS, Answers
from hdvila.text.tokenizer import Tokenizer
from hdvila.types import HybridClip

__all__ = ["Processor", "answers_of", "build_model", "evaluating", "list_models", "load_model", "read_note"]

_log = logging.getLogger("hdvila")


@dataclass(frozen=True, slots=True)
class Processor:
    """What stands between files and words and the model; saved with it."""

    preprocess: Preprocess
    tokenizer: Tokenizer
    text_length: int = 50
    """Tokens of a text, [CLS] and [SEP] included; longer texts are cut."""
    answers: Answers | None = None
    """The vocabulary of a model that answers open questions."""

    def read(self, path: str | Path, start: float | None = None, end: float | None = None) -> HybridClip:
        """The frames of a video, or of its seconds start..end, as the model wants them.

        Raises:
            MediaError: the file cannot be read.
            UsageError: a span that is not in the video.
        """
        return read_hybrid(path, self.preprocess, start, end)

    def tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(ids, mask), each (len(texts), text_length)."""
        ids, mask = self.tokenizer(texts, self.text_length)
        return torch.from_numpy(ids), torch.from_numpy(mask)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write tokenizer and answers into a model folder; -> what belongs into its config.json."""
        self.tokenizer.save(folder)
        described = {"preprocess": self.preprocess.to_dict(), "text_length": self.text_length}
        if self.answers is None:
            return described
        self.answers.save(folder)
        return described | {"answers": len(self.answers)}

    def describe(self) -> dict[str, Any]:
        """All that changes what the model sees of a file or a text, and what it answers, in plain values for JSON."""
        described = {
            "preprocess": self.preprocess.to_dict(),
            "text_length": self.text_length,
            "tokenizer": self.tokenizer.to_json(),
        }
        return described if self.answers is None else described | {"answers": list(self.answers.words)}

    @classmethod
    def load(cls, folder: Path, described: Mapping[str, Any]) -> Processor:
        """The inverse of `save`.

        Raises:
            CheckpointError: what the folder's config.json says cannot be used, or another answers.json.
            UsageError: there is no tokenizer in the folder.
        """
        try:
            preprocess = Preprocess.from_dict(described["preprocess"])
            length = described["text_length"]
            if type(length) is not int or length < 2:
                raise UsageError(f"text_length={length!r} is no number of tokens")
        except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise _damaged(folder / CONFIG, what) from error
        return cls(preprocess, Tokenizer.load(folder), length, _load_answers(folder, described))


def _load_answers(folder: Path, described: Mapping[str, Any]) -> Answers | None:
    if "answers" not in described:
        return None
    try:
        answers = Answers.load(folder)
    except UsageError as error:
        raise CheckpointError(f"{error}; fetch the model folder again") from error
    rows = described["model"].get("num_answers", 0)
    if len(answers) != described["answers"] or len(answers) > rows:
        raise _damaged(
            folder / ANSWERS, f"{len(answers)} answers for {described['answers']} that were saved and {rows} rows"
        )
    return answers


def answers_of(source: str | Path) -> Answers | None:
    """The vocabulary of answers of a model folder, or the ``answers.json`` beside a checkpoint file; None without one.

    Raises:
        CheckpointError, UsageError: it is damaged.
    """
    folder = Path(source).parent if Path(source).is_file() else Path(source)
    if (folder / CONFIG).is_file():
        return _load_answers(folder, _read_config(folder))
    return Answers.load(folder) if (folder / ANSWERS).is_file() else None


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
    path = Path(source)
    if not path.exists():
        path = _from_hub(str(source))
    if not path.is_dir():
        return _fit(read_weights(path), config, strict, str(path)).to(device, dtype).eval()
    described = _read_config(path)
    weights = read_weights(path / WEIGHTS)
    model = _fit(weights, described["model"] | config, strict, str(path / WEIGHTS))
    if "preprocess" in described:
        model.processor = Processor.load(path, described)
    return model.to(device, dtype).eval()


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


def _read_config(folder: Path) -> dict[str, Any]:
    file = folder / CONFIG
    if not file.is_file():
        raise CheckpointError(f"{folder}: it has no {CONFIG}, so it is no model folder (or its saving was interrupted)")
    try:
        described = json.loads(file.read_text())
        known = described["system"] == "hdvila" and described["format"] == FORMAT and "model" in described
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise CheckpointError(
            f"{file}: it does not describe a model of this version of hdvila (system 'hdvila', format {FORMAT}). "
            "A folder of a Hugging Face BERT is read by hdvila.models.hdvila.start.load_bert"
        )
    assert isinstance(described, dict)
    if not isinstance(described["model"], dict):
        raise _damaged(file, "'model' holds no settings by name")
    try:
        check_settings(described["model"])
    except UsageError as error:
        raise _damaged(file, str(error)) from error
    return described


def _damaged(file: Path, what: str) -> CheckpointError:
    return CheckpointError(f"{file}: it is damaged ({what}): save the model anew, or fetch the folder again")


def _from_hub(name: str) -> Path:
    """Fetch a model folder by its hub id, such as "someone/hdvila-small"."""
    if name.count("/") != 1 or name.startswith((".", "/", "~")) or Path(name).suffix in (".pt", ".pth", ".safetensors"):
        raise CheckpointError(
            f"{name}: there is no such file or folder; give a path that exists or a hub id owner/name"
        )
    hub = require("huggingface_hub", extra="hub")
    try:
        return Path(hub.snapshot_download(name))
    except Exception as error:  # the hub raises many kinds: offline, unknown name, no permission
        raise CheckpointError(
            f"{name}: no such folder here, and the hub does not give it ({type(error).__name__}): check the name, the "
            "network, or download it elsewhere and give its path"
        ) from error

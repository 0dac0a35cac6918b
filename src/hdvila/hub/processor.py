"""What stands between files and words and the model, and the files of it in a model folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdvila.errors import CheckpointError, UsageError
from hdvila.media.preprocess import Preprocess, read_hybrid
from hdvila.models.hdvila.config import check_settings
from hdvila.nn.pretrained import CONFIG, FORMAT
from hdvila.text.answers import ANSWERS, Answers
from hdvila.text.tokenizer import Tokenizer
from hdvila.types import HybridClip

__all__ = ["Processor", "answers_of", "damaged", "read_config"]


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
            raise damaged(folder / CONFIG, what) from error
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
        raise damaged(
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
        return _load_answers(folder, read_config(folder))
    return Answers.load(folder) if (folder / ANSWERS).is_file() else None


def read_config(folder: Path) -> dict[str, Any]:
    """What a model folder's config.json says.

    Raises:
        CheckpointError: the folder is no model folder, or of another version, or damaged.
    """
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
        raise damaged(file, "'model' holds no settings by name")
    try:
        check_settings(described["model"])
    except UsageError as error:
        raise damaged(file, str(error)) from error
    return described


def damaged(file: Path, what: str) -> CheckpointError:
    """The error of a file in a model folder that is not what was saved."""
    return CheckpointError(f"{file}: it is damaged ({what}): save the model anew, or fetch the folder again")

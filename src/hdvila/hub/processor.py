"""The processor of a model, which turns videos and texts into model inputs, and its files in a model folder."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdvila.errors import CheckpointError, UsageError
from hdvila.media.in_memory import frames_in_memory
from hdvila.media.read_clips import read_windows
from hdvila.models.inputs import Inputs
from hdvila.models.saved import damaged, read_config
from hdvila.models.system import System
from hdvila.nn.pretrained import CONFIG
from hdvila.nn.run_checkpoint import finished_models, run_of
from hdvila.text.answers import ANSWERS, AnswerVocabulary
from hdvila.text.tokenizer import Tokenizer

__all__ = ["TOKENIZER", "Processor", "answers_of", "place_of_words", "processor_of_run"]

TOKENIZER = "tokenizer"
"""Folder of a run with its tokenizer, written before the first step: a continued run reads it from there."""


@dataclass(frozen=True, slots=True)
class Processor:
    """Turns videos and texts into model inputs; saved with the model."""

    preprocess: Inputs
    """Sampling and preprocessing of clips, of the type that the model's system defines."""
    tokenizer: Tokenizer
    text_length: int = 50
    """Tokens of a text, [CLS] and [SEP] included; longer texts are truncated."""
    answers: AnswerVocabulary | None = None
    """The vocabulary of a model that answers open questions."""

    def read_views(
        self,
        source: Any,
        start: float | None = None,
        end: float | None = None,
        *,
        fps: float | None = None,
        times: Any = None,
    ) -> list[Any]:
        """The frames of a video, or of its seconds start..end, as model inputs: a clip for each crop window.

        There are enough windows to cover four fifths of each frame, whatever its shape.

        Args:
            source: a path; or frames or an image in memory, with `fps` or `times` (`hdvila.media.in_memory`).

        Raises:
            MediaError: the file cannot be read.
            UsageError: the span is outside of the video, or the frames are not of a supported form.
        """
        _check_span(start, end)
        if not isinstance(source, str | os.PathLike):
            source = frames_in_memory(source, fps, times)
        elif fps is not None or times is not None:
            raise UsageError(f"{source}: a file contains the times of its frames: leave fps and times out")
        return read_windows(source, self.preprocess, start, end)

    def tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(ids, mask), each (len(texts), text_length)."""
        ids, mask = self.tokenizer(texts, self.text_length)
        return torch.from_numpy(ids), torch.from_numpy(mask)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write tokenizer and answers into a model folder; returns the entries for its config.json."""
        self.tokenizer.save(folder)
        described = {"preprocess": self.preprocess.to_dict(), "text_length": self.text_length}
        if self.answers is None:
            return described
        self.answers.save(folder)
        return described | {"answers": len(self.answers)}

    def describe(self) -> dict[str, Any]:
        """Everything that changes the model's inputs or the meaning of its answers, as plain values for JSON."""
        described = {
            "preprocess": self.preprocess.to_dict(),
            "text_length": self.text_length,
            "tokenizer": self.tokenizer.to_json(),
        }
        return described if self.answers is None else described | {"answers": list(self.answers.words)}

    @classmethod
    def load(cls, folder: Path, described: Mapping[str, Any], system: System) -> Processor:
        """The inverse of `save`, for a model of this system.

        Raises:
            CheckpointError: config.json has invalid settings, or answers.json does not match it.
            UsageError: there is no tokenizer in the folder.
        """
        try:
            preprocess = system.inputs.from_dict(described["preprocess"])
            length = described["text_length"]
            if type(length) is not int or length < 2:
                raise UsageError(f"text_length={length!r} is not a number of tokens")
        except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise damaged(folder / CONFIG, what) from error
        return cls(preprocess, Tokenizer.load(folder), length, _load_answers(folder, described))


def _check_span(start: Any, end: Any) -> None:
    for name, second in (("start", start), ("end", end)):
        if second is not None and not (isinstance(second, Real) and 0 <= float(second) < math.inf):
            raise UsageError(f"{name}={second!r}: give seconds, a finite number of 0 or more")
    if start is not None and end is not None and end < start:
        raise UsageError(f"start={start}, end={end}: the clip ends before it starts; swap them")


def _load_answers(folder: Path, described: Mapping[str, Any]) -> AnswerVocabulary | None:
    if "answers" not in described:
        return None
    try:
        answers = AnswerVocabulary.load(folder)
    except UsageError as error:
        raise CheckpointError(f"{error}; fetch the model folder again") from error
    rows = described["model"].get("num_answers", 0)
    if len(answers) != described["answers"] or len(answers) > rows:
        raise damaged(
            folder / ANSWERS, f"{len(answers)} answers for {described['answers']} that were saved and {rows} rows"
        )
    return answers


def answers_of(source: str | Path) -> AnswerVocabulary | None:
    """The answer vocabulary of a model folder, of a checkpoint's run, or in ``answers.json`` beside another checkpoint
    file; None without one.

    Raises:
        CheckpointError, UsageError: it is damaged.
    """
    place = Path(source)
    if models := finished_models(place):
        return answers_of(models[0])
    folder = place.parent if place.is_file() else place
    if (folder / CONFIG).is_file():
        return _load_answers(folder, read_config(folder))
    return AnswerVocabulary.load(folder) if (folder / ANSWERS).is_file() else None


def place_of_words(source: str | Path) -> Path:
    """The folder where the tokenizer of these weights should be: their own, or that of a checkpoint's run."""
    place = Path(source)
    run = run_of(place)
    if run is not None and (run / TOKENIZER).is_dir():
        return run / TOKENIZER
    return place.parent if place.is_file() else place


def processor_of_run(file: Path, recipe: Mapping[str, Any], system: System) -> Processor | None:
    """The processor of a run's checkpoint, as the run will save it; None for a checkpoint outside of its run.

    Args:
        recipe: the run's settings by dotted key.
        system: of its model.

    Raises:
        CheckpointError: the recipe's preprocessing was written by another version.
    """
    run = run_of(file)
    if run is None or not (run / TOKENIZER).is_dir():
        return None
    start = "data.preprocess."
    try:
        found = {key.removeprefix(start): value for key, value in recipe.items() if key.startswith(start)}
        preprocess = system.inputs.from_dict(found).in_segments(recipe.get("data.benchmark.segments"))
        length = int(recipe["data.text_length"])
    except (KeyError, ValueError, UsageError) as error:
        raise damaged(file, f"its recipe's data.preprocess: {error}") from error
    return Processor(preprocess, Tokenizer.load(run / TOKENIZER), length, answers_of(file))

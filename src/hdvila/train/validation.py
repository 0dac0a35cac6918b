"""Measuring a model while it is trained, and keeping the best.

The best model lies whole in RUN/best or is not there: it is written before any checkpoint that knows of its step, so a
run that is killed while it is written makes the step again and comes to the same model.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hdvila.data.examples import clip_numbers
from hdvila.errors import TrainingError
from hdvila.evaluate.predict import predict, quick_score
from hdvila.hub import evaluating, load_model, read_note
from hdvila.models.hdvila.model import HDVILA
from hdvila.progress import SILENT, Reporter
from hdvila.tasks.video_qa import VideoQA
from hdvila.train.benchmark import ALLOWING, HeldOut
from hdvila.train.recipe import Recipe

__all__ = ["RECIPE", "VALIDATION", "BestModel", "measure"]

RECIPE, VALIDATION = "recipe.json", "validation.json"
"""Notes in a model folder: the settings by dotted key; what it was measured on, when and with which result."""


def measure(model: HDVILA, recipe: Recipe, held_out: HeldOut, reporter: Reporter = SILENT) -> float:
    """What the model makes of what was held out, by `quick_score`. Changes nothing in it."""
    videos = [video.video_id for video in held_out.annotations.videos]
    numbers = clip_numbers(held_out.prepared, videos, allow_missing=held_out.allow_missing, allowing=ALLOWING)
    consensus = recipe.task.consensus if isinstance(recipe.task, VideoQA) else "mean"
    with evaluating(model):
        predicted = predict(
            model,
            held_out.protocol,
            held_out.annotations,
            held_out.prepared.source,
            numbers,
            consensus=consensus,
            reporter=reporter,
        )
    return quick_score(held_out.protocol, held_out.annotations, predicted.predictions)


class BestModel:
    """The best model of a run so far, in a folder."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.folder = folder
        self._recipe = recipe

    @property
    def score(self) -> float | None:
        """None: there is none yet."""
        note = read_note(self.folder, VALIDATION)
        return None if note is None else float(note["score"])

    def offer(self, model: HDVILA, step: int, score: float, notes: Mapping[str, Any]) -> None:
        """Keep `model` if it is better than what is there, in a run that was made longer too.

        Raises:
            TrainingError: it cannot be written.
        """
        best = self.score
        if best is not None and not score > best:
            return
        assert self._recipe.validate is not None
        note = {"step": step, "of": self._recipe.steps, "score": score, "on": self._recipe.validate.on}
        try:
            model.save_pretrained(self.folder, {**notes, VALIDATION: note})
        except OSError as error:
            raise TrainingError(
                f"the best model {self.folder} cannot be written: {error.strerror}; make room on the disk, then the "
                "same command goes on from the last checkpoint"
            ) from error

    def put_into(self, model: HDVILA) -> dict[str, Any]:
        """Give `model` the best weights; -> their validation note."""
        model.load_state_dict(load_model(self.folder).state_dict())
        note: dict[str, Any] = read_note(self.folder, VALIDATION)
        return note

"""Validate a model during training, and keep the best.

The best model lies whole in RUN/best or is not there: it is written before any checkpoint that knows of its step, so a
run that is killed while it is written makes the step again and comes to the same model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hdvila.errors import TrainingError, UsageError
from hdvila.evaluate.clip_test import ClipTest
from hdvila.evaluate.embedding import embed_clips, embed_texts, similarity
from hdvila.evaluate.masked_words import evaluate_masked_words
from hdvila.evaluate.metrics.rank import retrieval_metrics
from hdvila.evaluate.pair_scoring import score_pairs
from hdvila.evaluate.predict import predict
from hdvila.evaluate.score import quick_score
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.hub import evaluating, load_model, read_note
from hdvila.models.config import Capability
from hdvila.nn.pretrained import PretrainedModel
from hdvila.progress import SILENT, Reporter
from hdvila.tasks.task import Task
from hdvila.train.held_out import HeldOutClips
from hdvila.train.recipe import Recipe

__all__ = ["RECIPE", "VALIDATION", "BestModel", "Measured", "measure"]

RECIPE, VALIDATION = "recipe.json", "validation.json"
"""Notes in a model folder: the settings by dotted key; what it was measured on, when and with which result."""
PAIRED = 100
"""The most held-out clips whose pairs are scored: each of them with the texts of all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of one validation.

    Attributes:
        score: the higher the better. On a benchmark `quick_score`; on clips of a corpus R@1 from text to video, or the
            accuracy of masked words (`Task.measured_by`).
        loss: that of the training on these clips, all pairs together; None on a benchmark, and of scores of pairs.
    """

    score: float
    loss: float | None = None

    def to_log(self) -> dict[str, float]:
        """The values for the log, by key."""
        return {"validation": self.score} | ({} if self.loss is None else {"validation_loss": self.loss})


def measure(
    model: PretrainedModel,
    recipe: Recipe,
    held_out: ClipTest | HeldOutClips,
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> Measured:
    """Validate the model on the held-out data, without changing it; `processes` share the work.

    Raises:
        UsageError: clips of a corpus cannot measure the task (`Task.measured_by`).
    """
    with evaluating(model):
        if isinstance(held_out, HeldOutClips):
            return _way_to_measure(recipe.task)(model, recipe.task, held_out, reporter, processes)
        return Measured(_of_benchmark(model, recipe, held_out, reporter, processes))


def _by_vectors(
    model: PretrainedModel, task: Task, held_out: HeldOutClips, reporter: Reporter, processes: Processes
) -> Measured:
    source, numbers = held_out.source, held_out.numbers
    videos_VD = embed_clips(model, source, numbers, reporter=reporter, processes=processes)
    texts_VD = embed_texts(model, [source.clips[number].text for number in numbers], processes=processes)
    loss = task.loss_of_vectors(torch.from_numpy(texts_VD), torch.from_numpy(videos_VD))
    return Measured(retrieval_metrics(similarity(texts_VD, videos_VD)).r1, None if loss is None else float(loss))


def _by_pairs(
    model: PretrainedModel, task: Task, held_out: HeldOutClips, reporter: Reporter, processes: Processes
) -> Measured:
    """Every text with every clip, of clips evenly among those held out."""
    source, every = held_out.source, -(-len(held_out.numbers) // PAIRED)
    numbers = held_out.numbers[::every]
    texts = [source.clips[number].text for number in numbers]
    columns = score_pairs(
        model, source, numbers, texts, [range(len(texts))] * len(numbers),
        consensus=task.consensus, reporter=reporter, processes=processes,
    )  # fmt: skip
    return Measured(retrieval_metrics(np.stack(columns, axis=1)).r1)


def _by_words(
    model: PretrainedModel, task: Task, held_out: HeldOutClips, reporter: Reporter, processes: Processes
) -> Measured:
    words = evaluate_masked_words(
        model, held_out.source, clips=held_out.numbers, share=task.mask_share, consensus=task.consensus,
        over=task.consensus_over, other_video=False, reporter=reporter, processes=processes,
    )  # fmt: skip
    return Measured(words.accuracy, words.loss)


_OfClips = Callable[[PretrainedModel, Task, HeldOutClips, Reporter, Processes], Measured]
_OF_CLIPS: Mapping[Capability, _OfClips] = {
    "retrieval": _by_vectors,
    "pair_scores": _by_pairs,
    "masked_words": _by_words,
}


def _way_to_measure(task: Task) -> _OfClips:
    if task.measured_by not in _OF_CLIPS:
        raise UsageError(
            f"{type(task).__name__} is measured by {task.measured_by}, and clips of a corpus cannot be asked for that: "
            f"let its `measured_by` be one of {', '.join(_OF_CLIPS)}, or leave `validate` out of the recipe"
        )
    return _OF_CLIPS[task.measured_by]


def _of_benchmark(
    model: PretrainedModel, recipe: Recipe, held_out: ClipTest, reporter: Reporter, processes: Processes
) -> float:
    predicted = predict(
        model,
        held_out,
        consensus=recipe.task.consensus,
        rounded=recipe.compat.rounded_scores,
        reporter=reporter,
        processes=processes,
    )
    return quick_score(held_out.protocol, held_out.annotations, predicted.predictions)


class BestModel:
    """The best model of a run so far, in a folder."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.folder = folder
        self._recipe = recipe

    @property
    def score(self) -> float | None:
        """Its validation score; None before the first validation."""
        note = read_note(self.folder, VALIDATION)
        return None if note is None else float(note["score"])

    def offer(self, model: PretrainedModel, step: int, score: float, notes: Mapping[str, Any]) -> None:
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

    def put_into(self, model: PretrainedModel) -> dict[str, Any]:
        """Give `model` the best weights; -> their validation note."""
        model.load_state_dict(load_model(self.folder).state_dict())
        note: dict[str, Any] = read_note(self.folder, VALIDATION)
        return note

"""The model of a run: built and filled with initial weights, or restored from a checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from hdvila.data.order import Order
from hdvila.errors import CheckpointError, UsageError
from hdvila.evaluate.protocols import get_protocol
from hdvila.hub import LoadReport, Processor, answers_of, build_model, check_finite
from hdvila.models.config import Config
from hdvila.models.registry import system_of
from hdvila.nn.pretrained import PretrainedModel
from hdvila.progress import Reporter
from hdvila.text.answers import ANSWERS, AnswerVocabulary
from hdvila.train.checkpoint import Checkpoint
from hdvila.train.data import TrainingData
from hdvila.train.engine import seed_random_numbers
from hdvila.train.recipe import Recipe

CALIBRATION_SEGMENTS = 64


def start_model(
    recipe: Recipe, data: TrainingData, order: Order, latest: Checkpoint | None, reporter: Reporter
) -> PretrainedModel:
    """The model as a run begins or goes on, with the processor that will be saved with it.

    Raises:
        CheckpointError: initial weights that do not fit.
    """
    seed_random_numbers(recipe.seed, 0)
    model = build_model(_config(recipe, data.answers), initialise=latest is None)
    if latest is not None:
        check_finite(latest.model.items(), f"the run's checkpoint of step {latest.step}")
        model.load_state_dict(latest.model)
    else:
        model.load_report = _load_start_weights(model, recipe, data.answers, reporter)
        with torch.random.fork_rng(devices=[]):
            system_of(model).settle(model, set(model.load_report.loaded), lambda: [_first_clips(recipe, data, order)])
    if recipe.activation_checkpointing:
        model.checkpoint_activations()
    benchmark = recipe.data.benchmark
    preprocess = recipe.data.preprocess.in_segments(None if benchmark is None else benchmark.segments)
    model.processor = Processor(preprocess, data.tokenizer, recipe.data.text_length, data.answers)
    return model


def start_record(recipe: Recipe, model: PretrainedModel) -> dict[str, Any]:
    """What a run began with, for its folder: the initial weights, and part by part what began at random.

    Args:
        model: as `start_model` gave it to a run that begins.
    """
    filled = model.load_report.loaded if model.load_report is not None else []
    parts = system_of(model).random_parts(model, set(filled), fine_tuning=fine_tunes(recipe))
    random = [{key: value for key, value in asdict(part).items() if key != "advice"} for part in parts]
    return {**asdict(recipe.start), "tensors_loaded": len(filled), "random": random}


def fine_tunes(recipe: Recipe) -> bool:
    """Whether it learns from a benchmark; a set of captions, which has no test, is for pre-training."""
    benchmark = recipe.data.benchmark
    return benchmark is not None and get_protocol(benchmark.protocol).task != "captions"


def _config(recipe: Recipe, answers: AnswerVocabulary | None) -> Config:
    """The recipe's model, with at least a row for every answer."""
    return recipe.model if answers is None else recipe.model.with_answers(len(answers))


def _load_start_weights(
    model: PretrainedModel, recipe: Recipe, answers: AnswerVocabulary | None, reporter: Reporter
) -> LoadReport:
    """BERT first, then ResNets, then another model over them: so that what that one lacks (after stage one the joint
    transformer) is BERT's. -> all that is no longer random."""
    start, whole, system = recipe.start, LoadReport(), system_of(model)
    known, named = system.starts(), start.named()
    if unknown := next((name for name in named if name not in known), ""):
        raise UsageError(
            f"start.{unknown}={named[unknown]}: {system.name} has no such initial weights: it begins from "
            f"{', '.join(f'start.{name}' for name in ('model', *known))}"
        )
    for name, load in known.items():
        if name in named:
            report = load(model, named[name])
            reporter.note(f"{named[name]}: {report}")
            whole.loaded += report.loaded
    if start.model:
        same = _same_answers(start.model, answers)
        report = system.inherit(model, start.model, same_answers=same, filled=set(whole.loaded))
        reporter.note(f"{start.model}: {report}")
        whole.loaded += report.loaded
    if remark := system.remark_on_start(model.config, start):
        reporter.note(f"{recipe.name} {remark}")
    whole.loaded = list(dict.fromkeys(whole.loaded))
    for part in system.random_parts(model, set(whole.loaded), fine_tuning=fine_tunes(recipe)):
        count = f"{part.tensors} tensors ({part.weights:,} weights)"
        reporter.note(f"{part.name}: {count} begin at random{part.advice}")
    return whole


def _same_answers(source: str, answers: AnswerVocabulary | None) -> bool:
    """Whether the model to start from is known to answer with these answers; False where it has none.

    Raises:
        CheckpointError: it answers with others: its rows mean other words.
    """
    own = answers_of(source)
    if own is None or answers is None:
        return False
    if own != answers:
        differing = len(set(own.words) ^ set(answers.words))
        raise CheckpointError(
            f"start.model={source}: it answers with a vocabulary of its own ({len(own)} answers, the recipe's has "
            f"{len(answers)}, {differing} are in one of them only): name its {ANSWERS} with data.benchmark.answers, or "
            "start from the model that it was fine-tuned from"
        )
    return True


def _first_clips(recipe: Recipe, data: TrainingData, order: Order) -> tuple[Tensor | None, ...]:
    """What the model reads of the first clips of the run, enough to measure statistics by."""
    clips = max(1, CALIBRATION_SEGMENTS // recipe.data.preprocess.segments)
    return data.dataset.batch(order.sample_keys(1)[:clips]).video

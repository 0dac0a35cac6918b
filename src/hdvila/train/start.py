"""The model that a run begins or goes on with."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import torch

from hdvila.data.order import Order
from hdvila.errors import CheckpointError
from hdvila.hub import LoadReport, Processor, answers_of, build_model, check_finite, evaluation_view
from hdvila.models.hdvila.calibrate import calibrate_batch_norm
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.inherit import load_shared, load_stage_one, load_stage_two
from hdvila.models.hdvila.model import HDVILA
from hdvila.models.hdvila.parts import Origin, random_parts
from hdvila.models.hdvila.start import load_bert, load_resnet
from hdvila.progress import Reporter
from hdvila.text.answers import ANSWERS, AnswerVocabulary
from hdvila.train.checkpoint import Checkpoint
from hdvila.train.data import TrainingData
from hdvila.train.engine import seed_random_numbers
from hdvila.train.recipe import Recipe

CALIBRATION_SEGMENTS = 64
_IN_THE_PAPER: dict[Origin, str] = {
    "new": ", as in the paper",
    "bert": "; the paper starts them from BERT: --set start.bert=FOLDER",
    "resnet": "; the paper starts them from a trained ResNet: --set start.resnet=FILE",
    "stage one": "; the paper starts them from stage one: --set start.model=STAGE1/model",
    "stage two": "; the paper starts them from stage two: --set start.model=STAGE2/model",
}


def start_model(
    recipe: Recipe, data: TrainingData, order: Order, latest: Checkpoint | None, reporter: Reporter
) -> HDVILA:
    """The model as a run begins or goes on, with the processor that will be saved with it.

    Raises:
        CheckpointError: start weights that do not fit.
    """
    seed_random_numbers(recipe.seed, 0)
    model = build_model(_config(recipe, data.answers))
    if latest is not None:
        check_finite(latest.model.items(), f"the run's checkpoint of step {latest.step}")
        model.load_state_dict(latest.model)
    else:
        model.load_report = _load_start_weights(model, recipe, data.answers, reporter)
        if not (recipe.start.model or recipe.start.resnet):
            _calibrate(model, recipe, data, order)
    if recipe.activation_checkpointing:
        model.checkpoint_activations()
    benchmark = recipe.data.benchmark
    preprocess = evaluation_view(recipe.data.preprocess, None if benchmark is None else benchmark.segments)
    model.processor = Processor(preprocess, data.tokenizer, recipe.data.text_length, data.answers)
    return model


def start_record(recipe: Recipe, model: HDVILA) -> dict[str, Any]:
    """What a run began with, for its folder: the start weights, and part by part what began at random.

    Args:
        model: as `start_model` gave it to a run that begins.
    """
    filled = model.load_report.loaded if model.load_report is not None else []
    parts = random_parts(model, set(filled), fine_tuning=recipe.data.benchmark is not None)
    return {**asdict(recipe.start), "tensors_loaded": len(filled), "random": [asdict(part) for part in parts]}


def _config(recipe: Recipe, answers: AnswerVocabulary | None) -> HDVILAConfig:
    """The recipe's model, with at least a row for every answer."""
    if answers is None:
        return recipe.model
    return replace(recipe.model, num_answers=max(recipe.model.num_answers, len(answers)))


def _load_start_weights(
    model: HDVILA, recipe: Recipe, answers: AnswerVocabulary | None, reporter: Reporter
) -> LoadReport:
    """BERT first, then ResNets, then another model over them: so that what that one lacks (after stage one the joint
    transformer) is BERT's. -> all that is no longer random."""
    start, whole = recipe.start, LoadReport()
    if start.bert:
        report = load_bert(model, start.bert)
        reporter.note(f"{start.bert}: {report}")
        whole.loaded += report.loaded
    if start.resnet:
        report = load_resnet(model, start.resnet)
        reporter.note(f"{start.resnet}: {report}")
        whole.loaded += report.loaded
    if start.model:
        report = _load_pretrained(model, start.model, answers, decoder_is_start_value=not start.bert)
        reporter.note(f"{start.model}: {report}")
        whole.loaded += report.loaded
    elif model.config.variant == "stage2":
        reporter.note(
            f"{recipe.name} begins without a stage one model: its frozen encoders are random, so the words are learned "
            "from words alone. Name one with --set start.model=STAGE1_RUN/model"
        )
    whole.loaded = list(dict.fromkeys(whole.loaded))
    for part in random_parts(model, set(whole.loaded), fine_tuning=recipe.data.benchmark is not None):
        count = f"{part.tensors} tensors ({part.weights:,} weights)"
        reporter.note(f"{part.name}: {count} begin at random{_IN_THE_PAPER[part.origin]}")
    return whole


def _load_pretrained(
    model: HDVILA, source: str, answers: AnswerVocabulary | None, decoder_is_start_value: bool
) -> LoadReport:
    """What a model takes over: to answer questions, all that is shared; a stage two model from its like, everything;
    otherwise all of stage one."""
    if model.config.answers_questions:
        return load_shared(model, source, same_answers=_same_answers(source, answers))
    if model.config.has_joint_transformer and (whole := load_stage_two(model, source)) is not None:
        return whole
    report = load_stage_one(model, source)
    if model.config.has_joint_transformer and decoder_is_start_value:  # as when it was built: a copy of the word table
        decoder = "transformer.cls.predictions.decoder.weight"
        with torch.no_grad():
            words = model.transformer.bert.embeddings.word_embeddings.weight
            model.transformer.cls.predictions.decoder.weight.copy_(words)
        report.loaded.append(decoder)
    return report


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


def _calibrate(model: HDVILA, recipe: Recipe, data: TrainingData, order: Order) -> None:
    """BatchNorm statistics of random weights, from the first clips of the run."""
    clips = max(1, CALIBRATION_SEGMENTS // recipe.data.preprocess.segments)
    batch = data.dataset.batch(order.draws(1)[:clips])
    with torch.random.fork_rng(devices=[]):
        calibrate_batch_norm(model, [(batch.high, batch.low)])

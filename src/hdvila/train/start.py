"""What a run begins with: its corpus, its tokenizer, its model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hdvila.data.dataset import ClipSource, HybridDataset, open_corpus
from hdvila.data.order import Order
from hdvila.errors import CheckpointError, UsageError
from hdvila.hub import Processor, build_model, load_model
from hdvila.models.hdvila.calibrate import calibrate_batch_norm
from hdvila.models.hdvila.model import HDVILA
from hdvila.models.hdvila.start import load_bert, load_resnet, load_stage_one
from hdvila.progress import Reporter
from hdvila.tasks.masking import Vocabulary
from hdvila.text.tokenizer import Tokenizer
from hdvila.train.checkpoint import Checkpoint
from hdvila.train.engine import seed_random_numbers
from hdvila.train.recipe import Recipe
from hdvila.types import Clip

CALIBRATION_SEGMENTS = 64


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The corpus as batches, and its words."""

    dataset: HybridDataset
    tokenizer: Tokenizer
    mark: Mapping[str, Any]
    """`corpus_mark` of the clips."""

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.tokenizer.vocab_size, self.tokenizer.mask_id, self.tokenizer.special_ids)


def open_data(recipe: Recipe, corpus: str | Path | None = None, tokenizer: Tokenizer | None = None) -> TrainingData:
    """The corpus that the recipe or, where it names none, the caller names, and its tokenizer.

    Args:
        tokenizer: the one of a run that goes on; None for a run that begins.

    Raises:
        UsageError: nobody names a corpus, or the tokenizer has more words than the model.
        StoreError: it cannot be read.
    """
    path = recipe.data.corpus or corpus
    if not path:
        raise UsageError(
            f"the recipe {recipe.name} needs a corpus and data.corpus is empty: build one with hdvila corpus build, "
            "then add --set data.corpus=FOLDER"
        )
    source = open_corpus(path)
    tokenizer = tokenizer or _tokenizer(recipe, source)
    if tokenizer.vocab_size > recipe.model.vocab_size:
        raise UsageError(
            f"the tokenizer has {tokenizer.vocab_size} entries, model.vocab_size is {recipe.model.vocab_size}: "
            f"set model.vocab_size={tokenizer.vocab_size}, or name another data.tokenizer"
        )
    dataset = HybridDataset(source, recipe.data, tokenizer, recipe.seed)
    return TrainingData(dataset, tokenizer, corpus_mark(source.clips))


def corpus_mark(clips: Iterable[Clip]) -> dict[str, Any]:
    """How many clips there are, and a hash of their names and texts in order: batches and words follow from them."""
    digest, count = hashlib.sha256(), 0
    for clip in clips:
        digest.update(json.dumps([clip.clip_id, clip.text]).encode())
        count += 1
    return {"clips": count, "sha256": digest.hexdigest()}


def _tokenizer(recipe: Recipe, source: ClipSource) -> Tokenizer:
    """The one that is named, or the start weights', or one learned from the corpus (always the same from the same).

    Raises:
        UsageError: start weights whose words nobody knows: another vocabulary would give their rows other words.
    """
    if recipe.data.tokenizer:
        return Tokenizer.load(recipe.data.tokenizer)
    for key, start in (("start.model", recipe.start.model), ("start.bert", recipe.start.bert)):
        if start:
            folder = Path(start).parent if Path(start).is_file() else Path(start)
            if folder.is_dir() and not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt")):
                raise UsageError(
                    f"{key}={start}: {folder} holds no tokenizer.json or vocab.txt, and only the tokenizer that these "
                    "weights were trained with gives their words the right meaning: name it with data.tokenizer"
                )
            return Tokenizer.load(folder)
    return Tokenizer.train((clip.text for clip in source.clips), recipe.model.vocab_size)


def start_model(
    recipe: Recipe, data: TrainingData, order: Order, latest: Checkpoint | None, reporter: Reporter
) -> HDVILA:
    """The model as a run begins or goes on, with the processor that will be saved with it.

    Raises:
        CheckpointError: start weights that do not fit.
    """
    seed_random_numbers(recipe.seed, 0)
    model = build_model(recipe.model)
    if latest is not None:
        model.load_state_dict(latest.model)
    else:
        _load_start_weights(model, recipe, reporter)
        if not (recipe.start.model or recipe.start.resnet):
            _calibrate(model, recipe, data, order)
    if recipe.activation_checkpointing:
        model.checkpoint_activations()
    model.processor = Processor(recipe.data.preprocess, data.tokenizer, recipe.data.text_length)
    return model


def _load_start_weights(model: HDVILA, recipe: Recipe, reporter: Reporter) -> None:
    start = recipe.start
    if start.bert:
        reporter.note(f"{start.bert}: {load_bert(model, start.bert)}")
    if start.resnet:
        reporter.note(f"{start.resnet}: {load_resnet(model, start.resnet)}")
    if start.model:
        report = _load_pretrained(model, start.model, decoder_is_start_value=not start.bert)
        reporter.note(f"{start.model}: {report}")
    elif model.config.has_joint_transformer:
        reporter.note(
            f"{recipe.name} begins without a stage one model: its frozen encoders are random, so the words are learned "
            "from words alone. Name one with --set start.model=STAGE1_RUN/model"
        )


def _load_pretrained(model: HDVILA, source: str, decoder_is_start_value: bool) -> object:
    """A whole stage two model into a stage two model, otherwise everything of stage one; -> a report to print."""
    if model.config.has_joint_transformer:
        given = load_model(source)
        if given.config.variant == model.config.variant:
            _copy_whole(model, given, source)
            return "all weights loaded"
    report = load_stage_one(model, source)
    if model.config.has_joint_transformer and decoder_is_start_value:  # as when it was built: a copy of the word table
        with torch.no_grad():
            words = model.transformer.bert.embeddings.word_embeddings.weight
            model.transformer.cls.predictions.decoder.weight.copy_(words)
    return report


def _copy_whole(model: HDVILA, given: HDVILA, source: str) -> None:
    own, theirs = model.state_dict(), given.state_dict()
    for key in own:
        if key not in theirs or own[key].shape != theirs[key].shape:
            found = tuple(theirs[key].shape) if key in theirs else "missing"
            raise CheckpointError(
                f"{source}: {key} is {found}, the recipe's model has {tuple(own[key].shape)}: give it the sizes "
                "in that model's config.json, such as --set model.hidden_size=128"
            )
    model.load_state_dict(theirs)


def _calibrate(model: HDVILA, recipe: Recipe, data: TrainingData, order: Order) -> None:
    """BatchNorm statistics of random weights, from the first clips of the run."""
    clips = max(1, CALIBRATION_SEGMENTS // recipe.data.preprocess.segments)
    batch = data.dataset.batch(order.draws(1)[:clips])
    with torch.random.fork_rng(devices=[]):
        calibrate_batch_norm(model, [(batch.high, batch.low)])

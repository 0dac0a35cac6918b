"""Systems that read a clip and a text together are trained on pairs, planned, measured and saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hdvila import load_model
from hdvila.data.settings import DataSettings
from hdvila.errors import TrainingError, UsageError
from hdvila.evaluate import evaluate_retrieval
from hdvila.models import register, registry
from hdvila.store import Corpus
from hdvila.tasks import Matching, PretrainImageText
from hdvila.train import Recipe, train
from hdvila.train.checkpoint import Checkpoints
from hdvila.train.log import read_log
from hdvila.train.optim import Optim
from hdvila.train.plan import plan
from hdvila.train.recipe import Start, Validate
from hdvila.train.show import show
from tests.e2e.training_runs import write_corpus
from tests.systems import frame_pairs, frame_words
from tests.systems.frame_mean import Frames
from tests.systems.frame_pairs import FramePairsConfig
from tests.systems.frame_words import FrameWordsConfig

IMAGE_TEXT = Recipe(
    name="image-text",
    task=PretrainImageText(mask_share=0.5),
    model=FrameWordsConfig(vocab_size=80, max_text_positions=12),
    data=DataSettings(preprocess=Frames(1), text_length=12, negatives=1, workers=1),
    steps=20,
    batch_size=8,
    optim=Optim(lr=2e-3),
    validate=Validate(every=10, keep="last"),
    checkpoint_every=20,
)
MATCHING = replace(
    IMAGE_TEXT,
    name="matching",
    task=Matching(consensus="logsumexp"),
    model=FramePairsConfig(vocab_size=80, max_text_positions=12, classes=2),
    data=replace(IMAGE_TEXT.data, preprocess=Frames(2), negatives=2),
)


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    for one in (frame_pairs.SYSTEM, frame_words.SYSTEM):
        register(one)
    yield
    for one in (frame_pairs.SYSTEM, frame_words.SYSTEM):
        registry._SYSTEMS.pop(one.name)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("pairs") / "corpus")


def test_words_and_pairs_are_learned_together(corpus: Path, tmp_path: Path) -> None:
    run = train(IMAGE_TEXT, tmp_path / "run", corpus=corpus).parent
    log = read_log(run)
    assert {"loss", "words_loss", "accuracy", "matching_loss", "matching_accuracy"} <= log[0].keys()
    assert np.mean([line["words_loss"] for line in log[-5:]]) < 0.8 * log[0]["words_loss"]
    assert {"validation", "validation_loss"} <= log[-1].keys()
    model = load_model(run / "model")
    assert model.config == IMAGE_TEXT.model


def test_what_is_frozen_stays_as_it_was_drawn(corpus: Path, tmp_path: Path) -> None:
    """`patches` by the model's own wish, the words by the recipe's."""
    recipe = replace(IMAGE_TEXT, freeze=("words", "joint.layers.0.norm1"), validate=None, steps=3)
    train(replace(recipe, checkpoint_every=3), tmp_path / "run", corpus=corpus)
    made = Checkpoints(tmp_path / "run" / "checkpoints")
    begun, done = (torch.load(made.path(step), weights_only=True)["model"] for step in (0, 3))
    kept = {name for name, weight in done.items() if torch.equal(weight, begun[name])}
    assert kept == {"patches.weight", "patches.bias", "words.weight", "joint.layers.0.norm1.weight",
                    "joint.layers.0.norm1.bias"}  # fmt: skip
    with pytest.raises(TrainingError, match=r"was begun with other settings \(freeze: \['words', .*\] -> \[\]\)"):
        train(replace(recipe, freeze=(), steps=4), tmp_path / "run", corpus=corpus)


def test_frozen_parts_are_counted_and_shown_and_must_be_there() -> None:
    recipe = replace(IMAGE_TEXT, freeze=("words",))
    frozen = {part.name: part.frozen for part in plan(recipe).parts if part.frozen}
    assert frozen == {"patches": 32 * 3 * 64 + 32, "words": 80 * 32}
    assert plan(recipe).memory.gradients < plan(IMAGE_TEXT).memory.gradients
    shown = {group.title: group for group in show(recipe)}
    assert shown["run"].settings["freeze"] == ["words"]
    assert shown["task"].follows["frozen"] == "patches; words"
    with pytest.raises(
        UsageError, match=r"freeze=words.weigh: no part .* it has patches, words, joint, match, word, and"
    ):
        plan(replace(recipe, freeze=("words.weigh",)))
    with pytest.raises(UsageError, match="nothing is left of this frame-words model to train: freeze less"):
        plan(replace(recipe, freeze=("words", "joint", "match", "word")))


def test_pairs_are_learned_and_measured_by_their_scores(corpus: Path, tmp_path: Path) -> None:
    run = train(MATCHING, tmp_path / "run", corpus=corpus).parent
    log = read_log(run)
    assert [line["step"] for line in log if "validation" in line] == [10, 20]
    assert log[-1]["validation"] in (0.0, 0.5, 1.0), "R@1 of the two clips that are held out"
    report = evaluate_retrieval(load_model(run / "model"), Corpus(corpus))
    assert report.text_to_video.queries == 24


@pytest.mark.parametrize("recipe", [IMAGE_TEXT, MATCHING])
def test_they_are_planned_with_their_texts(recipe: Recipe) -> None:
    costs = plan(replace(recipe, data=replace(recipe.data, clips=24)))
    assert costs.memory.activations > 0
    more = replace(recipe, data=replace(recipe.data, clips=24, negatives=5))
    assert (plan(more).memory.activations > costs.memory.activations) == (recipe is MATCHING), "one text is read"


def test_a_corpus_of_one_video_has_no_wrong_texts(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", one_video=True)
    with pytest.raises(UsageError, match=r"all 24 clips are of the video 'v': learn from two videos or more"):
        train(replace(MATCHING, validate=None, start=Start()), tmp_path / "run", corpus=corpus)

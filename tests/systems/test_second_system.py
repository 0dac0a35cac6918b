"""A second system goes all the way with no line of the house changed: trained, saved, loaded, evaluated, searched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hdvila import list_models, load_model, open_library
from hdvila.data.settings import DataSettings
from hdvila.errors import CheckpointError, UsageError
from hdvila.evaluate import evaluate_checkpoint, evaluate_retrieval, write_report
from hdvila.media import write_video
from hdvila.models import register, registry
from hdvila.store import Corpus
from hdvila.tasks import PretrainStage1, PretrainStage2
from hdvila.train import Recipe, train
from hdvila.train.checkpoint import Checkpoints
from hdvila.train.log import read_log
from hdvila.train.optim import Optim
from hdvila.train.plan import plan
from hdvila.train.recipe import Start, Validate
from hdvila.train.show import settings_of, show
from tests.e2e.benchmarks import write_msrvtt_test
from tests.e2e.training_runs import write_corpus
from tests.systems.frame_mean import SYSTEM, FrameMean, FrameMeanConfig, Frames

RECIPE = Recipe(
    name="frame-mean",
    task=PretrainStage1(),
    model=FrameMeanConfig(vocab_size=80, max_text_positions=8),
    data=DataSettings(preprocess=Frames(), text_length=8, workers=1),
    steps=40,
    batch_size=8,
    optim=Optim(lr=2e-3),
    validate=Validate(every=20, keep="last"),
    checkpoint_every=20,
)


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    """The one line."""
    register(SYSTEM)
    yield
    registry._SYSTEMS.pop(SYSTEM.name)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("second")


@pytest.fixture(scope="module")
def corpus(root: Path) -> Path:
    return write_corpus(root / "corpus")


@pytest.fixture(scope="module")
def run(root: Path, corpus: Path) -> Path:
    return train(RECIPE, root / "run", corpus=corpus).parent


def test_it_is_one_of_the_systems() -> None:
    assert list(list_models()) == ["hdvila", "clipbert", "frame-mean"]
    with pytest.raises(UsageError, match="there is a system 'frame-mean' already"):
        register(type(SYSTEM)())
    with pytest.raises(UsageError, match="is not a System"):
        register("frame-mean")  # type: ignore[arg-type]


def test_its_recipe_is_counted_and_shown_and_must_fit() -> None:
    recipe = replace(RECIPE, data=replace(RECIPE.data, clips=24))
    counted = plan(recipe)
    assert sum(part.trained for part in counted.parts) == sum(
        p.numel()
        for p in FrameMean(RECIPE.model).parameters()  # type: ignore[arg-type]
    )
    assert counted.memory.activations > 0
    assert {"model.width", "data.preprocess.count"} <= settings_of(recipe).keys()
    seen = next(group for group in show(recipe) if group.title == "what of a clip is seen")
    assert seen.follows == {"frames": "4 of 32x32"}
    with pytest.raises(UsageError, match="a model of frame-mean does not fit the task PretrainStage2"):
        replace(RECIPE, task=PretrainStage2())


def test_it_learns(run: Path) -> None:
    log = read_log(run)
    assert len(log) == 40
    assert np.mean([line["loss"] for line in log[-5:]]) < 0.8 * log[0]["loss"]
    assert {"validation", "validation_loss"} <= log[-1].keys()


def test_a_run_that_is_ended_goes_on_to_the_same_weights(run: Path, root: Path, corpus: Path) -> None:
    ended = Path(shutil.copytree(run, root / "ended"))
    shutil.rmtree(ended / "model")
    Checkpoints(ended / "checkpoints").path(40).unlink()
    weights = load_model(run / "model").state_dict()
    for name, weight in load_model(train(RECIPE, ended, corpus=corpus)).state_dict().items():
        assert torch.equal(weight, weights[name]), name


def test_it_is_saved_and_loaded_with_what_it_reads_by(run: Path, root: Path) -> None:
    model = load_model(run / "model")
    assert isinstance(model, FrameMean)
    assert model.processor is not None
    assert model.processor.preprocess == Frames()
    assert model.config == RECIPE.model
    model.save_pretrained(root / "again")
    assert all(
        torch.equal(weight, model.state_dict()[name])
        for name, weight in load_model(root / "again").state_dict().items()
    )
    for other in (run / "checkpoints" / "step_00000040.pt", model.state_dict()):
        assert isinstance(load_model(other, vocab_size=80, max_text_positions=8), FrameMean)
    with pytest.raises(CheckpointError, match="1 missing: places"):
        load_model({k: v for k, v in model.state_dict().items() if k != "places"}, vocab_size=80, max_text_positions=8)
    with pytest.raises(UsageError, match="'hight' is not a setting of a model"):
        load_model(run / "model", hight=3)


def test_it_starts_from_nothing_that_it_does_not_know(root: Path, corpus: Path) -> None:
    with pytest.raises(UsageError, match=r"frame-mean has no such initial weights: it begins from start\.model"):
        train(replace(RECIPE, start=Start(resnet="somewhere")), root / "resnet", corpus=corpus)


def test_it_is_evaluated(run: Path, root: Path, corpus: Path) -> None:
    report = evaluate_retrieval(load_model(run / "model"), Corpus(corpus))
    assert report.text_to_video.r1 > 2 / 24
    assert report.seen == {"least": 1.0, "mean": 1.0}

    data = write_msrvtt_test(root / "msrvtt")
    done = evaluate_checkpoint(str(run / "model"), "msrvtt-1ka", data)
    assert done.record.text_to_video is not None
    assert done.record.queries == 6
    assert done.record.recipe is not None
    assert done.record.recipe["preprocess"] == {"count": 4, "size": 32}
    write_report(done, root / "report.html")
    assert "4 of 32x32" in (root / "report.html").read_text()
    with pytest.raises(UsageError, match="frame-mean has no zero-shot setting for msrvtt-1ka"):
        evaluate_checkpoint(str(run / "model"), "msrvtt-1ka", data, sampling="zero-shot")


def test_it_indexes_and_searches(run: Path, root: Path) -> None:
    videos = root / "videos"
    videos.mkdir()
    for name, colour in (("dark", 20), ("bright", 230)):
        write_video(videos / f"{name}.mp4", np.full((40, 64, 96, 3), colour, np.uint8), 10)
    library = open_library(root / "library")
    reports = library.index([videos], str(run / "model"))
    assert [report.status for report in reports] == ["indexed", "indexed"]
    hits = library.search("a thing a and s", k=2)
    assert {Path(hit.file).stem for hit in hits} == {"dark", "bright"}
    model: Any = load_model(run / "model")
    whole = model.embed_video(videos / "dark.mp4")
    assert float(whole @ model.embed_text("a thing a and s")[0]) == pytest.approx(
        next(hit.channels["picture"] for hit in hits if Path(hit.file).stem == "dark"), abs=2e-3
    )
    with torch.no_grad():
        model.places.add_(1.0)
    with pytest.raises(UsageError, match="another model"):
        library.index([videos], model)


def test_a_system_without_words_of_its_own_about_freezing_learns_masked_words_in_all_its_parts() -> None:
    model = FrameMean(RECIPE.model)  # type: ignore[arg-type]
    PretrainStage2().start(model)
    PretrainStage2().train_mode(model)
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert model.training


def test_an_array_that_a_system_does_without_stays_none_in_a_batch() -> None:
    class Clip:
        arrays = (np.zeros((2, 3, 4, 4), np.uint8), None)

    first, second = Frames().collate([Clip(), Clip()])
    assert first is not None
    assert first.shape == (2, 2, 3, 4, 4)
    assert second is None

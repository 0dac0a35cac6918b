"""What a run learns from besides its own data: by the same answers, without the videos that it is measured on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.errors import UsageError
from hdvila.recipes import get_recipe
from hdvila.settings import override
from hdvila.store import Corpus
from hdvila.tasks import PretrainStage1, VideoQA
from hdvila.train.checkpoint import Checkpoint, Checkpoints
from hdvila.train.data import open_also, open_data
from hdvila.train.plan import plan
from hdvila.train.recipe import Ingredient, Recipe
from hdvila.train.resume import last_checkpoint, recorded
from hdvila.train.show import show
from tests.e2e.benchmarks import write_didemo, write_qa
from tests.e2e.training_runs import SETTINGS, write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "corpus")


def of_corpus(corpus: Path) -> Recipe:
    changes = [f"{key}={value}" for key, value in (SETTINGS | {"data.corpus": corpus}).items()]
    base = override(get_recipe("miniature-stage1"), changes)
    return replace(base, also=(Ingredient(PretrainStage1(temperature=0.5), base.data, weight=3.0),))


def test_no_source_holds_a_video_that_the_run_is_measured_on(corpus: Path) -> None:
    recipe = override(of_corpus(corpus), ["validate.every=5"])
    first = open_data(recipe)
    other = open_also(recipe, 0, first)
    clips = Corpus(corpus).clips
    learned, also = ({clips[one.dataset[i].clip].video_id for i in range(len(one.dataset))} for one in (first, other))
    assert learned == also
    assert len(learned) < len(clips)


def test_a_benchmark_keeps_apart_what_another_is_measured_on_and_is_remembered(tmp_path: Path) -> None:
    data = write_didemo(tmp_path / "data")
    base = override(get_recipe("miniature-didemo-retrieval"), [f"data.benchmark.folder={data}"])
    recipe = replace(base, also=(Ingredient(base.task, base.data),))
    first = open_data(recipe)
    assert first.training is not None
    assert open_also(recipe, 0, first).training == first.training
    known = json.loads((data / "train_data.json").read_text())
    validation = json.loads((data / "val_data.json").read_text())
    (data / "train_data.json").write_text(json.dumps(known + validation))  # lists that overlap
    assert len(open_data(recipe).dataset) == 32
    assert len(open_also(recipe, 0, first).dataset) == 24


def test_questions_of_all_sources_are_answered_by_one_vocabulary(tmp_path: Path) -> None:
    one, other = write_qa(tmp_path / "one", train=10, test=5), write_qa(tmp_path / "other", train=10, test=5)
    rows = json.loads((other / "train_qa.json").read_text())
    for row in rows:  # others are frequent here, so its own vocabulary has another order
        row["answer"] = {"red": "white", "green": "white"}.get(row["answer"], row["answer"])
    (other / "train_qa.json").write_text(json.dumps(rows))
    base = override(get_recipe("miniature-msrvtt-qa"), [f"data.benchmark.folder={one}"])
    recipe = replace(base, also=(Ingredient(VideoQA(), base.data),))
    recipe = override(recipe, [f"also.0.data.benchmark.folder={other}"])
    first = open_data(recipe)
    second = open_also(recipe, 0, first)
    assert first.answers is not None
    answers = [second.dataset[i].answer for i in range(len(second.dataset))]
    assert [first.answers.words[answer] for answer in answers if answer is not None] == [row["answer"] for row in rows]
    vocabulary = tmp_path / "others.json"
    vocabulary.write_text(json.dumps({"yes": 0, "no": 1}))
    with pytest.raises(UsageError, match=r"also\.0\.data\.benchmark: its questions .* leave .*answers empty"):
        open_also(override(recipe, [f"also.0.data.benchmark.answers={vocabulary}"]), 0, first)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda one: replace(one, data=replace(one.data, text_length=900)), r"also\.0\.data\.text_length=900 exceeds"),
        (lambda one: replace(one, data=replace(one.data, corpus="")), r"names no corpus.*also\.0\.data\.corpus=FOLDER"),
    ],
)
def test_what_is_wrong_with_a_further_source_is_named(
    corpus: Path, wrong: Callable[[Ingredient], Ingredient], message: str
) -> None:
    recipe = of_corpus(corpus)
    with pytest.raises(UsageError, match=message):
        open_also(replace(recipe, also=(wrong(recipe.also[0]),)), 0, open_data(recipe))


def test_questions_need_a_benchmark_in_every_source() -> None:
    base = get_recipe("miniature-msrvtt-qa")
    corpus = replace(base.data, benchmark=None, corpus="somewhere")
    with pytest.raises(UsageError, match=r"has no also\.0\.data\.benchmark"):
        replace(base, also=(Ingredient(VideoQA(), corpus),))


def test_epochs_count_the_steps_of_the_data_they_are_of(corpus: Path) -> None:
    recipe = of_corpus(corpus)  # 24 clips, 8 in a step, a quarter of the steps, 60 of them
    assert recipe.share == 0.25
    assert recipe.steps_per_epoch(3) == 12
    assert plan(recipe).epochs == 5
    assert plan(replace(recipe, also=())).epochs == 20
    groups = {group.title: group for group in show(recipe)}
    assert groups["run"].follows["epochs"] == "5 of 24 examples"
    assert groups["further sources"].follows == {"also.0": "PretrainStage1 in 0.75 of the steps"}
    assert groups["further sources"].settings["also.0.weight"] == 3.0


def test_what_changes_no_result_may_change_in_every_source(corpus: Path, tmp_path: Path) -> None:
    recipe, latest = of_corpus(corpus), tmp_path / "run" / "checkpoints"
    checkpoint = Checkpoint(0, {}, {}, recorded(recipe), {})
    Checkpoints(latest).save(checkpoint)
    moved = override(recipe, ["also.0.data.workers=0", "also.0.data.corpus=/elsewhere"])
    assert last_checkpoint(moved, tmp_path / "run") is not None


def test_the_tokenizer_of_a_further_source_is_not_asked_for(corpus: Path, tmp_path: Path) -> None:
    recipe = of_corpus(corpus)
    other = write_corpus(tmp_path / "other", thing="jkl xyz")
    data = replace(recipe.also[0].data, corpus=str(other), tokenizer="miniature")
    mixed = replace(recipe, also=(replace(recipe.also[0], data=data),))
    first = open_data(mixed)
    assert open_also(mixed, 0, first).tokenizer is first.tokenizer

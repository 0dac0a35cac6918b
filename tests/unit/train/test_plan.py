"""The plan's numbers against what a real step holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hdvila.data.order import SampleKey
from hdvila.errors import UsageError
from hdvila.hub import build_model
from hdvila.recipes import get_recipe
from hdvila.settings import override
from hdvila.store import Corpus
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.train.memory import estimate_memory
from hdvila.train.plan import plan
from hdvila.train.recipe import Recipe, Validate
from tests.e2e.benchmarks import write_qa
from tests.unit.corpus.corpora import make_corpus
from tests.unit.train.toy_training import SETTINGS, config, dataset, model

RECIPE = Recipe("toy", PretrainStage1(), config(), SETTINGS, steps=10, batch_size=4)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_activations_are_what_a_real_forward_pass_saves(precision: str) -> None:
    recipe = override(RECIPE, [f"precision={precision}"])
    net = build_model(recipe.model).train()
    batch = dataset().batch([SampleKey(0, i) for i in range(4)])
    saved: dict[int, torch.UntypedStorage] = {}
    own = {parameter.untyped_storage()._cdata for parameter in net.parameters()}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            saved[storage._cdata] = storage
        return tensor

    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"),
    ):
        recipe.task.forward(net, batch)
    real = sum(storage.nbytes() for storage in saved.values())
    assert estimate_memory(recipe, 4).activations == pytest.approx(real, rel=0.01)


def test_parameters_are_counted_by_part() -> None:
    found = plan(replace(RECIPE, model=config("stage2"), task=PretrainStage2()))
    net = model("stage2")
    assert sum(part.trained + part.frozen for part in found.parts) == sum(p.numel() for p in net.parameters())
    parts = {part.name: part for part in found.parts}
    assert parts["cnn"].trained == 0
    assert parts["transformer.cls"].trained > 0


def test_memory_grows_with_the_batch_and_shrinks_with_tricks() -> None:
    recipe = override(get_recipe("miniature-stage1"), ["precision=bfloat16"])
    small, large = (estimate_memory(recipe, clips) for clips in (32, 64))
    assert small.weights == large.weights
    assert 1.7 < large.activations / small.activations < 2.1
    kept = estimate_memory(override(recipe, ["activation_checkpointing=true"]), 64)
    assert kept.activations < large.activations
    assert estimate_memory(override(recipe, ["precision=float32"]), 64).activations > 1.5 * large.activations


def test_a_chunk_bounds_what_runs_at_a_time() -> None:
    recipe = override(get_recipe("miniature-stage1"), ["processes=2", "chunk=8"])
    assert plan(recipe).memory.clips == 8
    assert plan(override(recipe, ["chunk=0"])).memory.clips == 32


def test_a_plan_knows_the_videos_that_a_run_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdvila.train.plan.estimate_memory", lambda *_: None)  # takes seconds, and is tested above
    recipe = get_recipe("miniature-stage1")
    assert plan(recipe).videos == 640
    assert plan(override(recipe, ["data.corpus=own"])).videos == 0


def test_a_plan_counts_what_its_protocol_trains_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdvila.train.plan.estimate_memory", lambda *_: None)  # takes seconds, and is tested above
    recipe = get_recipe("msrvtt-retrieval")
    assert plan(recipe).clips == 9000
    fewer = plan(override(recipe, ["data.benchmark.protocol=msrvtt-1ka-7k"]))
    assert fewer.clips == 7010
    assert fewer.epochs == recipe.steps * recipe.batch_size / 7010
    assert plan(get_recipe("miniature-msrvtt-retrieval")).clips == 0, "a miniature has as many as were rendered"


@pytest.mark.parametrize("streams", ["high", "low"])
def test_one_stream_is_planned_too(streams: str) -> None:
    one = estimate_memory(override(RECIPE, [f"data.preprocess.streams={streams}"]), 4)
    assert 0 < one.activations < estimate_memory(RECIPE, 4).activations


def test_a_plan_counts_the_corpus_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdvila.train.plan.estimate_memory", lambda *_: None)  # takes seconds, and is tested above
    corpus = make_corpus(tmp_path / "corpus", ["a red dog"] * 12, per_video=1)
    recipe = replace(RECIPE, data=replace(SETTINGS, corpus=str(corpus), clips=7), steps=30)
    planned = plan(recipe)
    assert (planned.clips, planned.epochs, planned.store_bytes) == (12, 10, 0)
    lengths = [clip.end - clip.start for clip in Corpus(corpus).clips]
    assert (planned.stored_clips, planned.clip_seconds) == (12, pytest.approx(sum(lengths) / 12))
    held = plan(replace(recipe, validate=Validate()))
    assert (held.clips, held.stored_clips) == (10, 12), "two are measured on"
    packed = [Corpus(corpus).packed(i) for i in range(12)]
    high, low = (np.mean([len(file) for one in packed for file in one[stream].data]) for stream in ("hr", "lr"))
    see = recipe.data.preprocess
    assert planned.read_bytes == int(30 * 4 * see.segments * (high + 2 * see.neighbours * low))
    with pytest.raises(UsageError, match="there are only 12 clips to train on"):
        plan(replace(recipe, batch_size=16))
    elsewhere = plan(override(recipe, ["data.corpus=elsewhere"]))
    assert (elsewhere.clips, elsewhere.corpus, elsewhere.epochs) == (0, "elsewhere", None), "7 are those of another"


def test_a_plan_counts_a_clip_once_for_all_questions_about_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdvila.train.plan.estimate_memory", lambda *_: None)
    published = plan(get_recipe("msrvtt-qa"))
    assert (published.clips, published.stored_clips, published.clip_seconds) == (158_581, 10_000, 15.0)
    videos = plan(get_recipe("msrvtt-retrieval"))
    assert videos.store_bytes == published.store_bytes > 0, "of the same videos"
    data = write_qa(tmp_path / "data", train=10, test=5)  # eleven questions about ten videos, and ten videos more
    recipe = override(get_recipe("miniature-msrvtt-qa"), [f"data.benchmark.folder={data}", "batch_size=2"])
    here = plan(recipe)
    assert (here.clips, here.stored_clips, here.clip_seconds, here.store_bytes) == (11, 20, 2.0, 0)
    assert here.epochs == recipe.steps * 2 / 11


def test_a_cut_model_takes_a_part_of_the_memory() -> None:
    recipe = replace(get_recipe("hdvila-stage1"), processes=4)
    whole, cut = (estimate_memory(replace(recipe, shard=shard), 2) for shard in (False, True))
    assert (cut.gradients, cut.optimizer) == (whole.gradients // 4, whole.optimizer // 4)
    assert whole.weights / 4 < cut.weights < whole.weights / 2
    assert cut.activations == whole.activations

"""The models of the study: their initial weights, their fine-tuning, and their tests."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from hdvila.evaluate.clip_test import ClipTest, benchmark_test
from hdvila.evaluate.evaluation import evaluate
from hdvila.hub import load_model
from hdvila.lab.corpora import corpus_of
from hdvila.lab.sparse_sampling.plan import SamplingScale, SparseTuning, StartName, TaskName, numbers_of_test_clips
from hdvila.models import get_system
from hdvila.nn.weight_files import read_weights
from hdvila.progress import Reporter
from hdvila.recipes import get_recipe
from hdvila.settings import override
from hdvila.train.loop import train
from hdvila.train.recipe import Recipe, Start

__all__ = ["SamplingRow", "TuningJob", "fine_tune", "make_start", "missing_starts"]

_PROTOCOLS: dict[TaskName, str] = {"retrieval": "msrvtt-1ka-7k", "questions": "msrvtt-qa"}
_RECIPES: dict[TaskName, str] = {
    "retrieval": "miniature-clipbert-retrieval",
    "questions": "miniature-clipbert-questions",
}


@dataclass(frozen=True, slots=True)
class TuningJob:
    """A model to fine-tune and test."""

    task: TaskName
    model: SparseTuning
    seed: int

    def __str__(self) -> str:
        return f"{self.task}, {self.model.name}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class SamplingRow:
    """One test of one model.

    Attributes:
        task, model, seed: which (`SparseTuning.name`).
        test_clips: N_test.
        score: R@1 from text to video, or accuracy, 0..1; `low` and `high` are its 95 % interval over queries.
        r5, r10, median: of retrieval; 0 for questions.
        steps, seconds: of fine-tuning; of a killed and continued one, the seconds since it was continued.
    """

    task: str
    model: str
    seed: int
    test_clips: int
    score: float
    low: float
    high: float
    r5: float
    r10: float
    median: float
    steps: int
    seconds: float


# ---- initial weights: made once, with seed 0, for all models

_NEEDED: dict[StartName, tuple[str, ...]] = {
    "nothing": (),
    "words": ("words",),
    "ResNet and words": ("stage1", "words", "resnet-words"),
    "image-text": ("stage1", "pretraining"),
}
"""The runs behind a start, in order; the last one's model is it."""


def missing_starts(root: Path, starts: Iterable[StartName]) -> list[str]:
    """The runs that are still to do for these starts, in order, each once."""
    names = dict.fromkeys(name for start in starts for name in _NEEDED[start])
    return [name for name in names if not (_model(root, name) / "config.json").exists()]


def make_start(root: Path, scale: SamplingScale, name: str, reporter: Reporter) -> None:
    """Run one of `missing_starts`.

    stage1 is HD-VILA's, for its ResNet. words learns masked words beside a ResNet that stays random, in the place of
    BERT. resnet-words is words with the ResNet of stage1.
    """
    resnet = _model(root, "stage1").parent / "resnet.pth"
    if name == "resnet-words":
        model = load_model(_model(root, "words"))
        get_system(model.system).starts()["resnet"](model, str(resnet))
        model.save_pretrained(_model(root, name))
        return
    recipe = replace(get_recipe("miniature-stage1"), steps=scale.stage1)
    if name != "stage1":
        recipe = replace(get_recipe("miniature-clipbert-pretraining"), steps=scale.pretraining)
        recipe = (
            replace(recipe, freeze=("cnn",)) if name == "words" else replace(recipe, start=Start(resnet=str(resnet)))
        )
    train(recipe, _model(root, name).parent, reporter, corpus=corpus_of(root / "world"))
    if name == "stage1":
        weights = read_weights(_model(root, name) / "model.safetensors")
        torch.save({key.removeprefix("cnn."): one for key, one in weights.items() if key.startswith("cnn.")}, resnet)


def _model(root: Path, name: str) -> Path:
    return root / "starts" / name / "model"


# ---- fine-tuning and tests


def fine_tune(root: Path, scale: SamplingScale, job: TuningJob, reporter: Reporter) -> list[SamplingRow]:
    """Fine-tune a model and test it with each number of clips that a table asks for; -> a row a test.

    Raises:
        HdvilaError: whatever training or testing raises.
    """
    recipe = _recipe(root, scale, job)
    began = time.perf_counter()
    model = train(recipe, root / "runs" / f"{job.task}-{job.model.name}-{job.seed}".replace(" ", "-"), reporter)
    seconds = round(time.perf_counter() - began, 1)
    test = _local_test(root, scale, job.task)
    rows = []
    for clips in numbers_of_test_clips(job.model):
        record = evaluate(model, test, segments=clips, reporter=reporter).record
        if (found := record.text_to_video) is not None:
            score, (low, high) = found["r1"], found["intervals"]["r1"]
            ranks = found["r5"], found["r10"], found["median_rank"]
        else:
            assert record.accuracy is not None
            assert record.intervals is not None
            score, (low, high), ranks = record.accuracy, record.intervals["accuracy"], (0.0, 0.0, 0.0)
        rows.append(
            SamplingRow(job.task, job.model.name, job.seed, clips, score, low, high, *ranks, recipe.steps, seconds)
        )
    return rows


def _local_test(root: Path, scale: SamplingScale, task: TaskName) -> ClipTest:
    """The local validation of the paper: pairs of test videos that no other test uses, or the questions of the
    validation split."""
    data = root / "benchmarks" / "msrvtt"
    if task == "questions":
        return benchmark_test("msrvtt-qa", data, split="validation")
    whole = benchmark_test("msrvtt-1ka", data)
    videos = list(whole.numbers)[: scale.pairs]
    captions = tuple(one for one in whole.annotations.captions if one.video_id in videos)
    kept = tuple(one for one in whole.annotations.videos if one.video_id in videos)
    annotations = replace(whole.annotations, videos=kept, captions=captions)
    return replace(whole, annotations=annotations, numbers={video: whole.numbers[video] for video in videos})


def _recipe(root: Path, scale: SamplingScale, job: TuningJob) -> Recipe:
    how, needed = job.model, _NEEDED[job.model.start]
    changes = {
        "seed": job.seed,
        "steps": scale.tuning,
        "task.consensus": how.consensus,
        "model.fusion": how.fusion,
        "data.preprocess.size": how.size,
        "data.preprocess.clips": how.clips,
        "data.preprocess.frames": how.frames,
        "data.preprocess.drawn": how.drawn,
        "data.benchmark.protocol": _PROTOCOLS[job.task],
        "data.benchmark.folder": root / "benchmarks" / "msrvtt",
        "start.model": _model(root, needed[-1]) if needed else "",
        "freeze": ",".join(how.freeze),
        "validate": "none",
    }
    return override(get_recipe(_RECIPES[job.task]), [f"{key}={value}" for key, value in changes.items()])

"""Running the frame-selection study: one model for each choice of frames, on worlds that need detail and time.

All models have equal steps and several seeds, and every choice is tested on the same middle frames. Each finished run
is a line of ``results.jsonl``; the same call continues a killed study.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hdvila.evaluate.retrieval import evaluate_retrieval
from hdvila.hub import load_model, pick_device
from hdvila.lab.corpora import build_world, corpus_of
from hdvila.lab.frame_selection.word_swaps import swap_words
from hdvila.lab.parallel import in_parallel
from hdvila.lab.rows import add_rows, check_steps, read_rows
from hdvila.miniature.folder import claim
from hdvila.miniature.world import ActionMix, Shares, WorldConfig
from hdvila.progress import SILENT, Reporter
from hdvila.recipes import get_recipe
from hdvila.store import Corpus
from hdvila.train.log import read_log
from hdvila.train.loop import train
from hdvila.train.recipe import Recipe

TRAIN_VIDEOS, TEST_VIDEOS, GALLERY, STEPS = 1280, 44, 256, 1000
"""Twice the demo's videos: with fewer, models that see detail or motion overfit to the training combinations."""

ALONE = 5
"""Neighbours on each side, not read, around an HR frame alone: it is the middle frame of the hybrid choices."""


@dataclass(frozen=True, slots=True)
class FrameChoice:
    """The frames of a segment that a model sees: HR middle frames (0 or 1) and LR neighbours (both sides together)."""

    high: int
    low: int

    @property
    def name(self) -> str:
        return f"{self.high} HR + {self.low} LR"

    @property
    def streams(self) -> str:
        return "hybrid" if self.high and self.low else "high" if self.high else "low"

    @property
    def neighbours(self) -> int:
        """LR frames on each side; `ALONE` where only the HR frame is read."""
        return self.low // 2 or ALONE


ALL_CHOICES = (FrameChoice(1, 0), FrameChoice(0, 10), FrameChoice(1, 6), FrameChoice(1, 10), FrameChoice(1, 14))
MAIN_CHOICES = (FrameChoice(1, 0), FrameChoice(0, 10), FrameChoice(1, 10))


def _world(texture: float, action: float) -> WorldConfig:
    """A world whose narration always tells the colour, texture and movement with these shares, and nothing else."""
    silence = {"phrase": 0.0, "object": 0.0, "place": 0.0, "mark": 0.0, "aside": 0.0}
    shares = Shares(**silence, colour=1.0, texture=texture, action=action)
    return WorldConfig(shares, ActionMix(move=1.0, turn=0.0, repeat=0.0, order=0.0))


WORLDS: dict[str, tuple[WorldConfig, Sequence[FrameChoice]]] = {
    "balanced": (_world(texture=1.0, action=1.0), ALL_CHOICES),
    "more detail": (_world(texture=1.0, action=0.3), MAIN_CHOICES),
    "more time": (_world(texture=0.3, action=1.0), MAIN_CHOICES),
}
"""Name -> (settings, choices compared in it).

About three bits each of what any frame shows, of detail and of time; the last two are told more or less often.
"""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One model to train."""

    world: str
    frames: FrameChoice
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        return self.world, self.frames.name, self.seed

    def __str__(self) -> str:
        return f"{self.world}, {self.frames.name}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Result:
    """One trained model, measured on the held-out clips of its world.

    Attributes:
        world, frames, seed, steps: which run.
        r1, r10: text-to-video recalls, 0..1.
        median_rank: of the right clip.
        last_loss: of training.
        swaps: `word_swaps.swap_words`: kind of word -> share of clips whose true word wins, 0..1.
    """

    world: str
    frames: str
    seed: int
    steps: int
    r1: float
    r10: float
    median_rank: float
    last_loss: float
    swaps: dict[str, float]


def run_study(
    into: str | os.PathLike[str],
    *,
    seeds: Sequence[int] = (0, 1, 2),
    steps: int = STEPS,
    worlds: Sequence[str] = tuple(WORLDS),
    videos: int = TRAIN_VIDEOS,
    reporter: Reporter = SILENT,
    workers: int | None = None,
) -> list[Result]:
    """Train and test every choice of frames in every world; -> all results, in the order of the table.

    Args:
        into: the study's folder; runs that are finished there are not repeated.
        seeds: of training; the worlds are the same for all.
        steps: of each run.
        worlds: names from `WORLDS`.
        videos: for training.
        reporter: shows progress.
        workers: models trained at the same time (`in_parallel`).

    Raises:
        UsageError: the folder holds a study of other steps or videos, or a line of its results is damaged.
        HdvilaError: whatever rendering, cutting, training or testing raises.
    """
    root = Path(into)
    runs = [TrainingRun(world, frames, seed) for world in worlds for seed in seeds for frames in WORLDS[world][1]]
    root.mkdir(parents=True, exist_ok=True)
    results = read_rows(root, Result)
    for result in results:
        check_steps(root, f"{result.world}, {result.frames}", result.steps, steps)
    claim(root / "study.json", {"steps": steps, "videos": videos}, "a frame-selection study")
    done = {(result.world, result.frames, result.seed): result for result in results}
    missing = [run for run in runs if run.key not in done]
    for world in dict.fromkeys(run.world for run in missing):
        folder, config = _folder(root, world), WORLDS[world][0]
        build_world(folder / "train", videos, 0, "train", config, reporter)
        build_world(folder / "test", TEST_VIDEOS, 0, "test", config, reporter)
    with reporter.task("training models", total=len(runs), done=len(runs) - len(missing)) as bar:
        for run, result in in_parallel(partial(_train_and_test, root, steps), missing, reporter, workers=workers):
            done[run.key] = result
            add_rows(root, [result])
            bar.advance(note=f"{run}: R@1 {result.r1:.1%}")
    return [done[run.key] for run in runs]


def _folder(root: Path, world: str) -> Path:
    return root / world.replace(" ", "-")


def _train_and_test(root: Path, steps: int, run: TrainingRun, reporter: Reporter) -> Result:
    folder, recipe = _folder(root, run.world), _recipe(run.frames, run.seed, steps)
    into = folder / f"{run.frames.high}hr-{run.frames.low}lr-seed{run.seed}"
    model = load_model(train(recipe, into, reporter, corpus=corpus_of(folder / "train")), device=pick_device())
    corpus = Corpus(corpus_of(folder / "test"))
    clips = range(min(GALLERY, len(corpus)))
    scores = evaluate_retrieval(
        model, corpus, clips=clips, batch_size=32, as_trained=True, reporter=reporter
    ).text_to_video
    swaps = {kind: swap.right for kind, swap in swap_words(model, corpus, clips).items()}
    last = read_log(into)[-1]["loss"]
    return Result(*run.key, recipe.steps, scores.r1, scores.r10, scores.median_rank, last, swaps)


def _recipe(frames: FrameChoice, seed: int, steps: int) -> Recipe:
    base = get_recipe("miniature-stage1")
    seen = replace(base.data.preprocess, neighbours=frames.neighbours, streams=frames.streams)
    return replace(
        base,
        seed=seed,
        steps=steps,
        data=replace(base.data, preprocess=seen),
        model=replace(base.model, frames=max(1, frames.low + frames.high)),
        checkpoint_every=100,
    )

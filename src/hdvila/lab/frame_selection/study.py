"""The paper's frame-selection table (Xue et al. 2022, table 9) in the miniature world.

One model for each choice of frames, equal steps, several seeds, on worlds whose narration needs detail and time to
different degrees. Every choice is tested on the same middle frames. Every finished run is a line of ``results.jsonl``;
a killed study is continued by the same call.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from hdvila.evaluate.retrieval import evaluate_retrieval
from hdvila.hub import load_model, pick_device
from hdvila.lab.corpora import build_world, corpus_of
from hdvila.lab.frame_selection.word_swaps import swap_words
from hdvila.lab.parallel import in_parallel
from hdvila.miniature.world import ActionMix, Shares, WorldConfig
from hdvila.progress import SILENT, Reporter
from hdvila.recipes import get_recipe
from hdvila.store import Corpus
from hdvila.train.log import read_log
from hdvila.train.loop import train
from hdvila.train.recipe import Recipe

TRAIN_VIDEOS, TEST_VIDEOS, GALLERY, STEPS = 1280, 44, 256, 1000
"""Twice the demo's videos: models that see detail or motion learn combinations by heart from fewer."""

ALONE = 5


@dataclass(frozen=True, slots=True)
class FrameChoice:
    """What a model sees of a segment: HR middle frames (0 or 1) and LR neighbours."""

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
        """LR frames on each side. A middle frame alone is the one that `ALONE` neighbours would stand around."""
        return self.low // 2 or ALONE


ALL_CHOICES = (FrameChoice(1, 0), FrameChoice(0, 10), FrameChoice(1, 6), FrameChoice(1, 10), FrameChoice(1, 14))
MAIN_CHOICES = (FrameChoice(1, 0), FrameChoice(0, 10), FrameChoice(1, 10))


def _world(texture: float, action: float) -> WorldConfig:
    """Narration that always tells the colour, and how often texture and movement; nothing else, and no asides."""
    silence = {"phrase": 0.0, "object": 0.0, "place": 0.0, "mark": 0.0, "aside": 0.0}
    shares = Shares(**silence, colour=1.0, texture=texture, action=action)
    return WorldConfig(shares, ActionMix(move=1.0, turn=0.0, repeat=0.0, order=0.0))


WORLDS: dict[str, tuple[WorldConfig, Sequence[FrameChoice]]] = {
    "balanced": (_world(texture=1.0, action=1.0), ALL_CHOICES),
    "more detail": (_world(texture=1.0, action=0.3), MAIN_CHOICES),
    "more time": (_world(texture=0.3, action=1.0), MAIN_CHOICES),
}
"""Name -> settings and the choices compared in it. Three bits each of what any frame shows, of detail and of time, the
latter two told more or less often."""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A model to train."""

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
    """One trained model's numbers on the held-out clips of its world."""

    world: str
    frames: str
    seed: int
    steps: int
    r1: float
    r10: float
    median_rank: float
    last_loss: float
    swaps: dict[str, float]
    """`hdvila.lab.frame_selection.word_swaps.swap_words`: kind of word -> how often the true one wins."""


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
        into: the study's folder; finished runs found there are not repeated.
        seeds: one training run for each; the world is the same for all.
        steps: of each run.
        worlds: names from `WORLDS`.
        videos: to learn from.
        workers: models trained side by side (`in_parallel`).

    Raises:
        HdvilaError: whatever rendering, cutting, training or testing raises.
    """
    root = Path(into)
    jobs = [TrainingRun(world, frames, seed) for world in worlds for seed in seeds for frames in WORLDS[world][1]]
    done = {(result.world, result.frames, result.seed): result for result in read_results(root)}
    missing = [job for job in jobs if job.key not in done]
    for world in dict.fromkeys(job.world for job in missing):
        folder, config = _folder(root, world), WORLDS[world][0]
        build_world(folder / "train", videos, 0, "train", config, reporter)
        build_world(folder / "test", TEST_VIDEOS, 0, "test", config, reporter)
    with reporter.task("training models", total=len(jobs), done=len(jobs) - len(missing)) as bar:
        for job, result in in_parallel(partial(_run, root, steps), missing, reporter, workers=workers):
            done[job.key] = result
            with open(root / "results.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(result)) + "\n")
            bar.advance(note=f"{job}: R@1 {result.r1:.1%}")
    return [done[job.key] for job in jobs]


def read_results(root: Path) -> list[Result]:
    """The finished runs of a study, in the order of its jobs."""
    file = root / "results.jsonl"
    if not file.exists():
        return []
    return [Result(**json.loads(line)) for line in file.read_text(encoding="utf-8").split("\n") if line]


def _folder(root: Path, world: str) -> Path:
    return root / world.replace(" ", "-")


def _run(root: Path, steps: int, job: TrainingRun, reporter: Reporter) -> Result:
    folder, recipe = _folder(root, job.world), _recipe(job.frames, job.seed, steps)
    run = folder / f"{job.frames.high}hr-{job.frames.low}lr-seed{job.seed}"
    model = load_model(train(recipe, run, reporter, corpus=corpus_of(folder / "train")), device=pick_device())
    corpus = Corpus(corpus_of(folder / "test"))
    clips = range(min(GALLERY, len(corpus)))
    scores = evaluate_retrieval(
        model, corpus, clips=clips, batch_size=32, as_trained=True, reporter=reporter
    ).text_to_video
    swaps = {kind: swap.right for kind, swap in swap_words(model, corpus, clips).items()}
    last = read_log(run)[-1]["loss"]
    return Result(*job.key, recipe.steps, scores.r1, scores.r10, scores.median_rank, last, swaps)


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

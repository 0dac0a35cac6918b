"""The paper's frame-selection table (Xue et al. 2022, table 9) in the miniature world.

One model for each choice of frames, equal steps, several seeds, on worlds whose narration needs detail and time to
different degrees. Every finished run is a line of ``results.jsonl``; a killed study is continued by the same call.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hdvila.demo.world import World, build_world
from hdvila.evaluate.retrieval import evaluate_retrieval
from hdvila.hub import load_model
from hdvila.media.preprocess import Streams
from hdvila.miniature.world import Shares, WorldConfig
from hdvila.progress import SILENT, Reporter
from hdvila.recipes import get_recipe
from hdvila.store import Corpus
from hdvila.train.loop import train
from hdvila.train.recipe import Recipe

TRAIN_VIDEOS, TEST_VIDEOS, GALLERY = 640, 44, 256


@dataclass(frozen=True, slots=True)
class Frames:
    """What a model sees of a segment: HR middle frames (0 or 1) and LR neighbours."""

    high: int
    low: int

    @property
    def name(self) -> str:
        return f"{self.high} HR + {self.low} LR"

    @property
    def streams(self) -> Streams:
        return "hybrid" if self.high and self.low else "high" if self.high else "low"


ALL_CHOICES = (Frames(1, 0), Frames(0, 10), Frames(1, 6), Frames(1, 10), Frames(1, 14))
MAIN_CHOICES = (Frames(1, 0), Frames(0, 10), Frames(1, 10))

WORLDS: dict[str, tuple[WorldConfig, Sequence[Frames]]] = {
    "default": (WorldConfig(), ALL_CHOICES),
    "more detail": (WorldConfig(shares=Shares(texture=1.0, mark=0.3, action=0.3)), MAIN_CHOICES),
    "more time": (WorldConfig(shares=Shares(texture=0.3, mark=0.0, action=1.0)), MAIN_CHOICES),
}
"""Name -> settings and the choices compared in it. Only the shares of what is spoken of differ."""


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


def run_study(
    into: str | os.PathLike[str],
    *,
    seeds: Sequence[int] = (0, 1, 2),
    steps: int = 0,
    worlds: Sequence[str] = tuple(WORLDS),
    reporter: Reporter = SILENT,
) -> list[Result]:
    """Train and test every choice of frames in every world; -> all results, in the order of the table.

    Args:
        into: the study's folder; finished runs found there are not repeated.
        seeds: one training run for each; the world is the same for all.
        steps: of each run; 0: as many as the recipe ``miniature-stage1`` has.
        worlds: names from `WORLDS`.

    Raises:
        HdvilaError: whatever rendering, cutting, training or testing raises.
    """
    root = Path(into)
    jobs = [(world, frames, seed) for world in worlds for seed in seeds for frames in WORLDS[world][1]]
    done = {(result.world, result.frames, result.seed): result for result in read_results(root)}
    missing = [job for job in jobs if (job[0], job[1].name, job[2]) not in done]
    with reporter.task("training models", total=len(jobs), done=len(jobs) - len(missing)) as bar:
        for world, frames, seed in missing:
            folder = root / world.replace(" ", "-")
            config = WORLDS[world][0]
            learn = build_world(folder / "train", TRAIN_VIDEOS, 0, "train", config, reporter)
            held_out = build_world(folder / "test", TEST_VIDEOS, 0, "test", config, reporter)
            result = _run(folder, world, frames, seed, steps, learn, held_out, reporter)
            done[world, frames.name, seed] = result
            with open(root / "results.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(result)) + "\n")
            bar.advance(note=f"{world}, {frames.name}, seed {seed}: R@1 {result.r1:.1%}")
    return [done[world, frames.name, seed] for world, frames, seed in jobs]


def read_results(root: Path) -> list[Result]:
    """The finished runs of a study, in the order in which they ended."""
    file = root / "results.jsonl"
    if not file.exists():
        return []
    return [Result(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def _run(
    folder: Path, world: str, frames: Frames, seed: int, steps: int, learn: World, held_out: World, reporter: Reporter
) -> Result:
    recipe = _recipe(frames, seed, steps)
    run = folder / f"{frames.high}hr-{frames.low}lr-seed{seed}"
    model = load_model(train(recipe, run, reporter, corpus=learn.corpus))
    corpus = Corpus(held_out.corpus)
    scores = evaluate_retrieval(
        model, corpus, clips=range(min(GALLERY, len(corpus))), batch_size=32, reporter=reporter
    ).text_to_video
    last = json.loads((run / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    return Result(world, frames.name, seed, recipe.steps, scores.r1, scores.r10, scores.median_rank, last["loss"])


def _recipe(frames: Frames, seed: int, steps: int) -> Recipe:
    base = get_recipe("miniature-stage1")
    seen = replace(base.data.preprocess, neighbours=frames.low // 2, streams=frames.streams)
    return replace(
        base,
        seed=seed,
        steps=steps or base.steps,
        data=replace(base.data, preprocess=seen),
        model=replace(base.model, frames=max(1, frames.low + frames.high)),
        checkpoint_every=10_000,
    )

"""``hdvila train``: runs a recipe, lists recipes, or shows the settings or the cost of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console
from hdvila.errors import UsageError, require_all

if TYPE_CHECKING:
    from hdvila.train.plan import Plan
    from hdvila.train.recipe import Recipe

app = typer.Typer(add_completion=False)


@app.command()
def train(
    recipe: str = typer.Argument("", metavar="[RECIPE]", help="Its name (--list), or FILE.py or FILE.py:NAME."),
    into: Path | None = typer.Option(None, "--into", metavar="RUN", help="The run's folder, new or to continue."),
    changes: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help="Change a setting, such as steps=100."),
    processes: int | None = typer.Option(
        None, "--processes", metavar="N", help="On a CPU: processes that share every step; default: one per core."
    ),
    plan: bool = typer.Option(False, "--plan", help="Print parameters, memory, steps and data; start nothing."),
    show: bool = typer.Option(False, "--show", help="Print every setting; start nothing."),
    list_recipes: bool = typer.Option(False, "--list", help="List the recipes."),
    json: bool = typer.Option(False, "--json", help="Objects instead of lines."),
) -> None:
    """Run a training recipe, or estimate its cost. The same command continues a killed run.

    Several GPUs: torchrun --nproc-per-node N -m hdvila train RECIPE --into RUN
    """
    from hdvila.recipes import get_recipe
    from hdvila.settings import override

    if list_recipes:
        _list(json)
        return
    if not recipe:
        raise UsageError("which recipe? name one, such as hdvila train miniature-stage1; hdvila train --list names all")
    chosen = override(get_recipe(recipe), changes)
    if show or plan:
        for is_asked, say in ((show, _show), (plan, _plan)):
            if is_asked:
                say(chosen, json)
    elif into is None:
        raise UsageError(
            f"the run of {recipe} needs a folder: add --into FOLDER, --show to see its settings, or --plan its cost"
        )
    else:
        _run(chosen, into, processes, partial(get_recipe, recipe), json)


def _run(recipe: Recipe, into: Path, processes: int | None, setup: Callable[[], object], json: bool) -> None:
    from hdvila.lab.corpora import build_world
    from hdvila.train.cores import choose_processes, train_on_cores
    from hdvila.train.engine import is_first_process
    from hdvila.train.log import read_log
    from hdvila.train.resume import last_checkpoint
    from hdvila.train.run import only_writer

    require_all("lightning_fabric", "tensorboard", extra="train")
    count = choose_processes(recipe, processes)
    reporter = console.reporter()
    first = is_first_process()
    corpus = None
    if not recipe.data.corpus and recipe.data.miniature is not None:
        corpus = into / "data" / "corpus"
        if first:  # torchrun's other processes wait for this one before they open the corpus
            source = recipe.data.miniature
            with only_writer(into):
                last_checkpoint(recipe, into)  # refuses other settings before the data is rendered
                build_world(into / "data", source.videos, source.seed, "train", reporter=reporter)
    model = train_on_cores(recipe, into, reporter, corpus=corpus, processes=count, setup=setup)
    if first:
        last = read_log(into)[-1:] or [{"step": recipe.steps}]  # the log of a finished run may have been deleted
        console.emit({"run": str(into), "model": str(model)} | last[0], json, str(model))


def _list(json: bool) -> None:
    from hdvila.recipes import RECIPES, describe

    width = max(map(len, RECIPES))
    for name in RECIPES:
        what, *rest = describe(name)
        labelled = zip(("command", "cost", "expect"), rest, strict=True)
        record = {"recipe": name, "what": what} | {key: line.partition(": ")[2] for key, line in labelled}
        console.emit(record, json, f"{name:<{width}}  {what}")


def _show(recipe: Recipe, json: bool) -> None:
    from hdvila.settings import as_text
    from hdvila.train.show import show

    groups, lines = show(recipe), [recipe.name]
    settings = {key: value for group in groups for key, value in group.settings.items()}
    width = max(map(len, settings)) + 2
    for group in groups:
        lines += ["", group.title]
        lines += [f"  {key:<{width}}{as_text(value)}".rstrip() for key, value in group.settings.items()]
        lines += [f"  ({what}: {words})" for what, words in group.follows.items()]
    follows = {group.title: group.follows for group in groups if group.follows}
    console.emit({"recipe": recipe.name, **settings, "follows": follows}, json, "\n".join(lines))


def _plan(recipe: Recipe, json: bool) -> None:
    from hdvila.train.plan import plan

    costs = plan(recipe)
    console.emit(costs.to_dict(), json, "\n".join(_plan_lines(costs)))


def _plan_lines(plan: Plan) -> list[str]:
    memory = plan.memory
    gpus = "1 GPU" if plan.processes == 1 else f"each of {plan.processes} GPUs"
    parts = [f"  {part.name:<26}{_count(part.trained):>10}{_count(part.frozen):>10}" for part in plan.parts]
    trained, frozen = sum(part.trained for part in plan.parts), sum(part.frozen for part in plan.parts)
    sizes = {
        "weights": memory.weights,
        "gradients": memory.gradients,
        "optimiser": memory.optimizer,
        f"activations of {memory.clips} clips": memory.activations,
        "together": memory.total,
    }
    many = plan.epochs is not None and plan.epochs >= 100
    epochs = format(plan.epochs, ",.0f" if many else ".3g") if plan.epochs else ""
    epochs = epochs and f", {epochs} epoch{'' if epochs == '1' else 's'}"
    return [
        plan.recipe,
        f"  {'parameters':<26}{'trained':>10}{'frozen':>10}",
        *parts,
        f"  {'together':<26}{_count(trained):>10}{_count(frozen):>10}",
        f"memory of {gpus}, estimated by a forward pass without data",
        *(f"  {name:<26}{_bytes(size):>10}" for name, size in sizes.items()),
        "run",
        f"  {plan.steps:,} steps of {plan.batch_size:,} clips: {plan.samples:,} clips{epochs}",
        *_negatives(plan),
        *_corpus(plan),
        *([f"  in {plan.share:.3g} of the steps; the others learn from further sources"] if plan.share < 1 else []),
        f"  reads about {_bytes(plan.read_bytes)} of frames",
    ]


def _corpus(plan: Plan) -> list[str]:
    """The training data and the store, in which each clip counts once, whatever the number of its questions."""
    corpus = "not stated"
    if plan.stored_clips:
        size = f", about {_bytes(plan.store_bytes)} in the store" if plan.store_bytes else ""
        corpus = f"{plan.stored_clips:,} clips of {plan.clip_seconds:.3g} s on average{size}"
    elif plan.corpus and not plan.clips:
        corpus = f"{plan.corpus}, which does not exist here"
    elif plan.videos:
        corpus = f"the clips of {plan.videos:,} miniature videos, which the run renders"
    learned = plan.clips if plan.clips != plan.stored_clips else 0
    return [f"  corpus: {corpus}", *([f"  trains on {learned:,} examples"] if learned else [])]


def _negatives(plan: Plan) -> list[str]:
    if not plan.negatives:
        return []
    fewer = f" (reduced by accumulate={plan.accumulate}; chunk would not reduce them)" if plan.accumulate > 1 else ""
    return [f"  each pair has {plan.negatives:,} negatives{fewer}"]


def _count(number: int) -> str:
    return f"{number / 1e6:.1f} M" if number else "-"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.0f} TB" if size >= 100 else f"{size:.3g} TB"

"""``hdvila demo`` and ``hdvila miniature``: a small world of narrated videos with known contents, and studies on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hdvila.cli.console import emit, reporter
from hdvila.cli.tables import emit_markdown

if TYPE_CHECKING:
    from hdvila.miniature.world import Split

app = typer.Typer(add_completion=False, no_args_is_help=True)
demo_app = typer.Typer(add_completion=False)

_STUDIES = ("lightning_fabric", "tensorboard", "matplotlib", "jinja2")  # packages that the studies need


@demo_app.command()
def demo(
    into: Path = typer.Option(
        Path("runs/demo"), "--into", help="The folder for the report and everything it is made from."
    ),
    seed: int = typer.Option(0, "--seed", help="Seed of the world and of training."),
    json: bool = typer.Option(False, "--json", help="Print the whole report.json as one object."),
) -> None:
    """Render narrated videos, train on them, evaluate, index, search, report.

    The same command continues a killed one.
    """
    from hdvila.lab.demo.run import run_demo

    facts = run_demo(into, seed=seed, reporter=reporter())
    scores = facts["retrieval"]["text_to_video"]
    emit(
        facts,
        json,
        f"R@1 {scores['r1']:.1%}, R@10 {scores['r10']:.1%} on {scores['gallery']} held-out clips "
        f"(chance {scores['chance_r1']:.1%}), in {facts['seconds']['total'] / 60:.1f} minutes\n"
        f"look at   {into / 'report.html'}\n"
        f'ask more  hdvila search "a red ball" --library {into / "library"}',
    )


@app.callback()
def miniature() -> None:
    """A small world of narrated videos with known contents: rendering, benchmarks, studies."""


@app.command()
def render(
    into: Path = typer.Option(..., "--into", help="The folder to render into; created if it does not exist."),
    videos: int = typer.Option(40, "--videos", help="How many videos, of about eight clips each."),
    seed: int = typer.Option(0, "--seed", help="Seed of the world."),
    split: str = typer.Option("both", "--split", help="train, test or both: whose attribute combinations to draw."),
    settings: list[str] = typer.Option(
        [], "--set", metavar="KEY=VALUE", help="A setting of the world, such as shares.texture=0.5 or captions=plain."
    ),
    questions: bool = typer.Option(
        False, "--questions", help="Also write questions with answers (TGIF-QA, MSRVTT-QA)."
    ),
    workers: int = typer.Option(2, "--workers", help="Processes that render."),
    json: bool = typer.Option(False, "--json", help="One object."),
) -> None:
    """Render videos with their transcripts and the truth about them. The same command continues a killed one."""
    from hdvila.errors import UsageError
    from hdvila.miniature import read_truth, write_questions
    from hdvila.miniature import render as render_world
    from hdvila.miniature.world import config_from
    from hdvila.settings import pairs

    parts: dict[str, Split | None] = {"train": "train", "test": "test", "both": None}
    if split not in parts:
        raise UsageError(f"--split {split}: choose train, test or both")
    if into.exists() and not into.is_dir():
        raise UsageError(f"--into {into}: is a file; name a folder to render into")
    world = render_world(
        into,
        videos,
        seed,
        config=config_from(pairs(settings)),
        split=parts[split],
        reporter=reporter(),
        workers=workers,
    )
    if questions:
        write_questions(world.folder, read_truth(world.folder), seed)
    line = (
        f"{world.folder}: {world.videos} videos ({world.new} new), {world.events} clips, "
        f"{world.narrated} of them narrated, {world.seconds / 60:.1f} minutes"
    )
    emit({**asdict(world), "folder": str(world.folder)}, json, line)


@app.command()
def benchmarks(
    names: list[str] = typer.Argument(
        None, metavar="[NAME]...", help="msrvtt, tgif_qa, didemo, activitynet, lsmdc, youcook2, msvd_qa; default: all."
    ),
    into: Path = typer.Option(..., "--into", help="The folder to write into; created if it does not exist."),
    videos: int = typer.Option(
        400, "--videos", help="Videos of MSR-VTT and of TGIF-QA each; the others have a quarter as many."
    ),
    seed: int = typer.Option(0, "--seed", help="Seed of the world."),
    workers: int = typer.Option(2, "--workers", help="Processes that render."),
    json: bool = typer.Option(False, "--json", help="An object a kind of question, and one for all."),
) -> None:
    """Write benchmarks in small: MSR-VTT, TGIF-QA, DiDeMo, ActivityNet, LSMDC, YouCook2, MSVD-QA.

    The same command continues a killed one. A later call may add others.
    """
    from hdvila.errors import UsageError
    from hdvila.lab.benchmarks import BENCHMARKS, write_benchmarks

    for name in names or ():
        if name not in BENCHMARKS:
            raise UsageError(f"{name}: there is no such benchmark; choose from {', '.join(BENCHMARKS)}")

    if into.exists() and not into.is_dir():
        raise UsageError(f"--into {into}: is a file; name a folder to write into")
    chosen = names or tuple(BENCHMARKS)
    written = write_benchmarks(into, videos, seed, names=chosen, reporter=reporter(), workers=workers)
    for row in written.contents:
        guessed = "" if row.chance is None else f", {row.answers} answers, the most frequent {row.chance:.0%}"
        emit(asdict(row), json, f"{row.benchmark}/{row.file}{' ' * bool(row.kind)}{row.kind}: {row.number}{guessed}")
    summary = {"folder": str(written.folder), "videos": written.videos, "new": written.new}
    emit(summary, json, f"{written.folder}: {written.videos} videos ({written.new} new)")


@app.command()
def describe(
    settings: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help="A setting of the world."),
    json: bool = typer.Option(False, "--json", help="One object."),
) -> None:
    """Print what narration tells, in bits a clip, and how well a perfect model would retrieve clips by it."""
    from hdvila.miniature.information import describe_world
    from hdvila.miniature.world import config_from
    from hdvila.settings import pairs

    description = describe_world(config_from(pairs(settings)))
    lines = [f"{name:<18}{value:>8.2f}" for name, value in description.items()]
    emit(description, json, "\n".join(lines))


@app.command()
def sheet(
    into: Path = typer.Argument(..., help="The PNG file to write."),
    seed: int = typer.Option(0, "--seed", help="Seed of the clips."),
    json: bool = typer.Option(False, "--json", help="One object with the file's name."),
) -> None:
    """Draw a contact sheet: frames and sentence of a clip of each category."""
    from hdvila.miniature.contact_sheet import draw_contact_sheet

    draw_contact_sheet(into, seed)
    emit({"file": str(into)}, json, str(into))


@app.command()
def study(
    into: Path = typer.Option(Path("runs/study"), "--into", help="The study's folder, new or to continue."),
    seeds: int = typer.Option(3, "--seeds", help="Training runs of each choice of frames.", min=1),
    steps: int = typer.Option(1000, "--steps", help="Steps of each run.", min=1),
    worlds: list[str] = typer.Option([], "--world", help="Run only this world; default: all."),
    json: bool = typer.Option(False, "--json", help="An object a run."),
) -> None:
    """Repeat the paper's frame-selection table on worlds that need detail and time to known degrees."""
    from hdvila.errors import UsageError, require_all
    from hdvila.lab.frame_selection.study import WORLDS, run_study
    from hdvila.lab.frame_selection.tables import as_markdown, draw

    for world in worlds:
        if world not in WORLDS:
            raise UsageError(f"--world {world!r}: choose from {', '.join(WORLDS)}")
    require_all(*_STUDIES, extra="train")
    results = run_study(into, seeds=range(seeds), steps=steps, worlds=worlds or tuple(WORLDS), reporter=reporter())
    table = as_markdown(results)
    (into / "table.md").write_text(table, encoding="utf-8")
    draw(results, into / "frame_selection.png")
    if json:
        for result in results:
            emit(asdict(result), True)
    else:
        emit_markdown(table)
        reporter().note(f"{into / 'table.md'}, {into / 'frame_selection.png'}")


@app.command()
def reproduction(
    into: Path = typer.Option(Path("runs/reproduction"), "--into", help="The folder, new or to continue."),
    quick: bool = typer.Option(False, "--quick", help="One seed, few steps and videos: rough results."),
    page: Path | None = typer.Option(
        None, "--page", help="A Markdown file with marks for the tables, which are replaced."
    ),
    json: bool = typer.Option(False, "--json", help="An object a test of a model."),
) -> None:
    """Run the paper's studies in small: pre-training, its data and frames, segments, stages, what answers depend on."""
    from hdvila.errors import require_all
    from hdvila.lab.frame_selection.study import run_study
    from hdvila.lab.frame_selection.tables import as_markdown, draw
    from hdvila.lab.reproduction.page import draw as draw_tasks
    from hdvila.lab.reproduction.plan import FULL, QUICK
    from hdvila.lab.reproduction.run import run_reproduction
    from hdvila.lab.reproduction.tables import sections

    require_all(*_STUDIES, extra="train")
    scale = QUICK if quick else FULL
    rows = run_reproduction(into, scale, reporter())
    frames = run_study(
        into / "frames",
        seeds=range(scale.seeds),
        steps=scale.frame_steps,
        worlds=scale.frame_worlds,
        videos=scale.frame_videos,
        reporter=reporter(),
    )
    tables = sections(rows, frames) | {"frames": as_markdown(frames)}
    pictures = {"tasks": into / "tasks.png", "frames": into / "frame_selection.png"}
    draw_tasks(rows, pictures["tasks"])
    draw(frames, pictures["frames"])
    _write_study(into, rows, tables, pictures, page, json)


@app.command("sparse-sampling")
def sparse_sampling(
    into: Path = typer.Option(Path("runs/sparse-sampling"), "--into", help="The folder, new or to continue."),
    quick: bool = typer.Option(False, "--quick", help="One seed, few steps and videos: rough results."),
    page: Path | None = typer.Option(
        None, "--page", help="A Markdown file with marks for the tables, which are replaced."
    ),
    json: bool = typer.Option(False, "--json", help="An object a test of a model."),
) -> None:
    """Run ClipBERT's tables in small: frames, fusion, clips, initial weights, what is trained, clips in the test."""
    from hdvila.errors import require_all
    from hdvila.lab.sparse_sampling.plan import FULL, QUICK
    from hdvila.lab.sparse_sampling.run import run_sparse_sampling
    from hdvila.lab.sparse_sampling.tables import sections

    require_all(*_STUDIES, extra="train")
    rows = run_sparse_sampling(into, QUICK if quick else FULL, reporter())
    tables = sections(rows)
    _write_study(into, rows, tables, {}, page, json)


def _write_study(
    into: Path,
    rows: Sequence[Any],
    tables: Mapping[str, str],
    pictures: Mapping[str, Path],
    page: Path | None,
    json: bool,
) -> None:
    """Write the tables of a study, put them into a page, and print them, or its rows (dataclasses) as JSON."""
    from hdvila.lab.reproduction.page import fill

    text = "\n\n".join(tables.values())
    (into / "tables.md").write_text(text + "\n", encoding="utf-8")
    if page is not None:
        fill(page, tables, pictures)
    if json:
        for row in rows:
            emit(asdict(row), True)
    else:
        emit_markdown(text)
        reporter().note(", ".join(map(str, (into / "tables.md", *pictures.values()))))

"""``hdvila demo``: every part of the library once, with a report."""

from __future__ import annotations

from pathlib import Path

import typer

from hdvila.cli import console

app = typer.Typer(add_completion=False)


@app.command()
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

    facts = run_demo(into, seed=seed, reporter=console.reporter())
    scores = facts["retrieval"]["text_to_video"]
    console.emit(
        facts,
        json,
        f"R@1 {scores['r1']:.1%}, R@10 {scores['r10']:.1%} on {scores['gallery']} held-out clips "
        f"(chance {scores['chance_r1']:.1%}), in {facts['seconds']['total'] / 60:.1f} minutes\n"
        f"look at   {into / 'report.html'}\n"
        f'ask more  hdvila search "a red ball" --library {into / "library"}',
    )

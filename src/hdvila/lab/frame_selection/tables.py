"""The results of the frame-selection study as tables in Markdown and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

from hdvila.errors import require
from hdvila.lab.frame_selection.study import GALLERY, WORLDS, Result
from hdvila.lab.frame_selection.word_swaps import KINDS
from hdvila.lab.published import FRAMES, figures
from hdvila.miniature.information import bits
from hdvila.pages import BLUE, INK, PALE, SOFT

_PAPER = [f"{row.source}: R@1 / 5 / 10 / median" for row in FRAMES["1 HR + 10 LR"]]


def summarise(results: Sequence[Result]) -> dict[str, dict[str, list[float]]]:
    """World -> choice of frames -> R@1 of every seed (0..1), in the order of the results."""
    table: dict[str, dict[str, list[float]]] = {}
    for result in results:
        table.setdefault(result.world, {}).setdefault(result.frames, []).append(result.r1)
    return table


def as_markdown(results: Sequence[Result]) -> str:
    """Two tables for each world, under the information of its narration and the training steps.

    R@1 (mean, spread, seeds), R@10 and median rank of each choice of frames, beside the paper's rows on MSR-VTT; and
    the results on exchanged words.
    """
    lines = []
    for world, rows in summarise(results).items():
        of = bits(WORLDS[world][0])
        kinds = f"{of.frame:.1f} bits a clip in any frame, {of.detail:.1f} in detail, {of.time_hidden:.1f} in time"
        steps = sorted({result.steps for result in results if result.world == world})
        lines += [
            "",
            f"**{world}**: {kinds}; {' or '.join(map(str, steps))} steps",
            "",
            f"| frames | R@1 | spread (s.d.) | by seed | R@10 | median rank | {' | '.join(_PAPER)} |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for frames, r1 in rows.items():
            these = [result for result in results if (result.world, result.frames) == (world, frames)]
            spread = f"{100 * stdev(r1):.1f}" if len(r1) > 1 else "-"
            theirs = " | ".join(map(figures, FRAMES[frames])) if frames in FRAMES else " | "
            lines.append(
                f"| {frames} | **{100 * mean(r1):.1f} %** | {spread} | {', '.join(f'{100 * x:.1f}' for x in r1)} "
                f"| {100 * mean(r.r10 for r in these):.1f} % | {mean(r.median_rank for r in these):.1f} | {theirs} |"
            )
        lines += ["", *_swap_table([result for result in results if result.world == world])]
    return "\n".join(lines).strip() + "\n"


def _swap_table(results: Sequence[Result]) -> list[str]:
    """How often the true word wins over wrong ones: a row for each choice of frames, a column for each kind of word."""
    kinds = list(results[0].swaps)
    lines = [
        "True word preferred to wrong ones, mean of the seeds (chance: "
        + ", ".join(f"{kind} {_chance(kind)}" for kind in kinds)
        + "):",
        "",
        "| frames | " + " | ".join(kinds) + " |",
        "|---" * (len(kinds) + 1) + "|",
    ]
    for frames in dict.fromkeys(result.frames for result in results):
        these = [result.swaps for result in results if result.frames == frames]
        shares = [f"{100 * mean(swaps[kind] for swaps in these):.0f} %" for kind in kinds]
        lines.append(f"| {frames} | " + " | ".join(shares) + " |")
    return lines


def _chance(kind: str) -> str:
    return f"{100 / (2 if kind == 'order' else len(KINDS[kind])):.0f} %"


def draw(results: Sequence[Result], path: Path) -> None:
    """Write a plot: a panel for each world, a bar for each choice of frames, a dot for each seed.

    Raises:
        MissingDependency: matplotlib is not installed.
    """
    require("matplotlib", extra="train")
    from matplotlib.figure import Figure

    table = summarise(results)
    figure = Figure(figsize=(3.6 * len(table) + 0.6, 3.4), layout="constrained")
    panels = figure.subplots(
        1, len(table), sharey=True, squeeze=False, width_ratios=[len(rows) for rows in table.values()]
    )[0]
    for axes, (world, rows) in zip(panels, table.items(), strict=True):
        for place, (frames, r1) in enumerate(rows.items()):
            hybrid = not frames.startswith("0") and not frames.endswith(" 0 LR")
            axes.bar(place, 100 * mean(r1), color=BLUE if hybrid else PALE, width=0.7)
            axes.scatter([place] * len(r1), [100 * x for x in r1], color=INK, s=12, zorder=3)
        axes.set_xticks(range(len(rows)), [frames.replace(" + ", "\n") for frames in rows])
        axes.set_title(world)
        axes.spines[["top", "right"]].set_visible(False)
        axes.axhline(100 / GALLERY, color=SOFT, linewidth=0.8, linestyle=":")
    panels[0].set_ylabel(f"R@1 on {GALLERY} held-out clips, %")
    figure.savefig(path, dpi=140)

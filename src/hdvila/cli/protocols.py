"""``hdvila protocols``: the benchmarks that can be run, and everything that one of them fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from hdvila.cli.console import emit

if TYPE_CHECKING:
    from hdvila.evaluate.protocols import Protocol
    from hdvila.media.preprocess import Preprocess

app = typer.Typer(add_completion=False, invoke_without_command=True)

_JSON = typer.Option(False, "--json", help="One object a protocol.")


@app.callback()
def protocols(context: typer.Context, json: bool = _JSON) -> None:
    """List the protocols: name, task, gallery, chance and data set."""
    if context.invoked_subcommand is not None:
        return
    from hdvila.evaluate.protocols import PROTOCOLS

    for protocol in PROTOCOLS.values():
        chance = f"chance {_number(protocol.chance)}"
        line = f"{protocol.name:<17}{protocol.task:<17}{protocol.gallery:>6,}  {chance:<15}{protocol.benchmark}"
        emit(protocol.to_dict(), json, line)


@app.command()
def show(
    name: str = typer.Argument(..., help="As hdvila protocols lists it."),
    json: bool = typer.Option(False, "--json", help="One object."),
) -> None:
    """Print one protocol whole."""
    from hdvila.evaluate.protocols import get_protocol

    protocol = get_protocol(name)
    emit(protocol.to_dict(), json, _whole(protocol))


def _whole(protocol: Protocol) -> str:
    lines = [protocol.name, protocol.benchmark, ""]
    facts: list[tuple[str, str]] = [
        *((f"{split} files", " | ".join(names)) for split, names in protocol.files.items()),
        ("split", protocol.split),
        ("captions", protocol.captions),
        ("paragraphs", protocol.paragraphs),
        ("text length", f"{protocol.text_length} tokens"),
        ("training", _sampling(protocol.train)),
        ("test", _sampling(protocol.test)),
        *([("zero-shot", _sampling(protocol.zero_shot))] if protocol.zero_shot else []),
        *([("official test", _sampling(protocol.official))] if protocol.official else []),
        *([] if protocol.task == "retrieval" else [("consensus", f"{protocol.consensus} over segments")]),
        ("metric", protocol.metric),
        ("queries", f"{protocol.queries:,} in the published test"),
        ("gallery", f"{protocol.gallery:,}"),
        ("chance", _number(protocol.chance)),
    ]
    lines += [f"{name + ':':<18}{value}" for name, value in facts]
    lines += ["", "published:"]
    lines += [f"  {row.who}: {_values(dict(row.values))} ({row.source})" for row in protocol.published]
    lines += ["", "to know:", *(f"  {one}" for one in protocol.differences)]
    return "\n".join(lines)


def _sampling(one: Preprocess) -> str:
    segments = "1 segment" if one.segments == 1 else f"{one.segments} segments"
    flip = f", mirrored in {one.flip:.0%} of the showings" if one.flip else ""
    return (
        f"{segments} of {2 * one.neighbours + 1} frames, {one.rate} of 1/{one.fps:g} s apart, "
        f"HR {one.height}x{one.width}, LR {one.height // 4}x{one.width // 4}{flip}"
    )


def _values(values: dict[str, Any]) -> str:
    ranks = ("median_rank", "mean_rank", "mean_squared_error")
    return ", ".join(f"{name} {value:g}" if name in ranks else f"{name} {value:.1%}" for name, value in values.items())


def _number(chance: float) -> str:
    return f"{chance:.2%}" if chance < 1 else f"{chance:g}"

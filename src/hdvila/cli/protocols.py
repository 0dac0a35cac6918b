"""``hdvila protocols``: lists the protocols of benchmarks, and shows everything that one of them fixes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from hdvila.cli.console import emit

if TYPE_CHECKING:
    from hdvila.evaluate.protocols import Protocol
    from hdvila.models.shown import Shown

app = typer.Typer(add_completion=False, invoke_without_command=True)

_JSON = typer.Option(False, "--json", help="One object a protocol.")


@app.callback()
def protocols(context: typer.Context, json: bool = _JSON) -> None:
    """List the protocols: name, task, gallery, chance and data set."""
    if context.invoked_subcommand is not None:
        return
    from hdvila.evaluate.protocols import PROTOCOLS

    for protocol in PROTOCOLS.values():
        chance = f"chance {_number(protocol.chance)}" if protocol.metric else ""
        line = f"{protocol.name:<17}{protocol.task:<17}{protocol.gallery:>6,}  {chance:<15}{protocol.benchmark}"
        emit(_plain(protocol), json, line)


@app.command()
def show(
    name: str = typer.Argument(..., help="A name from hdvila protocols."),
    json: bool = typer.Option(False, "--json", help="One object."),
) -> None:
    """Print everything that a protocol fixes."""
    from hdvila.evaluate.protocols import get_protocol

    protocol = get_protocol(name)
    emit(_plain(protocol), json, _whole(protocol))


def _whole(protocol: Protocol) -> str:
    lines = [protocol.name, protocol.benchmark, ""]
    facts: list[tuple[str, str]] = [
        *((f"{split} files", " | ".join(names)) for split, names in protocol.files.items()),
        ("split", protocol.split),
        ("captions", protocol.captions),
        ("paragraphs", protocol.paragraphs),
    ]
    measured = [
        ("metric", protocol.metric),
        ("queries", f"{protocol.queries:,} in the published test"),
        ("gallery", f"{protocol.gallery:,}"),
        ("chance", _number(protocol.chance)),
    ]
    facts += measured if protocol.metric else [("metric", "none: a set to learn from")]
    lines += [f"{name + ':':<18}{value}" for name, value in facts]
    lines += ["", *_published(protocol)]
    if protocol.differences:
        lines += ["", "to know:", *(f"  {one}" for one in protocol.differences)]
    for name, shown in _shown(protocol).items():
        lines += ["", f"as {name} is shown it:", *_how(shown, protocol), *(f"  {one}" for one in shown.differences)]
    return "\n".join(lines)


def _shown(protocol: Protocol) -> dict[str, Shown]:
    """How each system is shown the benchmark, by name."""
    from hdvila.models.registry import systems

    found = {system.name: system.shown(protocol.name) for system in systems()}
    return {name: shown for name, shown in found.items() if shown is not None}


def _plain(protocol: Protocol) -> dict[str, Any]:
    """The protocol for JSON, with how each system is shown it; HD-VILA's settings are also top-level keys."""
    shown = {name: how.to_dict() for name, how in _shown(protocol).items()}
    own = shown.get("hdvila", {})
    whole = protocol.to_dict() | {"shown": shown}
    return own | whole | {"differences": [*own.get("differences", []), *protocol.differences]}


def _how(shown: Shown, protocol: Protocol) -> list[str]:
    facts = [
        ("text length", f"{shown.text_length} tokens"),
        ("training", str(shown.train)),
        ("test", str(shown.test)),
        *([("zero-shot", str(shown.zero_shot))] if shown.zero_shot else []),
        *([("official test", str(shown.official))] if shown.official else []),
        *([] if protocol.task == "retrieval" else [("consensus", f"{shown.consensus} over segments")]),
    ]
    return [f"  {name + ':':<16}{value}" for name, value in facts]


_NUMBERS = {
    "r1": "R@1", "r5": "R@5", "r10": "R@10", "r50": "R@50", "median_rank": "median", "accuracy": "accuracy",
    "mean_squared_error": "squared error", "test_standard": "test-std",
}  # fmt: skip
_PLAIN = ("median_rank", "mean_squared_error")
"""Numbers that are not shares."""


def _published(protocol: Protocol) -> list[str]:
    """The published rows, grouped by their source, with aligned numbers."""
    if not protocol.published:
        return ["published: nothing"]
    there = {name for row in protocol.published for name in row.values}
    names = [*(name for name in _NUMBERS if name in there), *sorted(there - _NUMBERS.keys())]
    heads = {name: _NUMBERS.get(name, name) for name in names}
    width = max(len(row.who) for row in protocol.published) + 2
    head = "".join(f"{heads[name]:>{len(heads[name]) + 3}}" for name in names)
    lines = [f"{'published, in %:':<{width + 4}}{head}"]
    for source in dict.fromkeys(row.source for row in protocol.published):
        lines.append(f"  {source}")
        for row in protocol.published:
            if row.source == source:
                numbers = "".join(f"{_number_of(row.values, name):>{len(heads[name]) + 3}}" for name in names)
                lines.append(f"    {row.who:<{width}}{numbers}   {row.setting}".rstrip())
    return lines


def _number_of(values: Mapping[str, float], name: str) -> str:
    if name not in values:
        return ""
    return f"{values[name]:g}" if name in _PLAIN else f"{100 * values[name]:.1f}"


def _number(chance: float) -> str:
    return f"{chance:.2%}" if chance < 1 else f"{chance:g}"

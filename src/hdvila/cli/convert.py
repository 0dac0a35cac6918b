"""``hdvila convert``: turns a checkpoint of the official code or of a run into a model folder."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import typer

from hdvila.cli.console import emit, reporter
from hdvila.errors import UsageError

_TEXT_LENGTH = 50  # tokens of a text in the pre-training of HD-VILA

app = typer.Typer(add_completion=False)


@app.command()
def convert(
    checkpoint: Path = typer.Argument(
        ..., metavar="CHECKPOINT", help="An official file of weights, the index of one in parts, or a run's checkpoint."
    ),
    into: Path = typer.Option(..., "--into", help="The model folder, created if needed."),
    tokenizer: str = typer.Option("", "--tokenizer", help="Its BERT tokenizer: a folder, a vocab.txt or a hub name."),
    settings: list[str] = typer.Option(
        [],
        "--set",
        metavar="KEY=VALUE",
        help="A setting that is not in the file; strict=false loads what fits.",
    ),
    json: bool = typer.Option(False, "--json", help="One object a key that is not simply copied."),
) -> None:
    """Turn a checkpoint of the official code or of a run into a model folder, and report the keys that are left out."""
    from hdvila.data.provenance import TRAINED_ON
    from hdvila.hub import Processor, check_model_settings, find_model, load_model, read_note
    from hdvila.models.registry import system_of
    from hdvila.nn.pretrained import RECIPE
    from hdvila.settings import pairs
    from hdvila.text.tokenizer import Tokenizer

    if not checkpoint.is_file():
        what = "is a folder" if checkpoint.is_dir() else "there is no such file"
        raise UsageError(f"{checkpoint}: {what}: give a checkpoint file of the official code")
    if (folder := find_model(checkpoint)) != checkpoint:
        raise UsageError(f"{checkpoint}: is a part of the model folder {folder}, which needs no conversion")
    given = {key: _plain(text) for key, text in pairs(settings).items()}
    strict = given.pop("strict", True)
    check_model_settings(given)  # load_model has further keywords that are not settings, such as device
    model = load_model(checkpoint, strict=strict, **given)
    notes = {name: note for name in (RECIPE, TRAINED_ON) if (note := read_note(checkpoint, name)) is not None}
    if tokenizer:
        inputs = system_of(model).default_inputs(model.config)
        length = min(_TEXT_LENGTH, model.config.max_text_positions)
        model.processor = Processor(inputs, Tokenizer.load(tokenizer), length)
    model.save_pretrained(into, notes)
    report = model.load_report
    assert report is not None
    for what, keys in (("left out", report.dropped), ("not in the file", report.started)):
        for key, reason in keys.items():
            emit({"key": key, "what": what, "reason": reason}, json, f"{what}: {key} ({reason})")
    said = reporter()
    said.note(f"{into}: {len(report.loaded)} weights of a model of variant {model.config.variant}")
    if model.processor is None:
        said.note("it has no tokenizer, so it cannot read words or videos yet: convert again with --tokenizer")


def _plain(text: str) -> Any:
    """Numbers, lists of them (``10,16``), true and false as such, anything else as text: which settings there are, and
    of what kind, is known when the file has said of which system it is."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text

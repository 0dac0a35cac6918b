"""``hdvila corpus transcript``: what a subtitle file says, and when."""

from __future__ import annotations

from pathlib import Path

import typer

from hdvila.cli import console
from hdvila.cli.corpus.options import PUNCTUATION


def transcript(
    file: Path = typer.Argument(..., metavar="FILE", help="A subtitle file, or a video with a subtitle track."),
    words: bool = typer.Option(False, "--words", help="Timed words instead of sentences."),
    language: str | None = typer.Option(None, "--language", help="Which subtitle track of a video, such as en."),
    punctuation: Path | None = PUNCTUATION,
    json: bool = typer.Option(False, "--json", help="One object a sentence or word."),
) -> None:
    """The sentences of a transcript, or its words, with their times."""
    from hdvila.text import find_restorer, read_transcript, split_sentences

    said = read_transcript(file, language=language)
    if words:
        for word in said.words:
            record = {"start": word.start, "end": word.end, "word": word.text, "timed_by": word.timed_by}
            console.emit(_rounded(record), json, f"{word.start:9.3f} {word.end:9.3f}  {word.text}")
    else:
        for sentence in split_sentences(said, restorer=find_restorer(punctuation)):
            record = {"start": sentence.start, "end": sentence.end, "text": sentence.text}
            console.emit(_rounded(record), json, f"{sentence.start:9.3f} {sentence.end:9.3f}  {sentence.text}")


def _rounded(record: dict[str, object]) -> dict[str, object]:
    """Times to the millisecond, as subtitle files have them."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in record.items()}

"""``hdvila corpus transcript`` and ``transcribe``: the words of subtitle files with times, and new subtitles."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console
from hdvila.cli.corpus.options import JSON, PUNCTUATION, ROOT, SOURCE
from hdvila.cli.corpus.records import emit_failures

if TYPE_CHECKING:
    from hdvila.text.sentences.restore import Restorer


def transcript(
    file: Path = typer.Argument(
        ..., metavar="FILE", help="A subtitle file, a video with a subtitle track, or a folder: then counts a file."
    ),
    words: bool = typer.Option(False, "--words", help="Timed words instead of sentences."),
    language: str | None = typer.Option(None, "--language", help="Which subtitle track of a video, such as en."),
    punctuation: Path | None = PUNCTUATION,
    json: bool = typer.Option(False, "--json", help="One object a sentence, word or file."),
) -> None:
    """The sentences of a transcript, or its words, with their times; or how much all files of a folder say."""
    from hdvila.text import find_restorer, read_transcript, split_sentences
    from hdvila.text.languages import same_language

    if file.is_dir():
        _count(file, language, find_restorer(punctuation), json)
        return
    said = read_transcript(file, language=language)
    for note in said.notes:
        console.reporter().note(f"{said.source}: {note}")
    if language is not None and not same_language(said.language, language):
        spoken = f"is in {said.language}" if said.language else "does not say its language"
        console.reporter().note(f"{said.source}: {spoken}; there are no words marked as {language}")
    if words:
        for word in said.words:
            record = {"start": word.start, "end": word.end, "word": word.text, "timed_by": word.timed_by}
            console.emit(_rounded(record), json, f"{word.start:9.3f} {word.end:9.3f}  {word.text}")
    else:
        for sentence in split_sentences(said, restorer=find_restorer(punctuation)):
            record = {"start": sentence.start, "end": sentence.end, "text": sentence.text}
            console.emit(_rounded(record), json, f"{sentence.start:9.3f} {sentence.end:9.3f}  {sentence.text}")


def _count(folder: Path, language: str | None, restorer: Restorer, json: bool) -> None:
    from hdvila.corpus import Failure, read_transcripts
    from hdvila.text import split_sentences
    from hdvila.writing import word_count

    totals, reasons = Counter[str](), Counter[str]()
    for name, said in read_transcripts(folder, language=language):
        if isinstance(said, Failure) and not said.is_fault:
            continue  # a video without subtitles
        totals["files"] += 1
        if isinstance(said, Failure):
            reasons[said.kind] += 1
            console.emit({"file": name, "reason": said.reason}, json, f"cannot be read: {said.reason}")
            continue
        counts = {"words": word_count(said.text), "sentences": len(split_sentences(said, restorer=restorer))}
        totals.update(counts)
        line = f"{counts['words']:>8} words {counts['sentences']:>7} sentences  {said.language or '-':<6} {name}"
        console.emit({"file": name, **counts, "language": said.language}, json, line)
    failed = reasons.total()
    whole = {"folder": str(folder), **totals, "failed": failed, "reasons": dict(reasons.most_common())}
    why = [f"{count:>8}  {reason}" for reason, count in reasons.most_common()]
    last = f"{folder}: {totals['files'] - failed} of {totals['files']} files, {totals['words']} words"
    console.emit(whole, json, "\n".join([*why, f"{last}, {totals['sentences']} sentences"]))
    console.finish(failed)


def transcribe(
    source: Path = SOURCE,
    model: Path = typer.Option(..., "--model", help="A folder with a faster-whisper model; nothing is downloaded."),
    root: Path | None = ROOT,
    language: str | None = typer.Option(None, "--language", help="What is spoken; default: the model detects it."),
    device: str = typer.Option("cpu", "--device", help="Where the model runs: cpu or cuda."),
    json: bool = JSON,
) -> None:
    """Write subtitles (NAME.json, with word times) beside videos that have none, by a local speech model."""
    from hdvila.corpus import collect, transcribe_videos
    from hdvila.text.transcribe import load_speech_model

    videos, failures = collect(source, root, language=language)
    heard, lost = transcribe_videos(videos, load_speech_model(model, device), language, console.reporter())
    failures += lost
    emit_failures(failures, json)
    found = len(heard) + len(failures)
    whole = {"source": str(source), "videos": found, "with_words": len(heard), "failed": len(failures)}
    console.emit(whole, json, f"{source}: {len(heard)} of {found} videos have words")
    console.finish(len(failures))


def _rounded(record: dict[str, object]) -> dict[str, object]:
    """Times to the millisecond, as subtitle files have them."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in record.items()}

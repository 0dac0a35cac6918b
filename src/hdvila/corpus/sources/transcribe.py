"""Videos without subtitles get some: a local model hears them, and what it hears is written beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hdvila.corpus.failures import Attempt, Failure
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.sources.words import words_of
from hdvila.errors import StoreError, TranscriptError
from hdvila.files import replacing
from hdvila.progress import SILENT, Reporter
from hdvila.text.transcribe import SpeechModel, transcribe
from hdvila.types import Transcript


def transcribe_videos(
    videos: Sequence[SourceVideo], model: SpeechModel, language: str | None = None, reporter: Reporter = SILENT
) -> tuple[list[SourceVideo], list[Failure]]:
    """Write ``<stem>.json`` beside each video that has no subtitles, in Whisper's form with word times.

    Where there is another file of that name, it is ``<stem>.<language>.json``, or else ``<stem>.whisper.json``.

    Args:
        videos: as `hdvila.corpus.collect` gives them; those with subtitles that can be read, beside them or inside, are
            left alone.
        model: see `hdvila.text.transcribe.load_speech_model`.
        language: what is spoken; None: the model listens for it.
        reporter: hears of each video.

    Returns:
        The videos that have subtitles now, in their order, and why the others have none.

    Raises:
        StoreError: a file cannot be written.
    """
    heard, failures = [], []
    with reporter.task("transcribing videos", total=len(videos)) as bar:
        for video in videos:
            outcome = _with_words(video, language) or _transcribe(video, model, language)
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                heard.append(outcome)
            bar.advance()
    return heard, failures


def _with_words(video: SourceVideo, language: str | None) -> SourceVideo | None:
    """The video with the file of its words, where it has some."""
    with suppress(TranscriptError):
        return words_of(video, language)[1]
    return None


def _transcribe(video: SourceVideo, model: SpeechModel, language: str | None) -> SourceVideo | Failure:
    with Attempt(video, "transcript") as attempt:
        said = transcribe(video.path, model, language)
        names = [".json", *([f".{said.language}.json"] if said.language else []), ".whisper.json"]
        free = [file for name in names if not (file := video.path.with_suffix(name)).exists()]
        target = free[0] if free else video.path.with_suffix(names[-1])
        _write(target, said)
        return replace(video, transcript=target, others=())
    return attempt.failure


def _write(target: Path, said: Transcript) -> None:
    words = [{"word": word.text, "start": word.start, "end": word.end} for word in said.words]
    with replacing(target, kind=StoreError) as partial:
        partial.write_text(
            json.dumps({"language": said.language, "words": words}, ensure_ascii=False), encoding="utf-8"
        )

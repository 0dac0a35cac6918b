"""Videos without subtitles get some: a local model hears them, and what it hears is written beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hdvila.corpus.failures import Attempt, Failure
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import StoreError
from hdvila.files import replacing
from hdvila.progress import SILENT, Reporter
from hdvila.text import find_transcript
from hdvila.text.transcribe import SpeechModel, transcribe
from hdvila.types import Transcript


def transcribe_videos(
    videos: Sequence[SourceVideo], model: SpeechModel, language: str | None = None, reporter: Reporter = SILENT
) -> tuple[list[SourceVideo], list[Failure]]:
    """Write ``<stem>.json`` beside each video that has no subtitles, in Whisper's form with word times.

    Args:
        videos: as `hdvila.corpus.collect` gives them; those with subtitles, beside them or inside, are left alone.
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
            outcome = video if video.transcript or find_transcript(video.path) else _transcribe(video, model, language)
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                heard.append(outcome)
            bar.advance()
    return heard, failures


def _transcribe(video: SourceVideo, model: SpeechModel, language: str | None) -> SourceVideo | Failure:
    with Attempt(video, "transcript") as attempt:
        target = video.path.with_suffix(".json")
        _write(target, transcribe(video.path, model, language))
        return replace(video, transcript=target)
    return attempt.failure


def _write(target: Path, said: Transcript) -> None:
    words = [{"word": word.text, "start": word.start, "end": word.end} for word in said.words]
    with replacing(target, kind=StoreError) as partial:
        partial.write_text(
            json.dumps({"language": said.language, "words": words}, ensure_ascii=False), encoding="utf-8"
        )

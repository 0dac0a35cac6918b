"""Transcribe videos without subtitles with a Whisper model in a local folder.

Nothing is downloaded. The model is an argument, so that it is loaded once for many videos.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from hdvila.errors import TranscriptError, UsageError, is_defect, one_line, require
from hdvila.text.formats.json_captions import parse_json
from hdvila.text.formats.normalise import in_order
from hdvila.text.languages import language_code
from hdvila.text.word_times import time_words
from hdvila.types import Transcript


class SpeechModel(Protocol):
    """The part of ``faster_whisper.WhisperModel`` that `transcribe` uses."""

    def transcribe(self, audio: str, **options: Any) -> tuple[Iterable[Any], Any]:
        """Lazy segments (``start``, ``end``, ``text``, ``words``), and an object with the ``language``."""


def load_speech_model(folder: str | os.PathLike[str], device: str = "cpu") -> SpeechModel:
    """Load a faster-whisper model (``model.bin``, ``config.json``, ``tokenizer.json``) from a local folder.

    Raises:
        UsageError: the folder does not exist or does not hold a model.
        MissingDependency: faster-whisper is not installed.
    """
    if not (Path(folder) / "model.bin").is_file():
        raise UsageError(f"{folder}: is not a faster-whisper model (no model.bin); convert one into it")
    whisper = require("faster_whisper", extra="transcribe")
    model: SpeechModel = whisper.WhisperModel(str(folder), device=device, local_files_only=True)
    return model


def transcribe(path: str | os.PathLike[str], model: SpeechModel, language: str | None = None) -> Transcript:
    """Transcribe a video or audio file, with the time of every word from the start of the audio.

    Args:
        path: the video or audio file.
        model: see `load_speech_model`.
        language: the language spoken, such as ``"en"``; None lets the model detect it.

    Raises:
        TranscriptError: the file has no readable audio, or no speech.
    """
    if not Path(path).is_file():
        raise TranscriptError(f"{path}: no such file; check the path")
    try:
        segments, info = model.transcribe(str(path), language=language, word_timestamps=True, vad_filter=True)
        records = list(_records(segments))
    except Exception as error:  # decoders and models raise errors of any type
        if is_defect(error):
            raise
        raise TranscriptError(f"{path}: cannot be transcribed: {one_line(error)}; check that it has audio") from error
    cues = in_order(parse_json({"segments": records}).cues)
    spoken = language_code(getattr(info, "language", None) or language)
    transcript = time_words(cues, spoken, f"{path}, transcribed")
    if not transcript.words:
        raise TranscriptError(f"{path}: the model finds no speech in it")
    return transcript


def _records(segments: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for segment in segments:
        words = [{"word": word.word, "start": word.start, "end": word.end} for word in segment.words or ()]
        yield {"start": segment.start, "end": segment.end, "text": segment.text, "words": words}

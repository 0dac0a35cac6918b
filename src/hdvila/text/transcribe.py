"""Videos without subtitles: their words from their sound, by a Whisper model that lies in a local folder.

Nothing is downloaded. The model is handed in, so that one is loaded for many videos.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from hdvila.errors import TranscriptError, UsageError, is_defect, require
from hdvila.text.formats.json_captions import parse_json
from hdvila.text.formats.normalise import in_order
from hdvila.text.languages import language_code
from hdvila.text.word_times import time_words
from hdvila.types import Transcript


class SpeechModel(Protocol):
    """What is used of ``faster_whisper.WhisperModel``."""

    def transcribe(self, audio: str, **options: Any) -> tuple[Iterable[Any], Any]:
        """Segments (``start``, ``end``, ``text``, ``words``), found while they are asked for, and ``language``."""


def load_speech_model(folder: str | os.PathLike[str], device: str = "cpu") -> SpeechModel:
    """Load a faster-whisper model (``model.bin``, ``config.json``, ``tokenizer.json``) from a local folder.

    Raises:
        UsageError: there is no such folder, or no model in it.
        MissingDependency: faster-whisper is not installed.
    """
    if not (Path(folder) / "model.bin").is_file():
        raise UsageError(f"{folder}: is no folder with a faster-whisper model (model.bin); convert or copy one there")
    whisper = require("faster_whisper", extra="transcribe")
    model: SpeechModel = whisper.WhisperModel(str(folder), device=device, local_files_only=True)
    return model


def transcribe(path: str | os.PathLike[str], model: SpeechModel, language: str | None = None) -> Transcript:
    """What is said in a video or sound file, with the time of every word, counted from the start of its sound.

    Args:
        path: the file.
        model: see `load_speech_model`.
        language: what is spoken, such as ``"en"``; None: the model listens for it.

    Raises:
        TranscriptError: the file has no sound that can be read, or nothing is said in it.
    """
    if not Path(path).is_file():
        raise TranscriptError(f"{path}: is not there; check the path")
    try:
        segments, info = model.transcribe(str(path), language=language, word_timestamps=True, vad_filter=True)
        records = list(_records(segments))
    except Exception as error:  # decoders and models raise whatever the damage leads to
        if is_defect(error):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise TranscriptError(f"{path}: cannot be transcribed: {reason}; it may have no sound") from error
    cues = in_order(parse_json({"segments": records}).cues)
    spoken = language_code(getattr(info, "language", None) or language)
    transcript = time_words(cues, spoken, f"{path}, transcribed")
    if not transcript.words:
        raise TranscriptError(f"{path}: nothing is said in it that the model understands")
    return transcript


def _records(segments: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for segment in segments:
        words = [{"word": word.word, "start": word.start, "end": word.end} for word in segment.words or ()]
        yield {"start": segment.start, "end": segment.end, "text": segment.text, "words": words}

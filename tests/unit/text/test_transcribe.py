"""Words from sound: the model is a stand-in, the way from its words to a transcript is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hdvila.errors import MissingDependency, TranscriptError, UsageError
from hdvila.text.transcribe import load_speech_model, transcribe


class Heard:
    """A model that hears the same in every file, and fails after `lasts` segments."""

    def __init__(self, lasts: int = 9) -> None:
        self.lasts = lasts
        self.asked: dict[str, Any] = {}

    def transcribe(self, audio: str, **options: Any) -> tuple[Iterator[Any], Any]:
        self.asked = {"audio": audio, **options}
        return self._segments(), SimpleNamespace(language="en")

    def _segments(self) -> Iterator[Any]:
        said = [(1.0, [(" Fold", 1.0, 1.3), (" the", 1.3, 1.4), (" paper.", 2.5, 2.9)]), (5.0, [(" Again.", 5.0, 5.5)])]
        for number, (start, words) in enumerate(said):
            if number == self.lasts:
                raise RuntimeError("no sound\nleft")
            timed = [SimpleNamespace(word=word, start=begin, end=end) for word, begin, end in words]
            yield SimpleNamespace(start=start, end=words[-1][2], text="".join(word for word, *_ in words), words=timed)


def test_words_come_with_the_times_the_model_gives(tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    video.touch()
    model = Heard()
    transcript = transcribe(video, model)
    assert transcript.text == "Fold the paper. Again."
    assert [(word.start, word.end) for word in transcript.words] == [(1.0, 1.3), (1.3, 1.4), (2.5, 2.9), (5.0, 5.5)]
    assert {word.timed_by for word in transcript.words} == {"word"}
    assert transcript.language == "en"
    assert model.asked["audio"] == str(video)
    assert model.asked["word_timestamps"] is True


def test_what_cannot_be_transcribed_is_refused_in_one_line(tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    with pytest.raises(TranscriptError, match="no such file"):
        transcribe(video, Heard())
    video.touch()
    with pytest.raises(TranscriptError, match=r"talk\.mp4: cannot be transcribed: no sound left"):
        transcribe(video, Heard(lasts=1))


def test_a_model_is_a_local_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"model\.bin"):
        load_speech_model("large-v3")
    (tmp_path / "model.bin").touch()
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(MissingDependency, match=r"hdvila\[transcribe\]"):
        load_speech_model(tmp_path)
    loaded: dict[str, Any] = {}
    monkeypatch.setitem(
        sys.modules,
        "faster_whisper",
        SimpleNamespace(WhisperModel=lambda folder, **options: loaded.update(options, folder=folder)),
    )
    load_speech_model(tmp_path)
    assert loaded == {"folder": str(tmp_path), "device": "cpu", "local_files_only": True}

"""Small narrated videos whose every frame shows its own time: grey level = 2 x seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hdvila.media import write_video

LINES = ["so the red ball rolls to the left", "now a blue cube spins twice", "here is the green cone again"]
STEP = 5.0  # seconds from one line to the next


def stamp(seconds: float) -> str:
    return f"{int(seconds // 60):02d}:{seconds % 60:06.3f}"


def captions(lines: list[str]) -> str:
    """One cue a line, words 0.3 s apart from second ``STEP * number + 0.5`` on."""
    cues = []
    for number, line in enumerate(lines):
        start = STEP * number + 0.5
        words = line.split()
        timed = words[0] + "".join(f"<{stamp(start + 0.3 * at)}><c> {word}</c>" for at, word in enumerate(words) if at)
        cues.append(f"{stamp(start)} --> {stamp(start + 3.5)}\n{timed}\n")
    return "\n".join(["WEBVTT\n", *cues])


Make = Callable[..., Path]


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 15 s, 10 frames a second, 64 x 96 pixels."""
    file = tmp_path_factory.mktemp("talk") / "talk.mp4"
    grey = (np.full((64, 96, 3), int(2 * number / 10), np.uint8) for number in range(150))
    write_video(file, grey, 10.0, crf=5)
    return file


@pytest.fixture
def make(talk: Path, tmp_path: Path) -> Make:
    """``make("sub/name.mp4")`` puts the video and its captions into a source folder and gives back the folder."""

    def put(*names: str, lines: list[str] | None = None) -> Path:
        root = tmp_path / "source"
        for name in names:
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(talk.read_bytes())
            file.with_suffix(".vtt").write_text(captions(lines or LINES))
        return root

    return put

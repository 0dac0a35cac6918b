"""A world of colours: videos of plain colours, and a model that knows the words for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from hdvila.media import write_video
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.search.index import FileReport
from hdvila.search.library import Library, open_library

COLOURS = {"red": (230, 20, 20), "green": (20, 230, 20), "blue": (20, 20, 230), "grey": (128, 128, 128)}

WINDOWS = 2  # through which a painted clip is seen


class ColourModel:
    """Video: its mean colour; text: the mean of the colours it names. Counts the painted clips that it has seen."""

    def __init__(self, mark: float = 1.0) -> None:
        self.processor = SimpleNamespace(preprocess=Preprocess(64, 64, segments=2, neighbours=1, rate=2))
        self.device = torch.device("cpu")
        self.clips_seen = 0.0
        self.mark = mark
        self.broken = False

    def encode_video(self, high: Tensor | None, low: Tensor | None) -> Tensor:
        assert high is not None
        self.clips_seen += len(high) / WINDOWS
        if self.broken:
            return torch.full((len(high), 3), torch.nan)
        return normalize(high.float().mean((1, 3, 4)) - 60, dim=-1)

    def embed_text(self, texts: list[str]) -> Tensor:
        if self.broken:
            return torch.full((len(texts), 3), torch.nan)
        named = [[COLOURS[word] for word in text.split() if word in COLOURS] for text in texts]
        return normalize(torch.tensor([np.mean(some, 0).tolist() for some in named]) - 60, dim=-1)

    def state_dict(self) -> dict[str, Any]:
        return {"mark": torch.tensor([self.mark])}

    def describe(self) -> dict[str, Any]:
        return {"preprocess": self.processor.preprocess.to_dict()}


def paint(path: Path, *scenes: tuple[str, float], fps: int = 5) -> Path:
    """A video of plain colours, each for some seconds."""
    frames: Iterator[Any] = (
        np.full((64, 96, 3), COLOURS[colour], np.uint8)
        for colour, seconds in scenes
        for _ in range(round(seconds * fps))
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, frames, fps)
    return path


@pytest.fixture
def model() -> ColourModel:
    return ColourModel()


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """red.mp4 (6 s), deep/blue.mp4 (3 s), and mixed.mp4: 10 s green, 10 s blue, 10 s red."""
    folder = tmp_path / "videos"
    paint(folder / "red.mp4", ("red", 6))
    paint(folder / "deep" / "blue.mp4", ("blue", 3))
    paint(folder / "mixed.mp4", ("green", 10), ("blue", 10), ("red", 10))
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return open_library(tmp_path / "library")


def by_name(reports: Sequence[FileReport]) -> dict[str, str]:
    return {Path(report.file).name: report.status for report in reports}


@pytest.fixture
def index(library: Library, videos: Path, model: ColourModel) -> Callable[[], dict[str, str]]:
    """Index the videos and give the statuses by file name."""
    return lambda: by_name(library.index(videos, model))

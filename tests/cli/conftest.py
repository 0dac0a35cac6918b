"""Real processes, a real model folder (small, random weights) and real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hdvila.cli.main import main
from hdvila.hub import Processor, build_model
from hdvila.media import write_video
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.text.tokenizer import Tokenizer

Run = Callable[..., subprocess.CompletedProcess[str]]

ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}  # many small processes: more threads only get in the way

TINY = HDVILAConfig(
    hidden_size=32,
    text_layers=1,
    joint_layers=1,
    intermediate_size=64,
    num_attention_heads=2,
    hybrid_layers=1,
    hybrid_attention_heads=2,
    resnet_depths=(1, 1, 1, 1),
    resnet_width=8,
    grid=(1, 1),
    frames=3,
    vocab_size=200,
    max_text_positions=16,
)


def save_model(folder: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    model = build_model(TINY)
    words = ["a red ball rolls", "the blue cube falls", "two dogs run", "a door opens"]
    preprocess = Preprocess(64, 64, segments=1, neighbours=1, rate=2)
    model.processor = Processor(preprocess, Tokenizer.train(words, TINY.vocab_size), text_length=16)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "tiny", seed=0)


@pytest.fixture(scope="session")
def other_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "other", seed=1)


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Twelve short videos of plain colours; one has subtitles."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for number in range(12):
        picture = np.full((64, 64, 3), (20 * number, 255 - 20 * number, 128), np.uint8)
        write_video(folder / f"{number:02d}.mp4", [picture] * 10, 5)
    (folder / "03.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nThe blue cube falls.\n")
    return folder


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "hdvila", *map(str, arguments)]


@pytest.fixture
def hdvila(tmp_path: Path) -> Run:
    """Run the program as a process of its own, in the test's folder."""

    def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), capture_output=True, text=True, timeout=120, cwd=tmp_path, env=ONE_THREAD, **options
        )

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process, in the test's folder: the same, without the time to start."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, said.out, said.err)

    return run


def lines(text: str) -> list[dict[str, Any]]:
    """The objects on stdout, one a line."""
    return [json.loads(line) for line in text.splitlines()]

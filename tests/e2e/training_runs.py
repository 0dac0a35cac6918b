"""What the end-to-end tests of training share: a corpus of noise, a tiny recipe, ways to run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from hdvila.cli.main import main
from hdvila.store import CorpusWriter
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams

STEPS = 60
SETTINGS = {
    "steps": STEPS, "batch_size": 8, "checkpoint_every": 4,
    "model.hidden_size": 16, "model.intermediate_size": 32, "model.text_layers": 1, "model.resnet_width": 4,
    "model.vocab_size": 60, "data.tokenizer": "", "model.grid": "1,1", "data.text_length": 8,
    "data.preprocess.height": 64, "data.preprocess.width": 64, "data.preprocess.neighbours": 1, "data.workers": 1,
}  # fmt: skip


def write_corpus(folder: Path, clips: range = range(24), thing: str = "thing", *, one_video: bool = False) -> Path:
    """Clips of coloured noise; again into the same folder adds to them."""
    times = np.arange(21) / 10
    with CorpusWriter(folder, hybrid_streams()) as writer:
        for i in clips:
            rng = np.random.default_rng(i)
            low, high = (rng.integers(i, i + 200, (n, s, s, 3)).astype(np.uint8) for n, s in ((21, 18), (5, 72)))
            video = "v" if one_video else f"v{i}"
            clip = Clip(f"c{i}", video, 0.0, 2.1, f"a {thing} {'abcdefgh'[i % 8]} and {'stuv'[i // 8]}")
            writer.add(clip, {"hr": Frames(high, times[::5]), "lr": Frames(low, times)})
    return folder


def command(
    corpus: Path, run: Path, recipe: str = "miniature-stage1", processes: int = 1, **changes: object
) -> list[str]:
    settings = SETTINGS | {"data.corpus": corpus} | changes
    sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    return [
        sys.executable,
        "-m",
        "hdvila",
        "train",
        recipe,
        "--into",
        str(run),
        "--json",
        f"--processes={processes}",
        *sets,
    ]


def run_here(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The command in this process: -> exit status, stdout, stderr `without_progress`."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        status = main(words[3:])
    finally:
        torch.set_num_threads(threads)
    out, err = capsys.readouterr()
    return status, out, without_progress(err)


def run_elsewhere(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=200, env=one_thread())


def without_progress(stderr: str) -> str:
    """Without what every run says: how far it is, and which parts of a model from nothing begin at random."""
    lines = stderr.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("training ") and " begin at random" not in line)


def one_thread() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1"}


def log(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]

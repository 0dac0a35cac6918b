"""A store in a plain torch DataLoader, as docs/training.md shows it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hdvila.store import CorpusWriter
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams

DOCUMENT = Path(__file__).parents[3] / "docs" / "training.md"
CHECKS = """
    import multiprocessing

    def epoch(workers):
        torch.manual_seed(5)
        context = multiprocessing.get_context("fork") if workers else None
        clips = Clips("corpus", preprocess)
        batches = list(DataLoader(clips, 4, shuffle=True, num_workers=workers, multiprocessing_context=context))
        numbers = torch.cat([batch["number"] for batch in batches]).tolist()
        assert sorted(numbers) == list(range(len(clips))) != numbers, "every clip once, in another order"
        for batch in batches:
            assert batch["text"] == [f"grey {25 * number}" for number in batch["number"].tolist()]
            for stream in ("high", "low"):
                levels = batch[stream].flatten(1).float() - 25 * batch["number"][:, None]
                assert levels.abs().max() <= 2, "each clip has its own frames"
        return batches

    epoch(0)
    for one, other in zip(epoch(2), epoch(2)):
        assert torch.equal(one["high"], other["high"]) and torch.equal(one["low"], other["low"])
    print("checked")
"""


def fill(root: Path) -> None:
    """Nine clips; all frames of clip i are of the grey level 25 i."""
    pts = np.arange(24) / 10
    with CorpusWriter(root, hybrid_streams(), clips_per_shard=2) as writer:
        for number in range(9):
            lr = np.full((24, 18, 36, 3), 25 * number, np.uint8)
            hr = lr[::5].repeat(4, 1).repeat(4, 2)
            clip = Clip(f"c{number}", f"v{number}", 0, 2.4, f"grey {25 * number}")
            writer.add(clip, {"hr": Frames(hr, pts[::5]), "lr": Frames(lr, pts)})


def test_the_documented_loader_gives_every_clip_its_own_frames(tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?DataLoader.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    fill(tmp_path / "corpus")
    (tmp_path / "loader.py").write_text(block + CHECKS, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "loader.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    if "unable to open shared memory" in run.stderr or "No space left on device" in run.stderr:
        pytest.skip("this machine has no shared memory for worker processes")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0].startswith("(4, 2, 3, 64, 128) (4, 2, 6, 3, 16, 32) grey ")
    assert lines[-1] == "checked"

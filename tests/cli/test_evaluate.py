"""`hdvila evaluate` on a small corpus: the numbers come with protocol, gallery and chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hdvila.store import CorpusWriter
from hdvila.types import Clip, Frames
from tests.cli.conftest import Run, lines
from tests.hybrid_streams import hybrid_streams


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Five clips of 2 s; one of them is silent."""
    random = np.random.default_rng(0)
    with CorpusWriter(tmp_path / "corpus", hybrid_streams()) as writer:
        for number, text in enumerate(["a red ball rolls", "two dogs run", "", "a door opens", "the blue cube falls"]):
            low = Frames(random.integers(0, 256, (20, 16, 16, 3), np.uint8), np.arange(20) / 10)
            high = Frames(random.integers(0, 256, (4, 64, 64, 3), np.uint8), np.arange(4) / 2)
            writer.add(Clip(f"v{number}-0", f"v{number}", 0.0, 2.0, text), {"hr": high, "lr": low})
    return tmp_path / "corpus"


def test_numbers_come_with_their_protocol(here: Run, corpus: Path, model_folder: Path) -> None:
    done = here("evaluate", "--model", model_folder, "--corpus", corpus, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (record,) = lines(done.stdout)
    assert (record["queries"], record["videos"], record["missing"]) == (4, 4, ["v2-0"])
    assert 0.8 <= record["seen"]["least"] <= record["seen"]["mean"] <= 1
    assert "89% or more of every frame seen" in record["protocol"]
    for direction in ("text_to_video", "video_to_text"):
        numbers = record[direction]
        assert 0 <= numbers["r1"] <= numbers["r5"] == numbers["r10"] == numbers["r50"] == 1
        assert 1 <= numbers["median_rank"] <= 4
        assert (numbers["gallery"], numbers["chance_r1"]) == (4, 0.25)

    table = here("evaluate", "--model", model_folder, "--corpus", corpus).stdout
    assert record["protocol"] in table
    assert "4 queries, gallery 4, chance R@1 25.00%" in table
    assert "left out, without speech: 1 clips" in table


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--into", "record.json"], "--into: not for --model and --corpus"),
        (["--store", "other", "--allow-missing"], "--store and --allow-missing: not for --model and --corpus"),
        (["--ties", "foo"], "ties foo: choose one of pessimistic, optimistic"),
    ],
)
def test_an_option_that_would_not_be_read_is_refused(
    here: Run, corpus: Path, model_folder: Path, more: list[str], message: str
) -> None:
    done = here("evaluate", "--model", model_folder, "--corpus", corpus, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_ties_are_counted_by_the_rule_that_is_named(here: Run, corpus: Path, model_folder: Path) -> None:
    done = here("evaluate", "--model", model_folder, "--corpus", corpus, "--ties", "optimistic", "--json")
    assert "ties optimistic" in lines(done.stdout)[0]["protocol"]

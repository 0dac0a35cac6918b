"""The demo on a few videos: every step runs, the report holds what is promised, a second call repeats nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.lab.demo import run
from hdvila.recipes import get_recipe
from hdvila.search.library import open_library
from hdvila.train.recipe import Recipe

pytestmark = pytest.mark.slow


def few_steps(name: str) -> Recipe:
    recipe = get_recipe(name)
    return replace(recipe, steps=2, batch_size=16)


def test_demo_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "TRAIN_VIDEOS", 6)
    monkeypatch.setattr(run, "TEST_VIDEOS", 4)
    monkeypatch.setattr(run, "GALLERY", 16)
    monkeypatch.setattr(run, "get_recipe", few_steps)
    facts = run.run_demo(tmp_path)

    assert json.loads((tmp_path / "report.json").read_text()) == facts
    scores = facts["retrieval"]["text_to_video"]
    assert {"r1", "r5", "r10", "median_rank", "gallery", "chance_r1"} <= set(scores)
    assert (scores["gallery"], scores["chance_r1"]) == (16, 1 / 16)
    assert 0 <= scores["r1"] <= scores["r5"] <= scores["r10"] <= 1
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/jpeg") > 20
    assert "http" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    ).replace("https://matplotlib.org", ""), "the page is to be self-contained"
    assert open_library(tmp_path / "library").search("a red ball", 3)
    assert (tmp_path / "model" / "config.json").exists()

    log = (tmp_path / "stage1" / "log.jsonl").read_text()
    again = run.run_demo(tmp_path)
    assert again["retrieval"] == facts["retrieval"]
    assert (tmp_path / "stage1" / "log.jsonl").read_text() == log, "stage one was trained twice"

"""A library that the first program of this version made (with its model and videos) goes on with its model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hdvila.hub import load_model
from hdvila.search.library import Library, open_library
from tests.unit.search.conftest import by_name

BEFORE = Path(__file__).parent / "before"


@pytest.fixture
def old(tmp_path: Path) -> Library:
    shutil.copytree(BEFORE, tmp_path, dirs_exist_ok=True)
    return open_library(tmp_path / "library")


def test_it_is_searched_as_it_is(old: Library) -> None:
    hits = old.search("the blue cube", channels=["picture"])
    assert [Path(hit.file).name for hit in hits] == ["1.mp4", "0.mp4"]
    assert [hit.score for hit in hits] == pytest.approx([0.4285, 0.2532], abs=2e-3)
    assert old.search("cube", 1)[0].text == "The blue cube falls."


def test_it_is_brought_up_to_date_with_its_own_model(old: Library, tmp_path: Path) -> None:
    assert by_name(old.index(tmp_path / "videos")) == {"0.mp4": "moved", "1.mp4": "moved"}
    again = open_library(old.path)
    assert by_name(again.index(tmp_path / "videos", tmp_path / "model")) == {"0.mp4": "unchanged", "1.mp4": "unchanged"}
    shutil.copy(tmp_path / "videos" / "1.mp4", tmp_path / "videos" / "copy.mp4")
    assert by_name(again.index(tmp_path / "videos"))["copy.mp4"] == "indexed"
    assert len(again.search("cube")) == 2
    assert again.search("cube", 1)[0].copies == (str(tmp_path / "videos" / "copy.mp4"),)


def test_a_model_in_memory_is_its_model_and_its_place_stays_known(old: Library, tmp_path: Path) -> None:
    model = load_model(tmp_path / "model")
    assert old.search("cube", model=model)
    old.index(tmp_path / "videos", model)
    assert open_library(old.path).search("cube")

"""The hashes of a model tell it from every other that would say something else, and from no other."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from hdvila.hub import file_hashes, find_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The files of a model folder; what is in them does not matter here."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    for name in ("tokenizer.json", "vocab.txt", "answers.json", "recipe.json", "trained_on.json"):
        (folder / name).write_text(f'["{name}"]')
    (folder / "config.json").write_text(json.dumps({"notes": ["recipe.json", "trained_on.json"]}))
    return folder


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "vocab.txt", "answers.json", "recipe.json", "trained_on.json"]
)
def test_every_file_that_makes_an_answer_makes_another_identity(model: Path, name: str) -> None:
    before = file_hashes(model)
    assert before["sha256"] == hashlib.sha256(b"weights").hexdigest()
    file = model / name
    file.write_text(file.read_text().replace("]", " ]"))
    after = file_hashes(model)
    assert after["identity"] != before["identity"]
    assert after["sha256"] == before["sha256"]
    file.unlink()
    assert file_hashes(model)["identity"] not in (before["identity"], after["identity"])


def test_other_weights_are_another_model(model: Path) -> None:
    before = file_hashes(model)
    (model / "model.safetensors").write_bytes(b"other weights")
    assert all(file_hashes(model)[key] != before[key] for key in ("sha256", "identity"))


def test_a_copy_elsewhere_with_other_files_beside_is_the_same_model(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "somewhere" / "else")
    (copy / "README.md").write_text("a card")
    (copy / "validation.json").write_text("of a model that lay here before")
    assert file_hashes(copy) == file_hashes(model)


def test_the_weights_of_a_folder_stand_for_the_folder(model: Path) -> None:
    assert find_model(model / "model.safetensors") == model
    assert find_model(model) == model
    assert find_model(model / "config.json") == model / "config.json"


def test_a_file_brings_the_words_that_lie_beside_it(model: Path, tmp_path: Path) -> None:
    file = model / "model.safetensors"
    bare = Path(shutil.copy(file, tmp_path / "official.pt"))
    before = file_hashes(bare)["identity"]
    (tmp_path / "vocab.txt").write_text("other words")
    assert file_hashes(bare)["identity"] != before

"""`hdvila convert`: an official file becomes a folder that works, every key accounted for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hdvila.hub import build_model, load_model
from tests.cli.conftest import TINY, Run, lines


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A stage-two file as the official code saves it: wrapped, prefixed, with a buffer that is no weight."""
    torch.manual_seed(0)
    weights = build_model(replace(TINY, variant="stage2")).state_dict()
    weights["transformer.bert.embeddings.position_ids"] = torch.arange(TINY.max_text_positions)[None]
    torch.save({"model_state_dict": {f"module.{key}": value for key, value in weights.items()}}, tmp_path / "x.pt")
    return tmp_path / "x.pt"


SIZES = ("--set", "num_attention_heads=2", "--set", "hybrid_attention_heads=2", "--set", "grid=1,1")


def test_an_official_file_becomes_a_folder(here: Run, official: Path, model_folder: Path, tmp_path: Path) -> None:
    done = here("convert", official, "--into", "model", "--tokenizer", model_folder, *SIZES, "--json")
    assert done.returncode == 0, done.stderr
    records = lines(done.stdout)
    assert any(record["key"].endswith("position_ids") and record["reason"] for record in records)
    assert "variant stage2" in done.stderr
    model = load_model(tmp_path / "model")
    assert model.config.num_attention_heads == 2
    assert model.embed_text(["a red ball"]).norm().item() == pytest.approx(1, abs=1e-5)


def test_without_a_tokenizer_it_says_what_is_missing(here: Run, official: Path) -> None:
    done = here("convert", official, "--into", "model", *SIZES)
    assert done.returncode == 0
    assert "no tokenizer" in done.stderr


def test_weights_of_a_model_folder_are_not_parted_from_their_history(here: Run, model_folder: Path) -> None:
    done = here("convert", model_folder / "model.safetensors", "--into", "model")
    assert done.returncode == 2
    assert "is a part of the model folder" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("none.pt",), 2, "none.pt: there is no such file"),
        (("x.pt", "--set", "heads"), 2, "write --set KEY=VALUE"),
        (("x.pt", "--set", "head_count=2", "--set", "grid=1,1"), 2, "head_count"),
        (("x.pt", "--set", "num_attention_heads=5", "--set", "grid=1,1"), 2, "does not divide"),
        (("x.pt", "--set", "strict=maybe", "--set", "grid=1,1"), 2, "strict='maybe': give True or False"),
        (("x.pt", "--set", "device=cpu", "--set", "grid=1,1"), 2, "'device' is not a setting"),
        (("x.pt", "--set", "grid=5"), 2, "grid=5 is not 2 whole numbers"),
        (("x.pt",), 2, "such as grid=(1, 1) by keyword or --set grid=1,1 to hdvila convert"),
        (("noise.pt",), 1, "noise.pt: it "),
        (("other.pt",), 1, "not weights of a known system"),
    ],
)
def test_what_cannot_be_converted_is_one_line(
    here: Run, official: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    (tmp_path / "noise.pt").write_bytes(b"noise" * 100)
    torch.save({"a": torch.zeros(2)}, tmp_path / "other.pt")
    done = here("convert", *arguments, "--into", "model")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (status, "", 1), done.stderr
    assert words in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("written", ["strict=False", "strict=false"])
def test_the_advice_of_an_error_works_as_it_is_written(here: Run, official: Path, tmp_path: Path, written: str) -> None:
    content = torch.load(official, weights_only=True)
    content["model_state_dict"]["module.extra"] = torch.zeros(2)
    del content["model_state_dict"]["module.transformer.t_proj.bias"]
    torch.save(content, official)
    refused = here("convert", official, "--into", "model", *SIZES)
    assert refused.returncode == 1
    assert "hdvila convert CHECKPOINT --into FOLDER --set strict=False" in refused.stderr
    done = here("convert", official, "--into", "model", *SIZES, "--set", written, "--json")
    assert done.returncode == 0, done.stderr
    said = {record["key"]: (record["what"], record["reason"]) for record in lines(done.stdout)}
    assert said["extra"] == ("left out", "unknown name")
    assert said["transformer.t_proj.bias"] == ("not in the file", "missing")
    sizes = {"grid": (1, 1), "num_attention_heads": 2, "hybrid_attention_heads": 2}
    assert load_model(official, strict=False, **sizes).config == load_model(tmp_path / "model").config

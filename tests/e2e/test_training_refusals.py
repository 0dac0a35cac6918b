"""What a run refuses before it does harm: a changed corpus, foreign words, a mistyped setting."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hdvila.cli.main import main
from hdvila.text.tokenizer import Tokenizer
from tests.e2e.training_runs import command, run_here, write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def run(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A finished run of two steps."""
    status, _, errors = run_here(command(corpus, tmp_path / "run", steps=2), capsys)
    assert status == 0, errors
    return tmp_path / "run"


def test_a_corpus_that_has_changed_is_refused(run: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(corpus, grown := run.parent / "grown")
    words = command(grown, run.parent / "second", steps=2)
    assert run_here(words, capsys)[0] == 0
    on = command(grown, run.parent / "second", steps=4)
    write_corpus(grown, range(24, 30), "novelty")
    status, _, errors = run_here(on, capsys)
    assert status == 1
    assert "has changed since it began (24 clips -> 30)" in errors
    assert errors.count("\n") == 1
    shutil.rmtree(grown)
    write_corpus(grown, thing="thong")
    assert "still 24 clips, but other ones or with other texts" in run_here(on, capsys)[2]
    shutil.rmtree(grown)
    write_corpus(grown)
    status, _, errors = run_here(on, capsys)
    assert status == 0, errors


def test_a_run_goes_on_with_its_own_words(run: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Tokenizer.train(["quite other words"], 60).save(run / "tokenizer")
    assert run_here(command(corpus, run, steps=4), capsys)[0] == 0
    assert (run / "model" / "vocab.txt").read_bytes() == (run / "tokenizer" / "vocab.txt").read_bytes()


@pytest.mark.parametrize("named", ["model", "model/model.safetensors"])
def test_start_weights_bring_their_words(named: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = write_corpus(run.parent / "other", thing="novelty")
    words = command(other, run.parent / "second", steps=2, **{"start.model": run / named})
    status, _, errors = run_here(words, capsys)
    assert status == 0, errors
    vocabularies = [(folder / "model" / "vocab.txt").read_bytes() for folder in (run, run.parent / "second")]
    assert vocabularies[0] == vocabularies[1]


@pytest.mark.parametrize("key", ["start.model", "start.bert"])
def test_start_weights_without_words_are_refused(
    key: str, run: Path, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = run.parent / "bare"
    bare.mkdir()
    shutil.copy(run / "model" / "model.safetensors", bare)
    for source in (bare, bare / "model.safetensors"):
        status, _, errors = run_here(command(corpus, run.parent / "second", steps=2, **{key: source}), capsys)
        assert status == 2
        assert "name it with data.tokenizer" in errors
        assert errors.count("\n") == 1


def test_a_finished_run_without_its_log_is_still_finished(
    run: Path, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "log.jsonl").unlink()
    status, out, errors = run_here(command(corpus, run, steps=2), capsys)
    assert (status, errors) == (0, "")
    assert json.loads(out) == {"run": str(run), "model": str(run / "model"), "step": 2}


def test_a_mistyped_setting_leaves_the_rendered_data_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = {"steps": 1, "batch_size": 2, "data.corpus": ""}
    assert run_here(command(tmp_path, tmp_path / "run", **small, **{"data.miniature.videos": 1}), capsys)[0] == 0
    videos = sorted((tmp_path / "run" / "data").rglob("*.mp4"))
    status, _, errors = run_here(command(tmp_path, tmp_path / "run", **small, **{"data.miniature.videos": 2}), capsys)
    assert status == 1
    assert "data.miniature.videos: 1 -> 2" in errors
    assert sorted((tmp_path / "run" / "data").rglob("*.mp4")) == videos
    assert run_here(command(tmp_path, tmp_path / "run", **small, **{"data.miniature.videos": 1}), capsys)[0] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("optim.lr=-1", "optim.lr=-1.0: choose a finite number"),
        ("optim.lr=nan", "optim.lr=nan: choose a finite number"),
        ("optim.clip_norm=-1", "optim.clip_norm=-1.0: choose a finite number above 0"),
        ("optim.betas=2,3", "optim.betas=2.0,3.0: choose 0 <= value < 1"),
        ("model.hidden_size=0", "hidden_size=0: choose 1 or more"),
        ("model.hidden_size=-64", "hidden_size=-64: choose 1 or more"),
        ("model.vocab_size=0", "vocab_size=0: choose 1 or more"),
        ("model.grid=0,3", "grid=(0, 3): choose 1 or more"),
        ("model.text_layers=-1", "text_layers=-1: choose 0 or more"),
        ("data.miniature.videos=0", "data.miniature.videos=0: choose 1 or more"),
        ("task.temperature=0", "task.temperature=0.0: choose a finite number above 0"),
        ("task.mask_share=5", "task.mask_share=5.0 is a share"),
        ("task.consensus=median", "choose one of mean, max, logsumexp"),
    ],
)
def test_a_value_without_meaning_is_refused(change: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    stage_two = change.startswith(("task.mask_share", "task.consensus"))
    recipe = "miniature-stage2" if stage_two else "miniature-stage1"
    assert main(["train", "--plan", recipe, "--set", change]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1


def test_a_plan_names_the_videos_and_counts_one_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--plan", "miniature-stage1"]) == 0
    assert "corpus: the clips of 640 miniature videos" in capsys.readouterr().out
    assert main(["train", "--plan", "miniature-stage1", "--set", "data.clips=35200"]) == 0
    assert ", 1 epoch\n" in capsys.readouterr().out

"""A mistake of this program, or of a library that changed, is never told as a damaged file, and costs no work done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pysubs2
import pytest
import torch

from hdvila.cli.main import main
from hdvila.corpus.failures import failure_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import InternalError, MissingDependency, is_defect, require_all
from hdvila.media import container
from hdvila.nn.weight_files import read_weights
from hdvila.search.library import open_library
from hdvila.text import read_transcript
from hdvila.train.checkpoint import Checkpoints
from tests.unit.search.conftest import ColourModel, paint


def changed(*arguments: Any) -> Any:
    """A function of a library whose next version takes other arguments."""


def test_a_library_that_changed_is_no_damaged_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, library = ColourModel(), open_library(tmp_path / "library")
    paint(tmp_path / "videos" / "red.mp4", ("red", 1))
    library.index(tmp_path / "videos", model)
    paint(tmp_path / "videos" / "new.mp4", ("blue", 1))
    with monkeypatch.context() as patch:
        patch.setattr(container.av, "open", changed)
        reports = {Path(report.file).name: report for report in library.index(tmp_path / "videos", model)}
    assert reports["red.mp4"].status == "unchanged"
    assert reports["new.mp4"].status == "failed"
    assert "internal error, please report it: TypeError" in reports["new.mp4"].reason
    assert "hdvila.media.container, line" in reports["new.mp4"].reason
    assert "damaged" not in reports["new.mp4"].reason
    mended = {Path(report.file).name: report.status for report in library.index(tmp_path / "videos", model)}
    assert mended == {"red.mp4": "unchanged", "new.mp4": "indexed"}


def test_a_corpus_lists_a_defect_as_one(tmp_path: Path) -> None:
    video = SourceVideo("talk", tmp_path / "talk.mp4", None, root=tmp_path)
    try:
        changed(nothing=1)
    except TypeError as error:
        failure = failure_of(video, "cut", error)
    assert "internal error, please report it: TypeError" in failure.reason
    assert failure.kind == "internal error, please report it: TypeError"


def test_weights_and_checkpoints_are_damaged_or_misread_by_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / "weights.pt")
    (tmp_path / "checkpoints").mkdir()
    torch.save({"a": 1}, tmp_path / "checkpoints" / "step_00000001.pt")
    monkeypatch.setattr(torch, "load", changed)
    with pytest.raises(TypeError):
        read_weights(tmp_path / "weights.pt")
    with pytest.raises(TypeError):
        Checkpoints(tmp_path / "checkpoints").load_latest()


def test_subtitles_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "talk.ass"
    file.write_text("[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\n[Events]\n")
    monkeypatch.setattr(pysubs2.SSAFile, "from_string", changed)
    with pytest.raises(TypeError):
        read_transcript(file)


def test_what_a_parser_stumbles_over_inside_is_damage() -> None:
    with pytest.raises(TypeError) as caught:
        changed(nothing=1)
    assert is_defect(caught.value)
    assert is_defect(caught.value, reader="torch")
    assert not is_defect(caught.value, reader=__name__.split(".")[0])
    assert not is_defect(ValueError("a bad byte"))
    assert "please report" in str(InternalError(KeyError("x")))


def test_the_doctor_finds_what_stops_every_video(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    assert "frames are read as they were written" in capsys.readouterr().out
    monkeypatch.setattr(container.av, "open", changed)
    assert main(["doctor"]) == 1
    assert "BROKEN: frames cannot be written and read: TypeError" in capsys.readouterr().out


def test_the_doctor_knows_every_extra(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    told = capsys.readouterr().out
    for extra in ("train", "corpus", "remote", "fetch", "cluster", "punctuation", "hub", "transcribe", "dev"):
        assert f"extra {extra} " in told


@pytest.mark.parametrize("command", ["demo", "train miniature-stage1"])
def test_a_missing_extra_is_told_before_anything_is_rendered(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    assert main([*command.split(), "--into", str(tmp_path / "run")]) == 1
    assert "pip install 'hdvila[train]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    with pytest.raises(MissingDependency, match="lightning_fabric"):
        require_all("json", "lightning_fabric", extra="train")

"""``hdvila miniature`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hdvila.cli.main import main
from hdvila.miniature import read_truth


def test_render_writes_what_is_promised_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["miniature", "render", "--into", str(tmp_path / "w"), "--videos", "2", "--seed", "5", "--set", "events=2"]
    assert main([*words, "--split", "test", "--questions", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["videos"], record["new"], record["events"]) == (2, 2, 4)
    truth = read_truth(tmp_path / "w")
    assert [video["split"] for video in truth] == ["test", "test"]
    assert len(list((tmp_path / "w" / "videos").glob("*.vtt"))) == 2
    assert (tmp_path / "w" / "questions" / "msrvtt_qa-test.jsonl").stat().st_size > 0

    assert main([*words, "--split", "test"]) == 0
    assert "2 videos (0 new), 4 clips" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--split", "val"], "train, test or both"),
        (["--set", "shares.textur=1"], "shares.texture"),
        (["--set", "events"], "KEY=VALUE"),
        (["--videos", "0"], "1 or more"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(
    words: list[str], hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["miniature", "render", "--into", str(tmp_path / "w"), *words]) == 2
    error = capsys.readouterr().err.strip()
    assert hint in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "w").exists()


def test_describe_prints_bits_and_ceilings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["miniature", "describe", "--set", "shares.texture=0", "--set", "shares.mark=0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bits detail"] == 0
    assert told["R@1 frame"] == told["R@1 frame+detail"] < told["R@1 frame+time"] == told["R@1 all"]


def test_the_page_shows_what_describe_prints(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "miniature.md").read_text(encoding="utf-8")
    assert main(["miniature", "describe"]) == 0
    assert capsys.readouterr().out in page


def test_sheet_is_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert main(["miniature", "sheet", str(tmp_path / "sheet.png")]) == 0
    picture = (tmp_path / "sheet.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert 50_000 < len(picture) < 400_000


def test_a_file_is_no_folder_to_render_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["miniature", "render", "--into", str(tmp_path / "file"), "--videos", "1"]) == 2
    assert "file: is a file; name a folder to render into" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_one_benchmark_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["miniature", "benchmarks", "lsdmc", "--into", str(tmp_path / "w")]) == 2
    assert "there is no such benchmark; choose from msrvtt, tgif_qa" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()
    assert main(["miniature", "benchmarks", "lsmdc", "--into", str(tmp_path / "w"), "--videos", "40", "--json"]) == 0
    assert sorted(path.name for path in (tmp_path / "w").iterdir() if path.is_dir()) == ["lsmdc"]
    assert (tmp_path / "w" / "lsmdc" / "annotations" / "SYNTHETIC.txt").is_file()

"""``hdvila corpus`` as a person types it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import typer

from hdvila.cli.main import app, main
from hdvila.corpus import CorpusOptions
from hdvila.media import write_video
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.store import Corpus
from hdvila.text import read_transcript
from tests.shared import SUBTITLES, needs


class GreyModel:
    """Puts all clips and all texts in one place."""

    processor = SimpleNamespace(preprocess=Preprocess(64, 64, segments=1, neighbours=1, rate=2))

    def encode_video(self, high: torch.Tensor, low: torch.Tensor) -> torch.Tensor:
        return torch.ones(len(high), 1)

    def embed_text(self, texts: list[str]) -> torch.Tensor:
        return torch.ones(len(texts), 1)


VTT = "WEBVTT\n\n00:01.000 --> 00:04.000\nso<00:01.500><c> we</c><00:02.000><c> fold</c><00:02.500><c> paper</c>\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    write_video(folder / "good.mp4", (np.full((64, 64, 3), n, np.uint8) for n in range(50)), 10.0)
    (folder / "good.vtt").write_text(VTT)
    return folder


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_build_says_what_came_of_it(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["corpus", "build", str(source), "--into", str(tmp_path / "c"), "--min-height", "64", "--json"]
    assert main(command) == 0
    whole = objects(capsys)[-1]
    steps = whole.pop("steps")
    assert [step["step"] for step in steps] == ["collect", "transcript", "filter", "clips", "cut"]
    assert all(step["in"] == step["out"] == 1 and step["reasons"] == {} for step in steps)
    assert whole | {"hours": 0} == {
        "corpus": str(tmp_path / "c"),
        "videos": 1,
        "added": 1,
        "unchanged": 0,
        "changed": 0,
        "failed": 0,
        "left_out": 0,
        "contaminated": 0,
        "clips": 1,
        "hours": 0,
        "sentences": {"found": 1, "in_clips": 1, "left_out": {}},
        "categories": [],
    }
    (source / "bad.mp4").write_bytes(b"x")
    (source / "bad.vtt").write_text(VTT)
    assert main([*command, "--workers", "1"]) == 1
    failure, whole = objects(capsys)
    assert (failure["video"], failure["step"]) == ("bad", "filter")
    assert (whole["added"], whole["unchanged"], whole["failed"]) == (0, 1, 1)


def test_build_of_nothing_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "build", str(tmp_path / "no"), "--into", str(tmp_path / "c")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_transcript_gives_sentences_and_words(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "transcript", str(source / "good.vtt"), "--json"]) == 0
    (sentence,) = objects(capsys)
    assert list(sentence) == ["start", "end", "text"]
    assert (sentence["start"], sentence["text"]) == (1.0, "So we fold paper.")
    assert main(["corpus", "transcript", str(source / "good.vtt"), "--json", "--words"]) == 0
    words = objects(capsys)
    assert [list(word) for word in words] == [["start", "end", "word", "timed_by"]] * 4
    assert [(word["start"], word["word"]) for word in words] == [
        (1.0, "so"),
        (1.5, "we"),
        (2.0, "fold"),
        (2.5, "paper"),
    ]


def test_the_transcripts_of_a_folder_are_counted_with_what_cannot_be_read(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "sub").mkdir()
    (source / "sub" / "empty.srt").write_bytes(b"")
    (source / "good.mp4").unlink()
    assert main(["corpus", "transcript", str(source), "--json"]) == 1
    good, empty, whole = objects(capsys)
    assert good == {"file": "good.vtt", "words": 4, "sentences": 1, "language": None}
    assert empty["file"] == "sub/empty.srt"
    assert whole == {
        "folder": str(source),
        "files": 2,
        "words": 4,
        "sentences": 1,
        "failed": 1,
        "reasons": {"the file is empty": 1},
    }
    assert main(["corpus", "transcript", str(source)]) == 1
    assert "1 of 2 files, 4 words, 1 sentences" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.slow
@needs(SUBTITLES)
def test_every_real_subtitle_file_is_read_or_has_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "transcript", str(SUBTITLES), "--json"]) == 1
    *files, whole = objects(capsys)
    assert len(files) == whole["files"] == sum(file.is_file() for file in SUBTITLES.rglob("*"))
    assert whole["failed"] == sum("reason" in file for file in files) == sum(whole["reasons"].values()) <= 11
    assert whole["words"] == sum(file.get("words", 0) for file in files) > 100_000


def test_a_language_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "talk.en.vtt").write_text(VTT)
    assert main(["corpus", "transcript", str(tmp_path / "talk.en.vtt"), "--language", "de"]) == 0
    assert "is in en; there are no words marked as de" in capsys.readouterr().err
    assert main(["corpus", "transcript", str(tmp_path / "talk.en.vtt"), "--language", "en"]) == 0
    assert capsys.readouterr().err == ""


def test_clips_are_planned_as_they_are_cut(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shape = ["--min-words", "2", "--padding", "0.1", "--min-seconds", "1"]
    assert main(["corpus", "clips", str(source / "good.mp4"), "--json", *shape]) == 0
    clip, video = objects(capsys)
    assert (clip["clip"], clip["text"], clip["start"]) == ("good_0000", "So we fold paper.", 0.9)
    assert video == {"video": "good", "clips": 1, "sentences": 1, "left_out": {}}
    pictures = ["--hr-fps", "1", "--lr-fps", "5", "--hr-height", "32", "--lr-height", "16", "--quality", "70"]
    cut = ["corpus", "cut", str(source / "good.mp4"), "--into", str(tmp_path / "c"), "--json", *shape, *pictures]
    assert main(cut) == 0
    assert objects(capsys)[-1]["sentences"] == {"found": 1, "in_clips": 1, "left_out": {}}
    corpus = Corpus(tmp_path / "c")
    assert [(one.clip_id, round(one.start, 3), round(one.end, 3)) for one in corpus.clips] == [
        ("good_0000", clip["start"], clip["end"])
    ]
    assert corpus.frames(0, "hr").rgb.shape[1:3] == (32, 32)
    assert corpus.frames(0, "lr").rgb.shape[1:3] == (16, 16)
    assert corpus.num_frames(0, "lr") == -(-(clip["end"] - clip["start"]) * 5 // 1)
    build = ["corpus", "build", str(source), "--into", str(tmp_path / "b"), "--min-height", "64", "--json"]
    assert main([*build, *shape, *pictures, "--clips-per-shard", "1"]) == 0
    assert objects(capsys)[-1]["clips"] == 1
    shard = Path("shards", "000000.tar")
    assert (tmp_path / "b" / shard).read_bytes() == (tmp_path / "c" / shard).read_bytes()


def test_a_corpus_of_format_1_is_brought_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(Path(__file__).parents[1] / "goldens" / "corpus_version1", tmp_path / "old")
    for _ in range(2):
        assert main(["corpus", "upgrade", str(tmp_path / "old"), "--json"]) == 0
        assert objects(capsys) == [{"corpus": str(tmp_path / "old"), "clips": 5}]
    assert (tmp_path / "old" / "corpus.json").exists()
    assert main(["corpus", "upgrade", str(tmp_path)]) == 1
    assert "is not a corpus" in capsys.readouterr().err


def test_the_defaults_that_are_told_are_those_of_the_library() -> None:
    command: Any = typer.main.get_command(app)
    for name in ("corpus", "build"):
        command = command.get_command(None, name)
    options = command.params
    told = {option.name: re.search(r"Default: ([\w.]+), or as", option.help or "") for option in options}
    shaped = {name: found[1] for name, found in told.items() if found}
    defaults = CorpusOptions()
    assert len(shaped) == 10
    assert shaped == {name: f"{getattr(defaults, name)}".removesuffix(".0") for name in shaped}


def test_what_is_not_given_is_what_the_corpus_began_with(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["corpus", "build", str(source), "--into", str(tmp_path / "c"), "--min-height", "64", "--workers", "1"]
    shape = ["--min-words", "2", "--padding", "0.1", "--hr-height", "32", "--form", "h264", "--target-seconds", "0"]
    assert main([*command, *shape]) == 0
    (source / "more.mp4").write_bytes((source / "good.mp4").read_bytes())
    (source / "more.vtt").write_text(VTT)
    assert main(command) == 0
    assert [clip.start for clip in Corpus(tmp_path / "c").clips] == [0.9, 0.9]
    assert main([*command, "--padding", "0.3"]) == 1
    assert "built with padding=0.1, not 0.3" in capsys.readouterr().err


def test_what_cannot_be_cut_is_listed(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (source / "bad.mp4").write_bytes(b"x")
    assert main(["corpus", "cut", str(source), "--into", str(tmp_path / "c"), "--json", "--workers", "1"]) == 1
    failure, whole = objects(capsys)
    assert (failure["video"], whole["videos"], whole["failed"]) == ("bad", 2, 1)
    assert main(["corpus", "clips", str(source)]) == 1
    assert "left out at" in capsys.readouterr().out


def test_videos_without_words_get_them_from_a_model(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["corpus", "transcribe", str(source), "--model", str(tmp_path / "no model")]) == 2
    assert "no model" in capsys.readouterr().err

    class Heard:
        def transcribe(self, audio: str, **options: Any) -> tuple[Any, Any]:
            if "mute" in audio:
                raise RuntimeError("no sound")
            said = [SimpleNamespace(word=f" word{n}", start=n / 2, end=n / 2 + 0.4) for n in range(6)]
            whole = SimpleNamespace(start=0, end=3, text=" ".join(word.word for word in said), words=said)
            return iter([whole]), SimpleNamespace(language="en")

    monkeypatch.setattr("hdvila.text.transcribe.load_speech_model", lambda folder, device: Heard())
    for name in ("new.mp4", "mute.mp4"):
        (source / name).write_bytes((source / "good.mp4").read_bytes())
    before = (source / "good.vtt").read_bytes()
    assert main(["corpus", "transcribe", str(source), "--model", str(tmp_path), "--json"]) == 1
    failure, whole = objects(capsys)
    assert (failure["video"], whole["with_words"], whole["failed"]) == ("mute", 2, 1)
    assert (source / "good.vtt").read_bytes() == before
    assert not (source / "good.json").exists()
    said = read_transcript(source / "new.json")
    assert [(word.text, word.start, word.timed_by) for word in said.words[:2]] == [
        ("word0", 0.0, "word"),
        ("word1", 0.5, "word"),
    ]
    assert said.language == "en"


@pytest.mark.parametrize("content", [b"", bytes(range(256)), b"WEBVTT\n"])
def test_what_is_no_transcript_gives_one_line_and_status_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "bad.vtt").write_bytes(content)
    assert main(["corpus", "transcript", str(tmp_path / "bad.vtt"), "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "bad.vtt" in captured.err


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_no_fault_of_the_video(source: Path, tmp_path: Path) -> None:
    job = [sys.executable, "-m", "hdvila", "corpus", "build", str(source), "--into", str(tmp_path / "c")]
    job += ["--min-height", "64", "--workers", "1"]
    full = subprocess.run(["bash", "-c", 'ulimit -f 8; "$@"', "-", *job], capture_output=True, text=True, timeout=100)
    assert full.returncode == 1
    (line,) = [line for line in full.stderr.splitlines() if not line.startswith("filtering videos: ")]
    assert "room" in line
    again = subprocess.run([*job, "--json"], capture_output=True, text=True, timeout=100)
    assert (again.returncode, json.loads(again.stdout)["clips"]) == (0, 1)


def test_each_step_runs_alone_on_what_the_one_before_left(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "bad.mp4").write_bytes(b"x")
    (source / "bad.vtt").write_text(VTT)
    (source / "video7.mp4").write_bytes((source / "good.mp4").read_bytes())
    (tmp_path / "ids.txt").write_text("video7")
    below = ["--root", str(source), "--json"]
    jobs = [
        (["collect", source, "--into", "1.csv"], 0, 3),
        (["exclude", "1.csv", "--into", "2.jsonl", "--exclude", "ids.txt"], 0, 2),
        (["filter", "2.jsonl", "--into", "3.parquet", "--min-height", "64", "--workers", "1"], 1, 1),
        (["balance", "3.parquet", "--into", "4.parquet", "--hours-per-category", "1"], 0, 1),
        (["build", "4.parquet", "--into", "c", "--min-height", "64", "--workers", "1"], 0, 1),
    ]
    names = ("1.csv", "2.jsonl", "3.parquet", "4.parquet", "c", "ids.txt")
    for arguments, status, kept in jobs:
        words = [str(tmp_path / word) if word in names else str(word) for word in arguments]
        assert main(["corpus", *words, *below]) == status
        whole = objects(capsys)[-1]
        assert whole.get("kept", whole.get("clips")) == kept
    assert main(["corpus", "list", str(tmp_path / "c"), "--into", str(tmp_path / "clips.jsonl"), "--json"]) == 0
    assert objects(capsys) == [{"list": str(tmp_path / "clips.jsonl"), "videos": 1}]
    assert len(list(tmp_path.glob("*.failures.parquet"))) == 4


def test_a_list_leads_to_its_videos_or_says_what_to_give(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = ["build", "--min-height", "64", "--workers", "1", "--language", "any", "--json"]
    above, beside = tmp_path / "1.csv", tmp_path / "lists" / "2.csv"
    assert main(["corpus", "collect", str(source), "--into", str(above)]) == 0
    assert "--root" not in capsys.readouterr().out
    assert main(["corpus", *build, str(above), "--into", str(tmp_path / "a")]) == 0
    assert objects(capsys)[-1]["clips"] == 1
    assert main(["corpus", "filter", str(above), "--into", str(beside), "--min-height", "64", "--language", "any"]) == 0
    root = capsys.readouterr().out.split("give --root ")[1].strip()
    assert main(["corpus", *build, str(beside), "--into", str(tmp_path / "b"), "--root", root]) == 0
    assert objects(capsys)[-1]["clips"] == 1


def test_what_is_excluded_too_late_is_said_and_status_one(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["corpus", "build", str(source), "--into", str(tmp_path / "c"), "--min-height", "64", "--workers", "1"]
    assert main(command) == 0
    capsys.readouterr()
    (tmp_path / "ids.txt").write_text("good")
    assert main([*command, "--exclude", str(tmp_path / "ids.txt"), "--json"]) == 1
    found, whole = objects(capsys)
    assert found == {"video": "good", "contaminated": "its id good is listed in ids.txt"}
    assert (whole["contaminated"], whole["unchanged"], whole["failed"]) == (1, 1, 0)
    assert main(command) == 1
    said = capsys.readouterr().out
    assert "1 video is in the corpus and should not be" in said
    assert "of 1 video 0 added" in said


def test_a_model_is_published_by_its_name_alone(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["corpus", "build", str(source), "--into", str(tmp_path / "c"), "--min-height", "64", "--workers", "1"]
    assert main(command) == 0
    (tmp_path / "my-model").mkdir()
    monkeypatch.setattr("hdvila.cli.corpus.preview._load", lambda model: GreyModel() if model else None)
    assert main(["corpus", "describe", str(tmp_path / "c"), "--model", str(tmp_path / "my-model")]) == 0
    assert "Under the model my-model the" in (tmp_path / "c" / "DATASHEET.md").read_text(encoding="utf-8")


def test_a_video_without_subtitles_is_left_out_and_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    write_video(source / "mute.mp4", [np.zeros((64, 64, 3), np.uint8)] * 10, 5)
    (source / "talk.vtt").write_text(VTT)
    assert main(["corpus", "transcript", str(source), "--json"]) == 0
    said, whole = objects(capsys)
    assert (said["file"], whole["files"], whole["failed"]) == ("talk.vtt", 1, 0)
    assert main(["corpus", "build", str(source), "--into", str(tmp_path / "c"), "--min-height", "60", "--json"]) == 0
    left, whole = objects(capsys)
    assert (left["video"], left["step"]) == ("mute", "transcript")
    assert (whole["failed"], whole["left_out"]) == (0, 1)
    assert main(["corpus", "clips", str(source), "--json"]) == 0

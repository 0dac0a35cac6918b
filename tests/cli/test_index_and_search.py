"""`hdvila index` and `hdvila search` as a person or a script uses them: real processes, killed ones too."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hdvila.media import write_video
from tests.cli.conftest import ONE_THREAD, Run, command, lines

KEYS = ["rank", "file", "start", "end", "score", "text", "channels", "confident", "copies"]


@pytest.mark.slow
def test_a_folder_becomes_searchable(hdvila: Run, here: Run, videos: Path, model_folder: Path, tmp_path: Path) -> None:
    index = ("index", videos, "--into", "lib", "--model", model_folder)
    done = hdvila(*index, "--json")
    assert done.returncode == 0
    assert Counter(line["status"] for line in lines(done.stdout)) == {"indexed": 12}
    assert all(
        set(line) == {"file", "status", "reason", "clips", "seen"} and line["seen"] >= 0.8
        for line in lines(done.stdout)
    )
    assert "12 indexed; 12 clips" in done.stderr
    again = here(*index)
    assert again.returncode == 0
    assert again.stdout.count("unchanged") == 12

    found = hdvila("search", "the blue cube falls", "--library", "lib", "-k", "3", "--json")
    assert (found.returncode, found.stderr) == (0, "")
    hits = lines(found.stdout)
    assert [list(hit) for hit in hits] == [KEYS] * 3
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert all(Path(hit["file"]).is_file() and 0 <= hit["start"] < hit["end"] for hit in hits)
    every = lines(here("search", "x", "--library", "lib", "-k", "99", "--json").stdout)
    assert {Path(hit["file"]).name: hit["text"] for hit in every}["03.mp4"] == "The blue cube falls."

    shown = here("search", "a door", "--library", "lib", "-k", "1")
    assert shown.stdout.startswith("1  0:0")
    assert shown.stdout.count("\n") == 1


def test_upright_and_square_videos_are_seen_and_the_share_is_told(
    here: Run, tmp_path: Path, model_folder: Path
) -> None:
    folder = tmp_path / "tall"
    folder.mkdir()
    for name, size in (("phone", (160, 90)), ("square", (96, 96))):
        write_video(folder / f"{name}.mp4", np.full((10, *size, 3), 90, np.uint8), 5)
    index = ("index", folder, "--into", "lib", "--model", model_folder, "--json")
    seen = {Path(line["file"]).stem: line["seen"] for line in lines(here(*index).stdout)}
    assert seen.keys() == {"phone", "square"}
    assert min(seen.values()) >= 0.8
    assert {Path(line["file"]).stem: line["seen"] for line in lines(here(*index).stdout)} == seen


def test_failed_files_are_listed_and_the_rest_is_done(here: Run, videos: Path, model_folder: Path) -> None:
    whole = (videos / "05.mp4").read_bytes()
    (videos / "05.mp4").write_bytes(whole[: len(whole) // 3])
    (videos / "06.mp4").write_bytes(b"")
    done = here("index", videos, "--into", "lib", "--model", model_folder, "--json")
    assert done.returncode == 1
    reports = {Path(line["file"]).name: line for line in lines(done.stdout)}
    for name in ("05.mp4", "06.mp4"):
        assert (reports[name]["status"], reports[name]["clips"]) == ("failed", 0)
        assert name in reports[name]["reason"]
    assert Counter(report["status"] for report in reports.values()) == {"indexed": 10, "failed": 2}
    assert "Traceback" not in done.stderr
    (videos / "05.mp4").write_bytes(whole)
    (videos / "06.mp4").unlink()
    mended = here("index", videos, "--into", "lib", "--model", model_folder, "--json")
    assert mended.returncode == 0
    assert Counter(line["status"] for line in lines(mended.stdout)) == {"unchanged": 10, "indexed": 1, "removed": 1}


@pytest.mark.slow
def test_killed_and_continued_while_others_wait_or_search(
    hdvila: Run, here: Run, videos: Path, model_folder: Path, tmp_path: Path
) -> None:
    index = ("index", videos, "--into", "lib", "--model", model_folder, "--json")
    with subprocess.Popen(
        command(*index), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path, env=ONE_THREAD
    ) as first:
        assert first.stdout is not None
        reported = [json.loads(first.stdout.readline()) for _ in range(3)]
        first.send_signal(signal.SIGSTOP)  # in the middle of its work, with the lock in its hand
        second = hdvila(*index)
        searched = here("search", "a red ball", "--library", "lib", "-k", "99", "--json")
        first.send_signal(signal.SIGKILL)
    assert (second.returncode, second.stdout, second.stderr.count("\n")) == (1, "", 1)
    assert "another process is indexing into this library" in second.stderr
    assert searched.returncode == 0
    assert {report["file"] for report in reported} <= {hit["file"] for hit in lines(searched.stdout)}

    continued = here(*index)
    assert continued.returncode == 0
    status = {line["file"]: line["status"] for line in lines(continued.stdout)}
    assert set(status.values()) == {"indexed", "unchanged"}
    assert {status[report["file"]] for report in reported} == {"unchanged"}
    unbroken = ("index", videos, "--into", "whole", "--model", model_folder)
    assert here(*unbroken).returncode == 0
    hits = [here("search", "a red ball", "--library", name, "-k", "99", "--json").stdout for name in ("lib", "whole")]
    assert hits[0] == hits[1]
    assert len(lines(hits[0])) == 12


def test_a_full_disk_is_one_line_and_nothing_is_lost(
    hdvila: Run, here: Run, videos: Path, model_folder: Path, tmp_path: Path
) -> None:
    index = ("index", videos, "--into", "lib", "--model", model_folder, "--json")
    for number in range(6, 12):
        (videos / f"{number:02d}.mp4").rename(tmp_path / f"{number:02d}.mp4")
    assert here(*index).returncode == 0
    before = here("search", "two dogs", "--library", "lib", "-k", "99", "--json").stdout
    for number in range(6, 12):
        (tmp_path / f"{number:02d}.mp4").rename(videos / f"{number:02d}.mp4")
    size = 120_000  # bytes of a file: some of the new videos still fit

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    failed = hdvila(*index, preexec_fn=full)
    assert failed.returncode == 1
    assert 0 < len(lines(failed.stdout)) < 12
    assert "Traceback" not in failed.stderr
    assert "is the disk full" in failed.stderr.splitlines()[-1]
    after = here("search", "two dogs", "--library", "lib", "-k", "99", "--json").stdout
    assert {hit["file"] for hit in lines(before)} < {hit["file"] for hit in lines(after)}
    again = here(*index)
    assert again.returncode == 0
    assert Counter(line["status"] for line in lines(again.stdout))["unchanged"] == len(lines(after))
    assert len(lines(again.stdout)) == 12


def test_an_interrupted_index_says_so(videos: Path, model_folder: Path, tmp_path: Path) -> None:
    index = command("index", videos, "--into", "lib", "--model", model_folder)
    with subprocess.Popen(
        index, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=ONE_THREAD
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "interrupted; the same command goes on from here" in said
    assert "Traceback" not in said


def test_another_model_and_a_changed_model_are_refused(
    here: Run, videos: Path, model_folder: Path, other_model_folder: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(model_folder, tmp_path / "model")
    assert here("index", videos, "--into", "lib", "--model", "model").returncode == 0
    other = here("index", videos, "--into", "lib", "--model", other_model_folder)
    assert (other.returncode, other.stdout, other.stderr.count("\n")) == (2, "", 1)
    assert str(model) in other.stderr
    assert str(other_model_folder) in other.stderr
    shutil.copytree(other_model_folder, model, dirs_exist_ok=True)
    changed = here("search", "two dogs", "--library", "lib")
    assert (changed.returncode, changed.stderr.count("\n")) == (1, 1)
    assert "has changed since" in changed.stderr
    shutil.rmtree(model)
    lost = here("search", "two dogs", "--library", "lib")
    assert (lost.returncode, lost.stderr.count("\n")) == (1, 1)
    assert "no longer exists" in lost.stderr


def test_a_library_and_its_model_can_be_moved_together(
    here: Run, videos: Path, model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    shutil.copytree(model_folder, tmp_path / "old" / "model")
    assert here("index", videos, "--into", "old/lib", "--model", "old/model").returncode == 0
    (tmp_path / "old").rename(tmp_path / "new")
    found = here("search", "two dogs", "--library", "new/lib", "-k", "2", "--json")
    assert found.returncode == 0
    assert len(lines(found.stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("search", "x", "--library", "none"), 2, "there is no such library"),
        (("search", "x", "--library", "videos"), 2, "there is no such library"),
        (("search", "x", "--library", "videos/00.mp4"), 2, "is a file"),
        (("index", "none", "--into", "lib", "--model", "{model}"), 2, "there is no such folder"),
        (("index", "videos", "--into", "lib", "--model", "none"), 2, "there is no such model"),
        (("index", "videos", "--into", "lib", "--model", "videos"), 1, "config.json"),
        (("index", "videos", "--into", "videos/00.mp4", "--model", "{model}"), 2, "is a file"),
        (("evaluate", "--model", "{model}", "--corpus", "none"), 2, "there is no such corpus"),
        (("evaluate", "--model", "{model}", "--corpus", "videos"), 1, "is not a corpus"),
    ],
)
def test_what_is_not_there_is_one_line(
    here: Run, videos: Path, model_folder: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    done = here(*(word.format(model=model_folder) for word in arguments))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (status, "", 1), done.stderr
    assert words in done.stderr


def test_the_library_knows_its_model_and_has_one_place(
    here: Run, videos: Path, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5, 12):
        (videos / f"{number:02d}.mp4").unlink()
    monkeypatch.delenv("HDVILA_LIBRARY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "more").mkdir()
    shutil.move(videos / "04.mp4", tmp_path / "more" / "04.mp4")
    nothing = here("index", videos)
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "--model" in nothing.stderr
    first = here("index", "videos/00.mp4", "more", "--model", model_folder, "--json")
    assert {Path(line["file"]).name: line["status"] for line in lines(first.stdout)} == {
        "00.mp4": "indexed", "04.mp4": "indexed"
    }  # fmt: skip
    assert (tmp_path / "data" / "hdvila" / "library" / "library.sqlite").is_file()
    again = here("index", "videos", "more")
    assert again.returncode == 0
    assert [line.split()[0] for line in again.stdout.splitlines()].count("indexed") == 3
    assert all(line.split()[-1] in ("more/04.mp4", *(f"videos/0{n}.mp4" for n in range(4))) for line in
               again.stdout.splitlines())  # fmt: skip
    assert len({line.index("clip") for line in again.stdout.splitlines()}) == 1
    monkeypatch.setenv("HDVILA_LIBRARY", str(tmp_path / "data" / "hdvila" / "library"))
    monkeypatch.delenv("XDG_DATA_HOME")
    found = here("search", "the", "blue", "cube", "falls", "-k", "1", "--json")
    hit = lines(found.stdout)[0]
    assert (Path(hit["file"]).name, hit["text"], hit["confident"]) == ("03.mp4", "The blue cube falls.", True)
    assert hit["channels"]["speech"] == 1
    assert here("search", "the blue cube falls", "-k", "1", "--json").stdout == found.stdout


def test_a_folder_that_is_gone_is_missing_until_it_is_pruned(
    here: Run, videos: Path, model_folder: Path, tmp_path: Path
) -> None:
    for number in range(2, 12):
        (videos / f"{number:02d}.mp4").unlink()
    assert here("index", "videos", "--library", "lib", "--model", model_folder).returncode == 0
    videos.rename(tmp_path / "elsewhere")
    gone = here("index", "videos", "--library", "lib", "--json")
    assert gone.returncode == 1
    assert [line["status"] for line in lines(gone.stdout)] == ["missing"] * 2
    assert "videos: is not there at the moment" in gone.stderr
    videos.mkdir()
    empty = here("index", "videos", "--library", "lib", "--json")
    assert empty.returncode == 0
    assert [line["status"] for line in lines(empty.stdout)] == ["missing"] * 2
    assert "hdvila library prune --library lib" in empty.stderr
    searched = here("search", "a door", "--library", "lib")
    assert searched.stdout.count("\n") == 2
    assert "is a disk not mounted?" in searched.stderr
    shown = here("library", "show", "--library", "lib", "--json")
    assert [line["status"] for line in lines(shown.stdout)] == ["missing"] * 2
    assert "2 files, 2 clips" in shown.stderr
    forgotten = here("library", "forget", "videos/00.mp4", "--into", "lib")
    assert forgotten.stdout.startswith("removed ")
    assert forgotten.stdout.rstrip().endswith("videos/00.mp4")
    assert here("library", "forget", "videos/00.mp4", "--library", "lib").returncode == 2
    pruned = here("library", "prune", "--library", "lib", "--json")
    assert [line["status"] for line in lines(pruned.stdout)] == ["removed"]
    assert here("library", "show", "--library", "lib").stdout == ""


def test_words_that_no_model_knows_are_named(here: Run, videos: Path, model_folder: Path) -> None:
    for number in range(2, 12):
        (videos / f"{number:02d}.mp4").unlink()
    assert here("index", "videos", "--library", "lib", "--model", model_folder).returncode == 0
    found = here("search", "xylophone", "quartz", "--library", "lib", "--json")
    assert found.returncode == 0
    assert [hit["confident"] for hit in lines(found.stdout)] == [False, False]
    assert "xylophone, quartz" in found.stderr

"""A rendered world: what stands in its folder, the same bytes again, and going on after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hdvila.errors import StoreError, UsageError
from hdvila.files import exclusive
from hdvila.media import open_video
from hdvila.miniature import WorldConfig, read_truth, render
from hdvila.miniature.world import FPS, HEIGHT, WIDTH

SMALL = WorldConfig(events=(2, 3))


def contents(folder: Path) -> dict[str, bytes]:
    """Videos, captions, truth and lists by name."""
    kinds = (".mp4", ".vtt", ".jsonl")
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.suffix in kinds}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    render(folder, 5, seed=7, config=SMALL)
    return folder


def test_the_promised_files_and_fields(world: Path) -> None:
    truth = read_truth(world)
    assert len(truth) == 5
    for video in truth:
        path = world / "videos" / video["video"]
        assert path.exists()
        assert path.with_suffix(".vtt").read_text().startswith("WEBVTT\nKind: captions\nLanguage: en\n\n")
        assert {"video", "category", "events", "split"} <= set(video)
        for event in video["events"]:
            assert {"start", "end", "sentence", "attributes", "narrated"} <= set(event)
            assert 0 <= event["start"] < event["end"] <= video["duration"]
            assert event["sentence"] or not event["narrated"]
            if event["sentence"]:
                assert event["start"] < event["speech_start"] < event["speech_end"] < event["end"]


def test_the_manifests_part_the_videos(world: Path) -> None:
    rows = {part: (world / f"manifest-{part}.jsonl").read_text().splitlines() for part in ("train", "test")}
    assert len(rows["train"]) == 4
    assert len(rows["test"]) == 1
    for row in map(json.loads, rows["train"] + rows["test"]):
        assert (world / row["path"]).exists()
        assert (world / row["transcript"]).exists()


def test_videos_show_their_events_at_the_times_of_the_truth(world: Path) -> None:
    for video in read_truth(world)[:2]:
        with open_video(world / "videos" / video["video"]) as file:
            assert (file.info.height, file.info.width) == (HEIGHT, WIDTH)
            assert np.allclose(np.diff(file.pts_seconds), 1 / FPS)
            assert len(file.pts_seconds) == round(video["duration"] * FPS)
            for event in video["events"]:
                if event["attributes"].get("first") == "blinks" or event["attributes"].get("second") == "blinks":
                    continue
                first = round(event["start"] * FPS)
                last = round(event["end"] * FPS) - 1
                before, shown, still, after = file.frames([first - 1, first, last, last + 1]).rgb.astype(int)
                assert np.abs(shown - before).max() > 60, "the object appears"
                assert np.abs(after - still).max() > 60, "the object is gone"


def test_the_same_seed_gives_the_same_bytes_and_more_videos_extend_the_world(world: Path, tmp_path: Path) -> None:
    render(tmp_path, 3, seed=7, config=SMALL)
    first = (tmp_path / "truth.jsonl").read_text().splitlines()
    assert first == (world / "truth.jsonl").read_text().splitlines()[:3]
    report = render(tmp_path, 5, seed=7, config=SMALL, workers=1)
    assert report.new == 2
    assert contents(tmp_path) == contents(world)
    assert render(tmp_path, 5, seed=7, config=SMALL).new == 0


def test_processes_render_the_same_world(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["hdvila.miniature.render"], "_FEW", 1)
    render(tmp_path, 5, seed=7, config=SMALL, workers=2)
    assert contents(tmp_path) == contents(world)


def test_another_seed_is_another_world(world: Path, tmp_path: Path) -> None:
    render(tmp_path, 1, seed=8, config=SMALL)
    assert read_truth(tmp_path)[0]["events"] != read_truth(world)[0]["events"]


def test_a_killed_render_is_continued_and_keeps_what_was_complete(world: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from hdvila.miniature import WorldConfig, render; "
        "render(sys.argv[1], 200, seed=7, config=WorldConfig(events=(2, 3)), workers=1)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("videos/[0-9]*.mp4"))) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    complete = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("videos/[0-9]*.mp4")}
    assert 3 <= len(complete) < 200
    assert not (tmp_path / "truth.jsonl").exists()

    wanted = len(complete) + 2
    report = render(tmp_path, wanted, seed=7, config=SMALL)
    assert report.new == 2
    assert {name: (tmp_path / "videos" / name).stat().st_mtime_ns for name in complete} == complete
    assert not list(tmp_path.glob("videos/.*"))
    with open_video(tmp_path / "videos" / max(complete)) as video:
        assert len(video.frames([0, len(video.pts_seconds) - 1])) == 2
    for name, text in contents(world).items():
        if name.startswith("videos/"):
            assert contents(tmp_path)[name] == text


def test_a_folder_holds_one_world(world: Path) -> None:
    with pytest.raises(UsageError, match="seed"):
        render(world, 5, seed=9, config=SMALL)
    with pytest.raises(UsageError, match="config"):
        render(world, 5, seed=7)
    with pytest.raises(UsageError, match="already holds 5 videos"):
        render(world, 4, seed=7, config=SMALL)
    with pytest.raises(UsageError, match="1 or more"):
        render(world, 0, seed=7)


def test_two_calls_do_not_share_a_world(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path / ".writing", StoreError, ""),
        pytest.raises(StoreError, match="another process is rendering into"),
    ):
        render(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == [".writing"]
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        render(tmp_path / "file", 1)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"truth\.jsonl"):
        read_truth(tmp_path)
    (tmp_path / "world.json").write_text("{")
    with pytest.raises(StoreError, match=r"world\.json is damaged"):
        render(tmp_path, 1)

"""Files that are gone, moved or there several times: no disk that is not mounted empties a library."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hdvila.errors import UsageError
from hdvila.search.library import Library
from tests.unit.search.conftest import ColourModel, by_name, paint

Index = Callable[[], dict[str, str]]


def files(library: Library, words: str) -> set[str]:
    return {Path(hit.file).name for hit in library.search(words, 100)}


@pytest.mark.parametrize("state", ["empty", "gone", "with another disk"])
def test_a_folder_that_is_suddenly_empty_keeps_its_clips(
    library: Library, index: Index, videos: Path, model: ColourModel, tmp_path: Path, state: str
) -> None:
    index()
    seen = model.clips_seen
    videos.rename(tmp_path / "unmounted")
    if state != "gone":
        videos.mkdir()
    if state == "with another disk":
        paint(videos / "other.mp4", ("grey", 2))
    found = index()
    assert {name: status for name, status in found.items() if name != "other.mp4"} == {
        "red.mp4": "missing", "blue.mp4": "missing", "mixed.mp4": "missing"
    }  # fmt: skip
    assert files(library, "blue") >= {"red.mp4", "blue.mp4", "mixed.mp4"}
    if videos.exists():
        shutil.rmtree(videos)
    (tmp_path / "unmounted").rename(videos)
    found = index()
    assert found.pop("other.mp4", "removed") == "removed"
    assert set(found.values()) == {"unchanged"}
    assert model.clips_seen == seen + (state == "with another disk")


def test_a_part_that_is_not_mounted_keeps_its_clips(library: Library, index: Index, videos: Path) -> None:
    index()
    (videos / "deep" / "blue.mp4").unlink()
    (videos / "red.mp4").unlink()
    assert index() == {"mixed.mp4": "unchanged", "red.mp4": "removed", "blue.mp4": "missing"}
    assert index() == {"mixed.mp4": "unchanged", "blue.mp4": "missing"}


def test_a_missing_single_file_is_kept_and_an_unknown_one_is_wrong_use(
    library: Library, videos: Path, model: ColourModel
) -> None:
    assert by_name(library.index(videos / "red.mp4", model)) == {"red.mp4": "indexed"}
    (videos / "red.mp4").unlink()
    assert by_name(library.index(videos / "red.mp4", model)) == {"red.mp4": "missing"}
    with pytest.raises(UsageError, match="no such folder or file"):
        library.index([videos, videos / "green.mp4"], model)


def test_a_moved_folder_is_known_by_its_contents(
    library: Library, index: Index, videos: Path, model: ColourModel, tmp_path: Path
) -> None:
    (videos / "red.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nA red wall.\n")
    index()
    seen, hits = model.clips_seen, len(library.search("blue", 100))
    moved = videos.rename(tmp_path / "archive")
    reports = library.index(moved, model)
    assert {report.status for report in reports} == {"moved"}
    assert {report.reason for report in reports if report.file.endswith("blue.mp4")} == {
        f"it was {videos / 'deep' / 'blue.mp4'}"
    }
    assert model.clips_seen == seen
    assert all(Path(hit.file).is_relative_to(moved) for hit in library.search("blue", 100))
    assert len(library.search("blue", 100)) == hits
    assert [Path(hit.file) for hit in library.said("wall")] == [moved / "red.mp4"]
    assert {report.status for report in library.files()} == {"unchanged"}


def test_names_that_change_places_keep_their_own_clips(library: Library, index: Index, videos: Path) -> None:
    index()
    (videos / "mixed.mp4").rename(videos / "x")
    (videos / "red.mp4").rename(videos / "mixed.mp4")
    (videos / "x").rename(videos / "red.mp4")
    index()
    assert files(library, "green") == {"red.mp4", "mixed.mp4", "blue.mp4"}
    assert Path(library.search("green", 1)[0].file).name == "red.mp4"


def test_copies_are_one_answer_that_names_the_other_places(
    library: Library, videos: Path, model: ColourModel, tmp_path: Path
) -> None:
    (videos / "red.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nA red wall.\n")
    library.index(videos, model)
    seen = model.clips_seen
    copies = [str(shutil.copy(videos / "mixed.mp4", tmp_path / f"copy{number}.mp4")) for number in range(4)]
    reports = library.index(copies, model)
    assert {report.status for report in reports} == {"indexed"}
    assert model.clips_seen == seen
    hits = library.search("green", 10)
    assert [Path(hit.file).name for hit in hits].count("mixed.mp4") == len(
        {(hit.start, hit.end) for hit in hits if hit.file.endswith("mixed.mp4")}
    )
    assert not any("copy" in hit.file for hit in hits)
    assert set(hits[0].copies) == set(map(str, copies))
    (videos / "mixed.mp4").unlink()  # what is there is named first
    assert library.search("green", 1)[0].file == copies[0]


def test_a_copy_without_its_subtitles_is_the_same_video(
    library: Library, videos: Path, model: ColourModel, tmp_path: Path
) -> None:
    (videos / "red.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nA red wall.\n")
    copy = str(shutil.copy(videos / "red.mp4", tmp_path / "copy.mp4"))
    library.index([videos, copy], model)
    hits = [hit for hit in library.search("red", 100) if {hit.file, *hit.copies} & {copy}]
    assert len(hits) == len({(hit.start, hit.end) for hit in hits})
    for number, hit in enumerate(hits):
        assert all(other.end <= hit.start + 1 or hit.end <= other.start + 1 for other in hits[:number])


def test_a_copied_and_a_moved_file_keep_their_remark(library: Library, videos: Path, model: ColourModel) -> None:
    (videos / "red.vtt").write_bytes(b"\0" * 100)
    library.index(videos, model)
    for ending in ("mp4", "vtt"):
        shutil.copy(videos / f"red.{ending}", videos / f"copy.{ending}")
    copied = {Path(report.file).name: report for report in library.index(videos, model)}["copy.mp4"]
    assert copied.status == "indexed"
    assert copied.reason.startswith("without its words: ")
    assert str(videos / "copy.vtt") in copied.reason
    for ending in ("mp4", "vtt"):
        (videos / f"copy.{ending}").rename(videos / f"moved.{ending}")
    moved = {Path(report.file).name: report for report in library.index(videos, model)}["moved.mp4"]
    assert moved.status == "moved"
    assert "without its words: " in moved.reason
    again = {Path(report.file).name: report for report in library.index(videos, model)}["moved.mp4"]
    assert (again.status, "moved.vtt" in again.reason) == ("unchanged", True)


def test_forgetting_and_pruning_take_out_what_is_named_or_gone(
    library: Library, index: Index, videos: Path, tmp_path: Path
) -> None:
    index()
    assert [report.status for report in library.forget([videos / "red.mp4"])] == ["removed"]
    assert files(library, "red") == {"mixed.mp4", "blue.mp4"}
    assert library.prune() == []
    shutil.rmtree(videos / "deep")
    assert {Path(report.file).name: report.status for report in library.files()} == {
        "mixed.mp4": "unchanged", "blue.mp4": "missing"
    }  # fmt: skip
    assert by_name(library.prune()) == {"blue.mp4": "removed"}
    with pytest.raises(UsageError, match="has no such file or folder"):
        library.forget([tmp_path / "elsewhere"])
    assert by_name(library.forget([videos])) == {"mixed.mp4": "removed"}
    assert library.search("red") == []
    assert index()["red.mp4"] == "indexed"

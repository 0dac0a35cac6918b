"""A library through its public face: what is found, and what a second look at the folder does."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from hdvila.errors import CheckpointError, LibraryError, UsageError
from hdvila.files import exclusive
from hdvila.media import VideoInfo, probe, write_video
from hdvila.search import embed
from hdvila.search.library import LOCK, Library, open_library
from tests.unit.search.conftest import COLOURS, ColourModel, by_name, paint

Index = Callable[[], dict[str, str]]


def names(library: Library, words: str, k: int = 10) -> list[str]:
    return [Path(hit.file).name for hit in library.search(words, k)]


def test_words_find_the_moment(library: Library, index: Index) -> None:
    index()
    best = library.search("green", k=1)[0]
    assert Path(best.file).name == "mixed.mp4"
    assert best.end < 12
    assert best.score == pytest.approx(1, abs=0.02)
    assert set(names(library, "red", k=2)) == {"red.mp4", "mixed.mp4"}
    red = next(hit for hit in library.search("red", k=2) if hit.file.endswith("mixed.mp4"))
    assert red.start >= 18
    assert red.end == pytest.approx(30)


def test_hits_are_best_first_and_each_moment_once(library: Library, index: Index) -> None:
    index()
    hits = library.search("blue", k=100)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for number, hit in enumerate(hits):
        for other in hits[:number]:
            shared = min(hit.end, other.end) - max(hit.start, other.start)
            assert hit.file != other.file or shared < min(hit.end - hit.start, other.end - other.start) / 2
    assert len(library.search("blue", k=3)) == 3


def test_the_second_look_embeds_only_what_is_new_or_changed(
    library: Library, index: Index, videos: Path, model: ColourModel
) -> None:
    paint(videos / "tape.mp4", ("grey", 3))
    assert set(index().values()) == {"indexed"}
    seen = model.clips_seen
    assert set(index().values()) == {"unchanged"}
    assert model.clips_seen == seen
    paint(videos / "red.mp4", ("grey", 5))
    paint(videos / "new.mp4", ("green", 2))
    shutil.rmtree(videos / "deep")
    (videos / "tape.mp4").unlink()
    assert index() == {
        "red.mp4": "indexed",
        "new.mp4": "indexed",
        "mixed.mp4": "unchanged",
        "tape.mp4": "removed",
        "blue.mp4": "missing",  # its whole folder is gone
    }
    assert model.clips_seen == seen + 2
    assert "tape.mp4" not in names(library, "grey", 100)
    assert names(library, "green", 1) == ["new.mp4"]


def test_a_touched_or_renamed_file_is_not_embedded_again(
    library: Library, index: Index, videos: Path, model: ColourModel
) -> None:
    index()
    seen = model.clips_seen
    os.utime(videos / "mixed.mp4", (1, 1))
    (videos / "red.mp4").rename(videos / "crimson.mp4")
    assert index() == {"mixed.mp4": "unchanged", "crimson.mp4": "moved", "blue.mp4": "unchanged"}
    assert model.clips_seen == seen
    assert set(names(library, "red", 2)) == {"crimson.mp4", "mixed.mp4"}


def test_a_damaged_file_is_listed_and_tried_again_only_when_it_changes(
    index: Index, videos: Path, library: Library, model: ColourModel
) -> None:
    bad = videos / "bad.mp4"
    bad.write_bytes(b"no video at all")
    reports = {Path(report.file).name: report for report in library.index(videos, model)}
    assert reports["bad.mp4"].status == "failed"
    assert "bad.mp4" in reports["bad.mp4"].reason
    assert reports["mixed.mp4"].status == "indexed"
    again = library.index(videos, model)
    assert next(report for report in again if report.status == "failed") == reports["bad.mp4"]
    paint(bad, ("green", 1))
    assert index()["bad.mp4"] == "indexed"


def test_what_cannot_be_read_now_is_not_taken_out(index: Index, videos: Path, library: Library) -> None:
    index()
    (videos / "broken.mp4").symlink_to("nowhere.mp4")
    found = index()
    assert found["broken.mp4"] == "failed"
    assert found["red.mp4"] == "unchanged"


def test_what_is_no_regular_file_is_listed_and_not_opened(index: Index, videos: Path, library: Library) -> None:
    os.mkfifo(videos / "pipe.mp4")
    os.mkfifo(videos / "red.vtt")
    (videos / "folder.mp4").mkdir()
    assert index() == {"pipe.mp4": "failed", "red.mp4": "failed", "blue.mp4": "indexed", "mixed.mp4": "indexed"}


def test_a_new_transcript_makes_the_video_new_and_its_line_comes_with_the_hit(
    index: Index, videos: Path, library: Library
) -> None:
    index()
    (videos / "red.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nA red wall. Nothing else.\n")
    assert index() == {"red.mp4": "indexed", "blue.mp4": "unchanged", "mixed.mp4": "unchanged"}
    lines = [hit.text for hit in library.search("red", 10) if hit.file.endswith("red.mp4")]
    assert any("red wall" in line.lower() for line in lines)
    assert [Path(hit.file).name for hit in library.said("WALL")] == ["red.mp4"]
    assert library.said("wall elephant") == []
    (videos / "red.vtt").unlink()
    assert index()["red.mp4"] == "indexed"
    assert library.said("wall") == []


def test_folders_by_any_name_are_one_folder(
    index: Index, videos: Path, library: Library, model: ColourModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index()
    monkeypatch.chdir(videos.parent)
    (tmp_path / "link").symlink_to(videos)
    for other in ("videos", "./videos/../videos", "link"):
        assert set(by_name(library.index(other, model)).values()) == {"unchanged"}
    assert by_name(library.index("videos/deep", model)) == {"blue.mp4": "unchanged"}
    assert all(Path(hit.file).is_absolute() and Path(hit.file).exists() for hit in library.search("red"))


def test_other_folders_stay(index: Index, library: Library, model: ColourModel, tmp_path: Path) -> None:
    index()
    paint(tmp_path / "other" / "far.mp4", ("grey", 2))
    assert by_name(library.index(tmp_path / "other", model)) == {"far.mp4": "indexed"}
    (tmp_path / "empty").mkdir()
    assert library.index(tmp_path / "empty", model) == []
    assert {"far.mp4", "red.mp4"} <= set(names(library, "red", 100))


@pytest.mark.parametrize(
    "name",
    ["with space.mp4", 'o\'clock "%s".MP4', "ünï✓文字.mkv", "-dash.mp4", "new\nline.mp4", os.fsdecode(b"\xff.mp4")],
)
def test_odd_names(name: str, tmp_path: Path, library: Library, model: ColourModel) -> None:
    source = paint(tmp_path / "plain.mp4", ("blue", 2))
    folder = tmp_path / "odd"
    folder.mkdir()
    source.rename(folder / name)
    report = library.index(folder, model)[0]
    assert (report.status, report.file) == ("indexed", str(folder.resolve() / name))
    assert library.search("blue", 1)[0].file == report.file
    assert library.index(folder, model)[0].status == "unchanged"


def test_links_are_followed_and_loops_end(tmp_path: Path, library: Library, model: ColourModel) -> None:
    paint(tmp_path / "away" / "a.mp4", ("red", 2))
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "there").symlink_to(tmp_path / "away")
    (tmp_path / "away" / "back").symlink_to(folder)
    assert by_name(library.index(folder, model)) == {"a.mp4": "indexed"}


def test_hidden_files_and_other_files_are_left_out(tmp_path: Path, library: Library, model: ColourModel) -> None:
    folder = tmp_path / "videos"
    (folder / ".cache").mkdir(parents=True)
    for name in ("._film.mp4", ".cache/x.mp4", "notes.txt", "mp4"):
        (folder / name).write_bytes(b"?")
    assert library.index(folder, model) == []


def test_another_model_is_refused_and_both_are_named(index: Index, library: Library, videos: Path) -> None:
    index()
    with pytest.raises(UsageError, match=r"was made with .* this is another model given in memory"):
        library.index(videos, ColourModel(mark=2.0))
    assert set(index().values()) == {"unchanged"}


def test_a_model_that_sees_videos_otherwise_is_another_model(
    index: Index, library: Library, videos: Path, model: ColourModel
) -> None:
    index()
    model.processor.preprocess = replace(model.processor.preprocess, rate=3)
    with pytest.raises(UsageError, match="vectors of two models cannot be compared"):
        library.index(videos, model)


def test_a_model_whose_vectors_are_no_numbers_ends_the_work(
    index: Index, library: Library, videos: Path, model: ColourModel
) -> None:
    index()
    paint(videos / "new.mp4", ("green", 2))
    model.broken = True
    with pytest.raises(CheckpointError, match="vectors of pictures that are not finite"):
        library.index(videos, model)
    with pytest.raises(CheckpointError, match="vectors of words that are not finite"):
        library.search("red")
    model.broken = False
    assert index()["new.mp4"] == "indexed"


def test_a_library_that_holds_nothing_takes_any_model(tmp_path: Path, library: Library, videos: Path) -> None:
    (tmp_path / "empty").mkdir()
    library.index(tmp_path / "empty", ColourModel())
    assert library.search("red") == []
    assert set(by_name(library.index(videos, ColourModel(mark=2.0))).values()) == {"indexed"}


def test_two_writers_are_one_too_many(library: Library, index: Index, videos: Path, model: ColourModel) -> None:
    index()
    with exclusive(library.path / LOCK, LibraryError, "held by this test"):
        with pytest.raises(LibraryError, match="another process is indexing"):
            library.index(videos, model)
        assert names(library, "green", 1) == ["mixed.mp4"]
    assert set(index().values()) == {"unchanged"}


def test_an_open_library_sees_what_another_one_writes(
    library: Library, index: Index, videos: Path, model: ColourModel
) -> None:
    index()
    reader = open_library(library.path)
    reader._model = library._model
    assert names(reader, "green", 1) == ["mixed.mp4"]
    paint(videos / "meadow.mp4", ("green", 4))
    index()
    assert "meadow.mp4" in names(reader, "green", 2)


def test_searching_while_a_file_is_being_written(library: Library, index: Index, videos: Path) -> None:
    index()
    before = names(library, "green", 5)
    with sqlite3.connect(library.path / "library.sqlite") as other:
        other.execute("DELETE FROM files")
        assert names(library, "green", 5) == before
        other.rollback()
    other.close()


def test_what_is_no_library_is_said(tmp_path: Path, model: ColourModel, videos: Path) -> None:
    with pytest.raises(LibraryError, match=r"is not a library: make one"):
        open_library(tmp_path / "none").search("red")
    with pytest.raises(UsageError, match="is a file"):
        open_library(videos / "red.mp4")
    with pytest.raises(UsageError, match="no such folder"):
        open_library(tmp_path / "new").index(tmp_path / "none", model)
    with pytest.raises(UsageError, match="with which model"):
        open_library(tmp_path / "new").index(videos)
    assert not (tmp_path / "new").exists()


def test_a_damaged_library_is_said(tmp_path: Path, library: Library, index: Index) -> None:
    index()
    (library.path / "library.sqlite").write_bytes(b"not a database, " * 1000)
    with pytest.raises(LibraryError, match="is damaged"):
        library.search("red")


def test_a_library_of_another_version_is_refused(library: Library, index: Index) -> None:
    index()
    with sqlite3.connect(library.path / "library.sqlite") as other:
        other.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    other.close()
    with pytest.raises(LibraryError, match="version 99, but this program reads version 2"):
        library.search("red")


@pytest.mark.parametrize(("words", "k"), [("", 1), ("  ", 1), ("red", 0)])
def test_empty_questions_are_refused(library: Library, index: Index, words: str, k: int) -> None:
    with pytest.raises(UsageError):
        library.search(words, k)


def test_a_library_that_cannot_be_written_can_be_searched(library: Library, index: Index) -> None:
    index()
    library.path.chmod(0o555)
    if os.access(library.path, os.W_OK):
        pytest.skip("this user may write everywhere, so no folder can be made read-only")
    try:
        assert names(library, "green", 1) == ["mixed.mp4"]
    finally:
        library.path.chmod(0o755)


def cut_short(path: Path, share: float) -> None:
    """End a file early whose table of contents stands at its start: a download that broke off."""
    options = {"movflags": "faststart"}
    with (
        av.open(path.rename(path.with_suffix(".whole"))) as whole,
        av.open(path, "w", format="mp4", options=options) as copy,
    ):
        stream = copy.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def test_of_a_file_that_breaks_off_the_rest_is_searchable(
    library: Library, videos: Path, model: ColourModel, index: Index
) -> None:
    cut_short(videos / "mixed.mp4", 0.9)
    reports = {Path(report.file).name: report for report in library.index(videos, model)}
    assert reports["mixed.mp4"].status == "failed"
    assert "breaks off" in reports["mixed.mp4"].reason
    assert reports["mixed.mp4"].clips > 0
    assert names(library, "green", 1) == ["mixed.mp4"]
    assert index() == {"mixed.mp4": "failed", "red.mp4": "unchanged", "blue.mp4": "unchanged"}


def test_subtitles_that_cannot_be_read_are_noted_and_the_video_is_indexed(
    library: Library, videos: Path, model: ColourModel
) -> None:
    (videos / "red.vtt").write_bytes(b"\0" * 100)
    report = next(report for report in library.index(videos, model) if report.file.endswith("red.mp4"))
    assert report.status == "indexed"
    assert report.reason.startswith("without its words: ")
    assert "red.mp4" in names(library, "red", 2)


def test_a_file_on_which_its_reader_breaks_down_does_not_end_the_work(
    library: Library, videos: Path, model: ColourModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe_or_stumble(path: Path) -> VideoInfo:
        if path.name == "red.mp4":
            raise OverflowError("value too large to convert to int")
        return probe(path)

    monkeypatch.setattr(embed, "probe", probe_or_stumble)
    reports = {Path(report.file).name: report for report in library.index(videos, model)}
    assert reports["red.mp4"].status == "failed"
    assert "OverflowError: value too large" in reports["red.mp4"].reason
    assert reports["mixed.mp4"].status == "indexed"


def test_a_query_without_words_is_refused(library: Library, index: Index) -> None:
    index()
    with pytest.raises(UsageError, match="the query is empty"):
        library.search(" \n")


def test_most_of_an_upright_video_is_searched_and_the_share_is_told(
    library: Library, videos: Path, model: ColourModel, tmp_path: Path
) -> None:
    for name, size in (("upright", (128, 72)), ("square", (80, 80)), ("cinema", (64, 152))):
        frames = np.full((10, *size, 3), COLOURS["blue"], np.uint8)
        frames[:, : size[0] // 3] = COLOURS["red"]  # what stands in the upper third is no more than a third
        write_video(videos / f"{name}.mp4", frames, 5)
    seen = {Path(report.file).name: report.seen for report in library.index(videos, model)}
    assert all(share is not None and 0.8 <= share <= 1 for share in seen.values())
    again = {Path(report.file).name: report.seen for report in library.index(videos, model)}
    assert again == seen
    shutil.copy(videos / "upright.mp4", videos / "copy.mp4")
    copied = {Path(report.file).name: report.seen for report in library.index(videos, model)}
    assert copied["copy.mp4"] == seen["upright.mp4"]


def test_a_library_of_crops_goes_on_with_crops_until_it_is_empty(
    library: Library, videos: Path, model: ColourModel
) -> None:
    library.index(videos, model)
    with sqlite3.connect(library.path / "library.sqlite") as connection:  # as the first programs left it
        connection.execute("DELETE FROM meta WHERE key = 'look'")
        connection.execute("DROP TABLE seen")
    paint(videos / "new.mp4", ("green", 2))
    seen = {Path(report.file).name: report.seen for report in library.index(videos, model)}
    crop = model.processor.preprocess
    assert seen.pop("new.mp4") == crop.look(64, 96, tiled=False).seen
    assert seen == {"red.mp4": None, "mixed.mp4": None, "blue.mp4": None}
    with sqlite3.connect(library.path / "library.sqlite") as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM files")
    anew = library.index(videos, model)
    assert all(report.seen == crop.look(64, 96).seen for report in anew)


def test_words_come_from_the_next_file_where_the_first_holds_none_and_that_is_said(
    index: Index, videos: Path, library: Library, model: ColourModel
) -> None:
    (videos / "red.srt").write_bytes(b"")
    (videos / "red.en-de.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:03.000\nA translated wall.\n")
    (videos / "Subs").mkdir()
    (videos / "Subs" / "RED.English.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:03.000\nA red wall.\n")
    reports = {Path(report.file).name: report for report in library.index(videos, model)}
    assert reports["red.mp4"].status == "indexed"
    assert reports["red.mp4"].reason.startswith("its words are from RED.English.vtt; passed over red.srt: the file is")
    assert [Path(hit.file).name for hit in library.said("wall")] == ["red.mp4"]
    assert library.said("translated") == []
    seen = model.clips_seen
    (videos / "red.en-de.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:03.000\nAnother translation.\n")
    assert index()["red.mp4"] == "unchanged"
    assert model.clips_seen == seen


def test_words_are_found_inside_scripts_without_blanks(index: Index, videos: Path, library: Library) -> None:
    cues = "00:01.000 --> 00:03.000\n今天我们用 Python 做菜。\n\n00:04.000 --> 00:06.000\n然后加两杯水。\n"
    (videos / "red.vtt").write_text(f"WEBVTT\n\n{cues}", encoding="utf-8")
    index()
    for words, said in {
        "做菜": "今天我们用 Python 做菜。",
        "python 我们": "今天我们用 Python 做菜。",
        "杯水": "然后加两杯水。",
    }.items():
        hits = library.said(words)
        assert [hit.text for hit in hits] == [said]
        assert hits[0].score > 0
        assert library.search(words, channels=("speech",))[0].text == said
    assert library.said("菜做") == []
    assert library.said("half \ud83d 水") == []
    assert library.search("加一杯水", channels=("speech",))[0].text == "然后加两杯水。"

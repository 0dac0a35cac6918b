"""Images as clips of one frame in a store, and videos and images out of an LMDB."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import lmdb
import numpy as np
import pytest

from hdvila.annotations.records import BenchmarkVideo
from hdvila.corpus.failures import read_failures
from hdvila.corpus.prepare import Preparation, prepare
from hdvila.errors import MissingDependency, UsageError
from hdvila.media import encode_jpeg, open_video, read_image, write_video
from hdvila.store import Corpus
from tests.unit.sources.test_still_images import turned

SMALL = Preparation().with_lines(64)


def picture(height: int = 48, width: int = 64) -> bytes:
    row, column = np.mgrid[:height, :width]
    return encode_jpeg(np.stack([row, column, row + column], axis=-1).astype(np.uint8), 95)


def images(*names: str) -> list[BenchmarkVideo]:
    return [BenchmarkVideo(name, media="image") for name in names]


def packed(folder: Path, files: Mapping[str, bytes]) -> Path:
    """An LMDB as the released code of ClipBERT writes it."""
    with lmdb.open(str(folder), map_size=1 << 24) as environment, environment.begin(write=True) as writing:
        for name, data in files.items():
            writing.put(name.encode(), data)
    return folder


def test_images_become_clips_of_one_frame_and_bad_ones_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, data in {
        "small": picture(), "large": picture(256, 128), "turned": turned(picture()), "bad": picture()[:300],
    }.items():  # fmt: skip
        (folder / f"{name}.jpg").write_bytes(data)
    wanted = images("small", "large", "turned", "bad", "gone")
    texts = {"small": "a ramp"}
    report = prepare(wanted, folder, tmp_path / "store", preparation=SMALL, texts=texts, workers=1)
    assert (report.videos, report.added) == (5, 3)
    assert [(failure.video, failure.kind) for failure in read_failures(tmp_path / "store")] == [
        ("bad", "cannot be decoded as an image"),
        ("gone", "no such file"),
    ]
    assert read_failures(tmp_path / "store")[0].reason.startswith("bad.jpg: ")
    store = Corpus(tmp_path / "store")
    assert [(clip.video_id, clip.start, clip.end, clip.text) for clip in store.clips] == [
        ("small", 0, 1, "a ramp"), ("large", 0, 1, ""), ("turned", 0, 1, ""),
    ]  # fmt: skip
    sizes = {"small": ((48, 64), (16, 21)), "large": ((128, 64), (32, 16)), "turned": ((64, 48), (21, 16))}
    for number, clip in enumerate(store.clips):
        frames = [store.frames(number, stream) for stream in ("hr", "lr")]
        assert [one.rgb.shape[:3] for one in frames] == [(1, *size) for size in sizes[clip.video_id]]
        assert all(one.pts_seconds.tolist() == [0.0] for one in frames)
    assert store.clip(0).packed("hr").data == (picture(),), "the bytes of the file, not encoded again"
    assert np.array_equal(store.frames(0, "hr").rgb[0], read_image(folder / "small.jpg"))
    again = prepare(wanted, folder, tmp_path / "store", preparation=SMALL, workers=1)
    assert (again.added, again.unchanged) == (0, 3)


def test_an_lmdb_is_read_like_a_folder_of_files_by_several_processes(tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), 5 * number, np.uint8) for number in range(24)]
    write_video(tmp_path / "film.mp4", frames, 12)
    film = (tmp_path / "film.mp4").read_bytes()
    videos = packed(tmp_path / "videos", {"video7": film, "xyz": film, "broken": film[:200]})
    parts = [BenchmarkVideo("video7"), BenchmarkVideo("v_xyz"), BenchmarkVideo("broken"), BenchmarkVideo("gone")]
    report = prepare(parts, videos, tmp_path / "store", preparation=SMALL, workers=2)
    assert report.added == 2
    assert [failure.video for failure in report.failures] == ["broken", "gone"]
    assert report.failures[0].reason.startswith("broken: ")
    assert "unpacked" not in report.failures[0].reason
    plain = prepare(parts[:1], packed_out(tmp_path, film), tmp_path / "plain", preparation=SMALL, workers=1)
    assert plain.added == 1
    ours, theirs = (Corpus(tmp_path / name).frames(0, "lr") for name in ("store", "plain"))
    assert np.array_equal(ours.rgb, theirs.rgb)
    with open_video(tmp_path / "film.mp4") as video:
        assert len(ours.rgb) == round(video.info.duration * SMALL.streams["lr"].fps)


def packed_out(folder: Path, film: bytes) -> Path:
    (folder / "files").mkdir()
    (folder / "files" / "video7.mp4").write_bytes(film)
    return folder / "files"


def test_an_lmdb_of_images(tmp_path: Path) -> None:
    name = "COCO_val2014_000000391895"
    source = packed(tmp_path / "coco.lmdb", {name: picture()})
    report = prepare(images(name), source, tmp_path / "store", preparation=SMALL, workers=1)
    assert (report.added, report.failures) == (1, ())
    assert Corpus(tmp_path / "store").clips[0].video_id == name


def test_what_is_no_lmdb_of_this_benchmark_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = packed(tmp_path / "other", {"video9": b"x"})
    with pytest.raises(UsageError, match="they are called video7 and the like, and its files video9"):
        prepare([BenchmarkVideo("video7")], other, tmp_path / "store", preparation=SMALL)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "data.mdb").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="bad: cannot be read as an LMDB"):
        prepare([BenchmarkVideo("video7")], tmp_path / "bad", tmp_path / "store", preparation=SMALL)
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(MissingDependency, match="lmdb"):
        prepare([BenchmarkVideo("video7")], packed_out(tmp_path, b"").parent / "bad", tmp_path, preparation=SMALL)

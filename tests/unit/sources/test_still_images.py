"""A benchmark's images straight from a folder: found by name, damaged ones named, read as a corpus is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hdvila.errors import UsageError
from hdvila.media import encode_jpeg, image_size, read_image
from hdvila.sources import ImageFiles, StillImages
from tests.systems.frame_mean import Frames


def write(path: Path, level: int = 100, height: int = 48, width: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_jpeg(np.full((height, width, 3), level, np.uint8), 95))
    return path


def turned(jpeg: bytes) -> bytes:
    """With an EXIF orientation of a quarter turn."""
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def test_images_are_found_by_name_in_any_folder_and_cocos_by_both_of_theirs(tmp_path: Path) -> None:
    of_2014 = write(tmp_path / "train2014" / "COCO_train2014_000000000009.jpg")
    of_2017 = write(tmp_path / "train2017" / "000000000025.jpg")
    genome = write(tmp_path / "VG_100K" / "9.jpg")
    write(tmp_path / ".trash" / "30.jpg")
    (tmp_path / "captions.json").touch()
    files = ImageFiles(tmp_path)
    assert len(files) == 3
    for name in ("COCO_train2014_000000000009", "000000000009"):
        assert files.find(name) == of_2014
    assert files.find("COCO_train2014_000000000025") == of_2017
    assert files.find("9") == genome, "Visual Genome's number is another than COCO's"
    assert files.find("30") is files.find("25") is files.find("captions") is None


def test_every_wanted_image_is_a_clip_of_one_frame_in_their_order(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "in" / f"{number}.jpg", 50 * number)
    wanted = {"VG_2": "2", "VG_9": "9", "VG_0": "0"}
    source = StillImages(tmp_path, wanted, {"VG_0": "a cat"})
    assert [(clip.video_id, clip.text) for clip in source.clips] == [("VG_2", ""), ("VG_0", "a cat")]
    assert not source.damaged
    seen = source.sample(0, Frames(count=2))
    assert np.abs(seen.rgb.astype(int) - 100).max() <= 2
    assert seen.rgb.shape[0] == 2, "the one frame as often as it is asked for"
    assert source.size(0) == (48, 64)


def test_damaged_images_are_named_and_stop_no_other(tmp_path: Path) -> None:
    whole = write(tmp_path / "good.jpg", height=300, width=300).read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "page.jpg").write_bytes(b"<html>404</html>")
    (tmp_path / "more.jpg").write_bytes(whole + bytes(9000))  # bytes behind the end harm nothing
    names = ["good", "half", "empty", "page", "more", "gone"]
    source = StillImages(tmp_path, dict(zip(names, names, strict=True)), {})
    assert [clip.clip_id for clip in source.clips] == ["good", "more"]
    assert list(source.damaged) == ["half", "empty", "page"]
    for name, said in source.damaged.items():
        assert said.startswith(f"{tmp_path / name}.jpg: ")
        assert str(tmp_path) not in said.removeprefix(f"{tmp_path / name}.jpg")


def test_the_size_is_that_of_the_upright_image(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.jpg", height=30, width=40)
    (tmp_path / "b.jpg").write_bytes(turned(plain.read_bytes()))
    for path, size in ((plain, (30, 40)), (tmp_path / "b.jpg", (40, 30))):
        assert image_size(path) == size == read_image(path).shape[:2]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name the folder of the images"):
        StillImages(tmp_path / "none", {"a": "a"}, {})

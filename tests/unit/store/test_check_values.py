"""Every stored file has a check value, and what is read is compared with it."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hdvila.errors import StoreError
from hdvila.media import Form
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams
from tests.unit.store.derived import forget, index_rows

OLD = Path(__file__).parent / "corpus_without_crc32"
"""As this library wrote it before there were check values."""


def streams(seed: int) -> dict[str, Frames]:
    rgb = np.random.default_rng(seed).integers(0, 256, (25, 16, 32, 3), np.uint8)
    pts = np.arange(25) / 10
    return {"hr": Frames(rgb[::5].repeat(4, 1).repeat(4, 2), pts[::5]), "lr": Frames(rgb, pts)}


def fill(root: Path, form: Form = "jpeg", first: int = 0) -> None:
    with CorpusWriter(root, hybrid_streams(form=form), clips_per_shard=2) as writer:
        for number in range(first, first + 4):
            writer.add(Clip(f"c{number}", f"v{number}", 0, 2.5, f"words {number}"), streams(number))


def rows(root: Path) -> list[dict[str, object]]:
    return index_rows(root)


@pytest.mark.parametrize("form", ["jpeg", "h264"])
def test_the_index_and_the_shard_hold_the_same_check_values(tmp_path: Path, form: Form) -> None:
    fill(tmp_path, form)
    written = rows(tmp_path)
    for row in written:
        data = (tmp_path / "shards" / str(row["shard"])).read_bytes()
        part = data[row["offset"] : row["offset"] + row["length"]]  # type: ignore[operator]
        assert zlib.crc32(part) == row["crc32"]
    with tarfile.open(tmp_path / "shards/000000.tar") as tar:
        for stream in ("hr", "lr"):
            members = sorted(name for name in tar.getnames() if name.startswith(f"c1.{stream}"))
            crcs = [zlib.crc32(tar.extractfile(name).read()) for name in members]  # type: ignore[union-attr]
            assert json.loads(tar.extractfile("c1.json").read())[f"{stream}_crc32"] == crcs  # type: ignore[union-attr]
    forget(tmp_path)
    CorpusWriter(tmp_path).close()
    assert rows(tmp_path) == written


@pytest.mark.parametrize("form", ["jpeg", "h264"])
@pytest.mark.parametrize("tables", [True, False])
def test_one_changed_byte_is_an_error_that_names_shard_and_clip(tmp_path: Path, form: Form, tables: bool) -> None:
    """Also one that the decoder would take."""
    fill(tmp_path, form)
    row = next(row for row in rows(tmp_path) if (row["clip_id"], row["stream"], row["frame"]) == ("c2", "lr", 21))
    shard = tmp_path / "shards/000001.tar"
    data = bytearray(shard.read_bytes())
    data[row["offset"] + row["length"] * 3 // 4] ^= 4  # type: ignore[operator]
    shard.write_bytes(data)
    if not tables:
        forget(tmp_path)
    corpus = Corpus(tmp_path)
    with pytest.raises(StoreError, match=r"000001\.tar: clip 'c2' cannot be read: the bytes of lr frame 2\d"):
        corpus.frames(2, "lr", [21])
    with pytest.raises(StoreError, match=r"000001\.tar: clip 'c2'"):
        corpus.sample(2, Preprocess(64, 128, segments=5, neighbours=2, rate=1))
    assert len(corpus.frames(2, "hr")) == 5
    assert len(corpus.frames(3, "lr")) == 25


def test_a_healthy_frame_in_the_place_of_another_is_not_taken_for_it(tmp_path: Path) -> None:
    """As after a shard was replaced beneath its tables."""
    fill(tmp_path)
    shard = tmp_path / "shards/000000.tar"
    data = bytearray(shard.read_bytes())
    places = [slice(row["offset"], row["offset"] + row["length"]) for row in rows(tmp_path)[5:7]]  # type: ignore[operator]
    short, long = sorted(places, key=lambda place: place.stop - place.start)
    data[long.start : long.start + short.stop - short.start] = data[short]  # what follows a JPEG does no harm
    shard.write_bytes(data)
    with pytest.raises(StoreError, match=r"000000\.tar: clip 'c0' cannot be read: the bytes of lr frame"):
        Corpus(tmp_path).frames(0, "lr", [0, 1])


def test_a_corpus_without_check_values_opens_and_grows(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    shutil.copytree(OLD, root)
    assert "crc32" not in pq.read_schema(root / "index.parquet").names

    def check(corpus: Corpus) -> None:
        for i in range(2):
            levels = corpus.frames(i, "lr").rgb.reshape(6, -1).mean(1)
            assert np.abs(levels - (40 + 100 * i + np.arange(0, 60, 10))).max() < 2

    check(Corpus(root))
    fill(root, first=7)
    check(Corpus(root))
    crcs = [row["crc32"] for row in rows(root)]
    assert crcs[:16] == [None] * 16
    assert len(crcs) == 16 + 4 * 30
    assert None not in crcs[16:]
    forget(root)
    check(Corpus(root))
    CorpusWriter(root).close()
    assert [row["crc32"] for row in rows(root)] == crcs


@pytest.mark.parametrize("name", ["shards.arrow", "index/000001.arrow", "clips/000001.arrow", "corpus.json"])
def test_a_damaged_file_over_the_shards_is_named_and_made_again(tmp_path: Path, name: str) -> None:
    fill(tmp_path)
    whole = (tmp_path / name).read_bytes()

    def read() -> None:
        corpus = Corpus(tmp_path)
        assert [clip.clip_id for clip in corpus.clips] == ["c0", "c1", "c2", "c3"]
        assert len(corpus.frames(2, "lr")) == 25

    for damaged in (b"", whole[: len(whole) // 2], bytes(len(whole))):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(StoreError, match=re.escape(str(tmp_path / name)) + ".*the shards bring it back"):
            read()
    (tmp_path / name).unlink()
    read()
    CorpusWriter(tmp_path).close()
    assert (tmp_path / name).read_bytes() == whole
    read()

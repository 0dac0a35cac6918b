"""A corpus read from afar: over http with byte ranges, and from fsspec's own memory."""

from __future__ import annotations

import multiprocessing
import pickle
import re
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import numpy as np
import pytest
import torch

from hdvila.data.dataset import ClipDataset
from hdvila.data.order import SampleKey
from hdvila.data.settings import DataSettings
from hdvila.errors import StoreError
from hdvila.media import Packed, Packing
from hdvila.store import Corpus, CorpusWriter
from hdvila.store.place import joined
from hdvila.types import Clip, Frames
from tests.unit.store.test_store_round_trip import PREPROCESS, fill


class Server(ThreadingHTTPServer):
    """Serves a folder; `asked` are the ranges it was asked for, as (path, first byte, last byte)."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ranges = folder, True
        self.asked: list[tuple[str, int, int]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        file = server.folder / self.path.lstrip("/")
        if not file.is_file():
            self.send_error(404)
            return
        data = file.read_bytes()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")) if server.ranges else None
        if wanted:
            first, last = int(wanted[1]), min(int(wanted[2]), len(data) - 1)
            server.asked.append((self.path, first, last))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            data = data[first : last + 1]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    fill(tmp_path / "corpus")
    with Server(tmp_path) as there:
        threading.Thread(target=there.serve_forever, daemon=True).start()
        yield there
        there.shutdown()


def assert_same(one: Corpus, other: Corpus) -> None:
    assert one.clips == other.clips
    for i in range(len(one)):
        for stream in ("hr", "lr"):
            mine, yours = one.frames(i, stream, [3, 0, 3]), other.frames(i, stream, [3, 0, 3])
            assert np.array_equal(mine.rgb, yours.rgb)
            assert np.array_equal(mine.pts_seconds, yours.pts_seconds)
        mine, yours = (corpus.sample(i, PREPROCESS, np.random.default_rng(i)) for corpus in (one, other))
        assert np.array_equal(mine.high, yours.high)
        assert np.array_equal(mine.low, yours.low)


def test_over_http(server: Server, tmp_path: Path) -> None:
    near, far = Corpus(tmp_path / "corpus"), Corpus(f"{server.url}/corpus/")
    assert_same(near, far)
    assert server.asked
    assert sum(last - first + 1 for _, first, last in server.asked) < 4 * sum(
        file.stat().st_size for file in (tmp_path / "corpus/shards").iterdir()
    )
    server.asked.clear()
    far.frames(4, "lr")
    (index, *_), (path, first, last) = server.asked  # rows of the clip; frames of a stream in one stretch
    assert (index, path) == ("/corpus/index/000000.arrow", "/corpus/shards/000000.tar")
    assert last - first + 1 >= sum(map(len, near.clip(4).files([("lr", None)])))


def test_from_memory(tmp_path: Path) -> None:
    fill(tmp_path / "corpus")
    fsspec.filesystem("memory").put(str(tmp_path / "corpus"), "/there", recursive=True)
    assert_same(Corpus(tmp_path / "corpus"), Corpus("memory://there"))


def first_picture(corpus: Corpus) -> float:
    return float(corpus.frames(0, "hr", [0]).rgb.mean())


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_worker_processes_read_too(server: Server, method: str) -> None:
    corpus = Corpus(f"{server.url}/corpus")
    expected = first_picture(corpus)
    assert first_picture(pickle.loads(pickle.dumps(corpus))) == expected
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply_async(first_picture, (corpus,)).get(timeout=60) == expected


def test_what_is_not_there_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/corpus\.json"):
        Corpus(f"{server.url}/nowhere")
    corpus = Corpus(f"{server.url}/corpus")
    shard = tmp_path / "corpus/shards/000000.tar"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:2000])
    with pytest.raises(StoreError, match=r"shards/000000\.tar.*v0\.0\.mp4"):
        corpus.frames(0, "lr")
    shard.write_bytes(whole)
    server.ranges = False
    with pytest.raises(StoreError, match="byte ranges"):
        corpus.frames(0, "hr", [1])
    with pytest.raises(StoreError, match="nonsense"):
        Corpus("nonsense://x/y")


def test_near_spans_are_joined() -> None:
    assert joined([(100, 10), (0, 5), (112, 8), (0, 5)], 2) == [(0, 5), (100, 20)]
    assert joined([(0, 50), (10, 5), (60, 1)], 9) == [(0, 50), (60, 1)]
    assert joined([], 9) == []


def test_the_narrowest_gaps_are_read_too_within_what_may_be_spared() -> None:
    spans = [(0, 100), (160, 100), (290, 100), (430, 100)]  # 60, 30 and 40 bytes lie between them
    assert joined(spans, 0, 29) == spans
    assert joined(spans, 0, 30) == [(0, 100), (160, 230), (430, 100)]
    assert joined(spans, 0, 129) == [(0, 100), (160, 370)]
    assert joined(spans, 0, 29, share=0.1) == [(0, 100), (160, 230), (430, 100)]
    assert joined(spans, 0, 130) == [(0, 530)]


def test_batches_from_afar_are_those_of_the_disk(server: Server, tmp_path: Path) -> None:
    def tokenize(texts: Sequence[str], length: int) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((len(texts), length), np.int64), np.ones((len(texts), length), np.int64)

    settings = DataSettings(preprocess=PREPROCESS, text_length=4)
    keys = [SampleKey(epoch, i) for epoch in range(2) for i in range(9)]
    one, other = (
        ClipDataset(Corpus(where), settings, tokenize, 5).batch(keys)
        for where in (tmp_path / "corpus", f"{server.url}/corpus")
    )
    assert torch.equal(one.video[0], other.video[0])  # type: ignore[arg-type]
    assert torch.equal(one.video[1], other.video[1])  # type: ignore[arg-type]
    assert one.keys.tolist() == other.keys.tolist()


def test_of_a_large_index_only_the_rows_of_a_clip_are_fetched(server: Server, tmp_path: Path) -> None:
    frames = {"frames": Frames(np.zeros((600, 8, 8, 3), np.uint8), np.arange(600) / 10)}
    packed = {name: Packed.of(one, Packing(), 10.0) for name, one in frames.items()}
    with CorpusWriter(tmp_path / "long", {"frames": 10.0}) as writer:
        for number in range(60):
            writer.add(Clip(f"c{number}", "v", 0, 60, f"words {number}"), packed)
    near, far = Corpus(tmp_path / "long"), Corpus(f"{server.url}/long")
    assert far.clips[50].text == "words 50"
    server.asked.clear()
    for i in (0, 31, 59):
        assert far.frames(i, "frames", [7, 599]).pts_seconds.tolist() == [0.7, 59.9]
        assert far.clip(i).files([("frames", [300])]) == near.clip(i).files([("frames", [300])])
    fetched = sum(last - first + 1 for path, first, last in server.asked if path.startswith("/long/index"))
    assert fetched < (tmp_path / "long/index/000000.arrow").stat().st_size / 8
    (tmp_path / "long/index/000000.arrow").write_bytes(b"")
    with pytest.raises(StoreError, match=r"long/index/000000\.arrow: cannot be read"):
        far.frames(2, "frames", [0])

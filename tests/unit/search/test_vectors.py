"""The exact scan: the order of a product in float64, up to the rounding of float16; and the file that is mapped."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import faiss
import numpy as np
import pytest

from hdvila.search import vector_file, vectors
from hdvila.search.database import connect, connect_to_write, write_meta
from hdvila.search.vector_file import read_vectors
from hdvila.search.vectors import STORED, Vectors, pack

WIDTH = 16


def whole(rows: object) -> Vectors:
    matrix = np.asarray(rows).astype(STORED)
    return Vectors(matrix, np.arange(1000, 1000 + len(matrix)), [(0, len(matrix))])


def test_the_best_are_those_of_the_plain_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_ROWS", 64)  # in parts, on all cores
    random = np.random.default_rng(0)
    clips = random.standard_normal((500, 48)).astype(np.float32)
    clips /= np.linalg.norm(clips, axis=1, keepdims=True)
    query = clips[7] + 0.3 * clips[400]
    plain = clips.astype(np.float16).astype(np.float64) @ query.astype(np.float64)
    found, scores = whole(clips).best(query, 20)
    assert found == (1000 + np.argsort(-plain)[:20]).tolist()
    assert np.allclose(scores, np.sort(plain)[::-1][:20], atol=1e-5)
    assert found[0] == 1007
    assert len(whole(clips).best(query, 9999)[0]) == 500
    assert np.allclose(whole(clips).scores(query, [1400, 1007]), plain[[400, 7]], atol=1e-5)
    assert np.allclose(whole(clips).best_scores(np.stack([query, -query])), [plain.max(), -plain.min()], atol=1e-5)


def test_equals_stand_as_a_heap_that_meets_them_one_by_one_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_ROWS", 7)
    random = np.random.default_rng(0)
    for rows, k in itertools.product((1, 8, 30), (1, 4, 29)):
        clips = random.integers(-2, 3, (rows, 4)).astype(STORED)  # few values: many equals
        query = random.integers(-2, 3, 4).astype(np.float32)
        index = faiss.IndexScalarQuantizer(4, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index.add_sa_codes(clips.view(np.uint8))
        scores, places = index.search(query[None], min(k, rows))
        assert whole(clips).best(query, k) == ((1000 + places[0]).tolist(), scores[0].tolist())
        assert whole(clips).best_scores(query[None]).tolist() == [scores[0, 0]]


def test_vectors_that_are_no_numbers_are_never_found() -> None:
    odd = whole([[np.nan, 1], [1, 0], [np.nan, np.nan]])
    query = np.array([1, 0], np.float32)
    assert odd.best(query, 3) == ([1001], [1.0])
    assert odd.best_scores(query[None]).tolist() == [1.0]


class Shelf:
    """A library of vectors without videos."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._random = np.random.default_rng(0)

    def put(self, name: str, clips: int = 5) -> None:
        self.drop(name)
        with connect_to_write(self.path) as connection, connection:
            row = (name, "", 0, str(self._random.random()), "indexed", "")
            file = connection.execute(
                "INSERT INTO files (path, stamp, size, digest, status, reason) VALUES (?, ?, ?, ?, ?, ?)", row
            ).lastrowid
            connection.executemany(
                "INSERT INTO clips (file, number, start, end, text) VALUES (?, ?, 0, 1, '')",
                [(file, number) for number in range(clips)],
            )
            made = self._random.standard_normal((clips, WIDTH)).astype(np.float32)
            connection.execute("INSERT INTO vectors VALUES (?, ?)", (file, pack(made)))
            write_meta(connection, state=str(self._random.random()))

    def drop(self, name: str) -> None:
        with connect_to_write(self.path) as connection, connection:
            connection.execute("DELETE FROM files WHERE path = ?", (name,))
            write_meta(connection, state=str(self._random.random()))

    def data(self) -> list[Path]:
        return list(self.path.glob("vectors-*"))

    def check(self) -> Vectors:
        """That what is read is what the tables hold, in their order."""
        with connect(self.path) as connection:
            read = read_vectors(connection, self.path)
            rows = [
                (clip, matrix[number * WIDTH * 2 : (number + 1) * WIDTH * 2])
                for clip, number, matrix in connection.execute(
                    "SELECT clips.id, number, matrix FROM clips JOIN vectors USING (file) ORDER BY file, number"
                )
            ]
        assert read is not None
        expected = np.frombuffer(b"".join(matrix for _, matrix in rows), STORED).reshape(-1, WIDTH)
        held = np.concatenate([read._rows_MD[first : first + count] for first, count in read._parts])
        assert read._clips_N.tolist() == [clip for clip, _ in rows]
        assert held.tobytes() == expected.tobytes()
        return read


@pytest.mark.filterwarnings("error")
def test_a_mapped_file_needs_no_memory_and_answers_alike(shelf: Shelf) -> None:
    mapped = shelf.check()
    assert not mapped._rows_MD.flags.writeable, "for pages that may be written, systems set memory aside or refuse"
    rows = mapped._rows_MD[:30].astype(np.float32)
    query = np.arange(WIDTH, dtype=np.float32)
    best = int((rows @ query).argmax())
    assert mapped.best(query, 1)[0] == [mapped._clips_N[best]]
    assert np.allclose(mapped.best_scores(query[None]), (rows @ query).max(), rtol=1e-5)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(vector_file, "_WORTH_A_FILE", 0)
    shelf = Shelf(tmp_path)
    for name in "abcdef":
        shelf.put(name)
    shelf.check()
    return shelf


def test_the_file_follows_the_tables(shelf: Shelf) -> None:
    (before,), first = shelf.data(), shelf.check()
    copy = first._rows_MD.copy()
    shelf.put("g", 3)
    shelf.drop("b")
    shelf.check()
    shelf.put("g", 3)  # the numbers of the last file and of its clips are given again
    shelf.check()
    shelf.check()
    assert shelf.data() == [before]  # new rows were added to it
    assert (first._rows_MD == copy).all()  # whoever has it mapped keeps what he sees
    for name in "acdf":
        shelf.drop(name)
    shelf.check()
    assert len(shelf.data()) == 1
    assert shelf.data() != [before]  # most of its rows were nobody's


@pytest.mark.parametrize("harm", ["list", "rows", "no rows", "killed"])
def test_a_file_that_does_not_agree_with_the_tables_is_made_again(shelf: Shelf, harm: str) -> None:
    (data,) = shelf.data()
    if harm == "list":
        (shelf.path / "vectors.json").write_text("{")
    elif harm == "rows":
        data.write_bytes(data.read_bytes()[:-1])
    elif harm == "no rows":
        data.unlink()
    else:  # in the middle of a row, before it was listed
        data.write_bytes(data.read_bytes() + b"\1" * 7)
        shelf.put("g", 3)
    shelf.check()
    assert json.loads((shelf.path / "vectors.json").read_text())["data"] == shelf.data()[0].name


def test_where_the_file_cannot_be_written_vectors_are_read_all_the_same(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (data,) = shelf.data()
    size = data.stat().st_size
    shelf.put("g", 3)
    monkeypatch.setattr(vector_file.os, "fsync", full)
    shelf.check()
    assert data.stat().st_size == size

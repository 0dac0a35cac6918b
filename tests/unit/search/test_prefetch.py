"""Many videos at once: what one after the other would give, in its order."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from hdvila.errors import CheckpointError, MediaError
from hdvila.progress import SILENT
from hdvila.search.embed import WordsBeside, embed_file
from hdvila.search.library import Library
from hdvila.search.prefetch import FileOutcome, embed_files
from hdvila.search.scan import Found, scan
from tests.unit.search.conftest import ColourModel, paint


@pytest.fixture
def files(tmp_path: Path) -> list[Found]:
    """Five videos: 40, 3, 3 (a copy), 0 (damaged) and 6 seconds."""
    paint(tmp_path / "a.mp4", ("green", 20), ("blue", 20))
    short = paint(tmp_path / "b.mp4", ("red", 3))
    (tmp_path / "c.mp4").write_bytes(short.read_bytes())
    (tmp_path / "d.mp4").write_bytes(b"no video" * 99)
    paint(tmp_path / "e.mp4", ("blue", 6))
    return list(scan([tmp_path]).videos.values())


def test_vectors_and_order_are_those_of_one_file_after_the_other(files: list[Found], model: ColourModel) -> None:
    shares: dict[str, list[float]] = {}
    found = list(
        embed_files(
            model, files, True, lambda *_: True, lambda file, share: shares.setdefault(file.path.name, []).append(share)
        )
    )
    for number in (0, 1, 4):
        embedded = found[number].embedded
        assert embedded is not None
        alone = embed_file(model, files[number], WordsBeside())
        assert np.array_equal(embedded.vectors, alone.vectors)
        assert embedded.opened == alone.opened
    assert found[2].embedded is None, "of equal files the first is enough"
    assert found[2].error is None
    assert isinstance(found[3].error, MediaError)
    assert shares.keys() == {"a.mp4", "b.mp4", "e.mp4"}
    assert all(some == sorted(some) and some[-1] == 1.0 for some in shares.values())


def test_what_is_not_wanted_is_not_decoded_and_can_be_had_later(files: list[Found], model: ColourModel) -> None:
    asked: list[str] = []

    def wanted(file: Found, hashes: tuple[str, str]) -> bool:
        asked.append(file.path.name)
        return False

    found = list(embed_files(model, files, True, wanted))
    assert asked == ["a.mp4", "b.mp4", "d.mp4", "e.mp4"]
    assert model.clips_seen == 0
    assert len(found[1].vectors(model, files[1], True).vectors) == 1


def test_a_broken_model_is_told_after_what_came_before(files: list[Found], model: ColourModel) -> None:
    found: list[FileOutcome] = []
    for looked in embed_files(model, files[:2] + files[4:], True, lambda *_: True):
        found.append(looked)
        model.broken = True
    assert found[0].embedded is not None
    model.broken = True
    again = list(embed_files(model, files[:1], True, lambda *_: True))
    with pytest.raises(CheckpointError, match="not finite"):
        again[0].vectors(model, files[0], True)


def test_who_stops_in_the_middle_keeps_what_was_reported_and_leaves_no_thread(
    files: list[Found], library: Library, model: ColourModel
) -> None:
    def stop(report: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.index(files[0].path.parent, model, each=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("reader")]
    assert [report.status for report in library.files()] == ["unchanged"]
    library.index(files[0].path.parent, model)
    assert [report.status for report in library.files()] == ["unchanged"] * 3 + ["failed", "unchanged"]


def test_a_library_that_gets_vectors_of_another_precision_says_so_once(
    files: list[Found], library: Library, model: ColourModel
) -> None:
    notes: list[str] = []

    class Notes:
        task = staticmethod(SILENT.task)
        note = staticmethod(notes.append)

    for number, precision in enumerate(("float32", "float32", "bfloat16", "bfloat16")):
        model.precision = precision  # type: ignore[attr-defined]
        library.index([file.path for file in files[: number + 1]], model, reporter=Notes())
    assert len(notes) == 1
    assert "so far are computed in float32, new ones in bfloat16" in notes[0]

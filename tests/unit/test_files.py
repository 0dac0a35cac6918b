"""Whole files, locks that end with their holder, and full disks."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from hdvila.errors import StoreError, TrainingError, UsageError
from hdvila.files import exclusive, is_full_disk, make_room_for, replacing


def test_a_file_is_replaced_at_the_end_and_not_before(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target, sync=True) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
        assert partial.suffix == ".txt"
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_place_for_a_file_is_made_and_tried_before_the_work(tmp_path: Path) -> None:
    make_room_for(tmp_path / "deep" / "down" / "a.json", "--into")
    assert list((tmp_path / "deep" / "down").iterdir()) == []
    with pytest.raises(UsageError, match=r"--into .*deep: is a folder; name a file"):
        make_room_for(tmp_path / "deep", "--into")
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "a.json", Path("/proc/a.json")):
        with pytest.raises(UsageError, match=f"--into {place}: cannot be written .*name another place"):
            make_room_for(place, "--into")


def write_half(target: Path) -> None:
    with replacing(target) as partial:
        partial.write_text("half")
        target.parent.read_text()


def test_after_an_error_the_old_file_stands_alone(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(IsADirectoryError):
        write_half(target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_names_of_255_bytes_and_neighbours_at_once(tmp_path: Path) -> None:
    one, two = tmp_path / ("é" * 125 + ".json"), tmp_path / ("ü" * 125 + ".json")
    with replacing(one) as first, replacing(two) as second:
        first.write_text("1")
        second.write_text("2")
    assert (one.read_text(), two.read_text()) == ("1", "2")


def hold(file: str, ready: str) -> None:
    with exclusive(Path(file), StoreError, "held"):
        child = subprocess.Popen(  # it outlives us, and inherits what it can
            [sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False
        )
        with replacing(Path(ready)) as partial:
            partial.write_text(str(child.pid))
        time.sleep(600)


def test_a_lock_keeps_others_out_until_its_holder_is_killed(tmp_path: Path) -> None:
    lock, ready = tmp_path / "folder" / "lock", tmp_path / "ready"
    holder = multiprocessing.get_context("spawn").Process(target=hold, args=(str(lock), str(ready)))
    holder.start()
    try:
        end = time.monotonic() + 60
        while not ready.exists():
            assert time.monotonic() < end, "the other process never took the lock"
            time.sleep(0.02)
        with pytest.raises(TrainingError, match="folder: it is held"), exclusive(lock, TrainingError, "it is held"):
            raise AssertionError("two processes hold one lock")
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGKILL)
    finally:
        holder.kill()
        holder.join()
    try:
        with (
            exclusive(lock, TrainingError, ""),
            pytest.raises(TrainingError, match="folder: it is held"),
            exclusive(lock, TrainingError, "it is held"),
        ):
            raise AssertionError("one process holds one lock twice")
    finally:
        os.kill(int(ready.read_text()), signal.SIGKILL)


def test_another_thread_may_end_the_hold(tmp_path: Path) -> None:
    held = ExitStack()
    held.enter_context(exclusive(tmp_path / "lock", StoreError, "held"))
    with ThreadPoolExecutor(1) as other:
        other.submit(held.close).result()
    with exclusive(tmp_path / "lock", StoreError, "held"):
        pass


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_a_folder_without_locks_is_refused(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems have none. A file that only stands for a lock would outlive a killed holder."""

    def flock(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(StoreError, match=os.strerror(number)), exclusive(tmp_path / "lock", StoreError, "held"):
        raise AssertionError("no lock was held")


def test_a_folder_that_cannot_be_made_is_no_lock_in_use(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreError, match="cannot be written"),
        exclusive(tmp_path / "file" / "lock", StoreError, "held"),
    ):
        raise AssertionError("a lock in a file")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "x"),
        RuntimeError("write failed: No space left on device"),
        OSError(errno.EDQUOT, "x"),
    ],
)
def test_a_full_disk_is_seen_through_what_it_is_wrapped_in(error: Exception) -> None:
    wrapped = StoreError("cannot be written")
    wrapped.__cause__ = error
    assert is_full_disk(error)
    assert is_full_disk(wrapped)


def test_our_own_words_about_room_are_not_taken_for_a_full_disk() -> None:
    assert not is_full_disk(StoreError("no space left on device, or so it seems"))
    assert not is_full_disk(OSError(errno.EACCES, "Permission denied"))


def test_an_error_of_the_house_where_one_is_asked_for(tmp_path: Path) -> None:
    with replacing(tmp_path / "new" / "a.txt", kind=StoreError) as partial:
        partial.write_text("a")
    assert os.listdir(tmp_path / "new") == ["a.txt"]
    with (
        pytest.raises(StoreError, match=r"b\.txt: cannot be written"),
        replacing(tmp_path / "new" / "a.txt" / "b.txt", kind=StoreError),
    ):
        pass
    with pytest.raises(KeyError), replacing(tmp_path / "c.txt", kind=StoreError):
        raise KeyError

"""Into how many processes a run is divided."""

from __future__ import annotations

import pytest

from hdvila.errors import UsageError
from hdvila.recipes import get_recipe
from hdvila.settings import override
from hdvila.train import cores
from hdvila.train.cores import choose_processes
from hdvila.train.memory import Memory


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve cores, memory enough, no GPU, started plainly."""
    for name in ("OMP_NUM_THREADS", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cores, "usable_cores", lambda: 12)
    monkeypatch.setattr(cores, "usable_memory", lambda: 1 << 40)
    monkeypatch.setattr(cores, "pick_device", lambda: "cpu")


def chosen(*changes: str, wanted: int | None = None) -> int:
    return choose_processes(override(get_recipe("miniature-stage1"), list(changes)), wanted)


@pytest.mark.parametrize(("batch", "processes"), [(12, 12), (64, 8), (60, 12), (22, 11), (13, 1)])
def test_as_many_as_cores_that_cut_the_batch_evenly(batch: int, processes: int) -> None:
    assert chosen(f"batch_size={batch}") == processes


def test_every_micro_batch_is_cut() -> None:
    assert chosen("batch_size=32", "accumulate=4") == 8
    assert chosen("batch_size=16", "accumulate=4") == 4


def test_the_usual_limit_of_threads_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert chosen("batch_size=12") == 3


def test_memory_for_fewer_models_makes_fewer_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = cores.kept_bytes(get_recipe("miniature-stage1"))
    assert 1.5e6 * 16 < kept < 2.5e6 * 16  # four float32 a weight
    for memory, processes in ((4.5 * kept, 2), (0.1 * kept, 1)):
        monkeypatch.setattr(cores, "usable_memory", lambda memory=memory: int(memory))
        assert chosen() == processes


def test_with_chunk_every_process_has_activations_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = cores.kept_bytes(get_recipe("miniature-stage1"))
    monkeypatch.setattr(cores, "usable_memory", lambda: int(8.1 * kept / 0.7))
    monkeypatch.setattr(cores, "estimate_memory", lambda _, clips: Memory(kept, 0, 0, clips * kept // 8, clips))
    assert chosen() == 8
    assert chosen("chunk=8") == 4
    assert chosen("chunk=100", "batch_size=16", "accumulate=2") == 4, "no more run at a time than a micro-batch has"


def test_on_a_gpu_and_under_torchrun_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "pick_device", lambda: "cuda")
    assert chosen() == chosen(wanted=1) == 1
    with pytest.raises(UsageError, match="torchrun --nproc-per-node N"):
        chosen(wanted=2)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert chosen() == 1
    with pytest.raises(UsageError, match="torchrun has started"):
        chosen(wanted=2)


@pytest.mark.parametrize(("wanted", "message"), [(0, "choose 1 or more"), (3, "make it a multiple of 3")])
def test_a_number_that_cannot_be_had_is_refused(wanted: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        chosen(wanted=wanted)
    assert chosen(wanted=16) == 16  # more than cores: as was asked for

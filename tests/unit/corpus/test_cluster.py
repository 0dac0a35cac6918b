"""Two Ray nodes on one machine do what one process does, to the byte."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hdvila.corpus import CorpusOptions
from hdvila.corpus.cluster import on_cluster
from hdvila.corpus.cut import cut_to_file
from hdvila.corpus.sources.collect import collect
from hdvila.errors import UsageError
from hdvila.processes import Died, in_order

pytestmark = pytest.mark.slow

pytestmark = pytest.mark.filterwarnings("default")  # those of Ray are not ours


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[None]:
    pytest.importorskip("ray.data", reason="ray is not installed: pip install 'hdvila[cluster]'")
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "240")  # on a busy machine
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    import ray
    from ray.cluster_utils import Cluster

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # nodes cannot import a test
    room = {"num_cpus": 1, "object_store_memory": 200_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**room, "include_dashboard": False})
    cluster.add_node(**room)
    ray.init(address=cluster.address, log_to_driver=False)
    yield
    ray.shutdown()
    cluster.shutdown()


def write(job: tuple[int, Path]) -> str:
    """Fills the file with the number, says on which node; number 2 dies, number 13 is wrong."""
    import ray

    number, file = job
    if number == 2:
        os._exit(9)
    if number == 13:
        raise UsageError("thirteen")
    if number != 5:
        file.write_bytes(bytes([number]) * 20_000_000)
    return str(ray.get_runtime_context().get_node_id())


def test_results_and_files_come_back_in_order(two_nodes: None, tmp_path: Path) -> None:
    jobs = [(number, tmp_path / f"{number}") for number in range(8)]
    done = list(on_cluster(write, jobs))
    assert [job for job, _ in done] == jobs
    assert [isinstance(result, Died) for _, result in done] == [number == 2 for number in range(8)]
    assert len({result for _, result in done if isinstance(result, str)}) == 2, "one node did everything"
    for number, file in jobs:
        assert file.exists() == (number not in (2, 5))
        assert not file.exists() or file.read_bytes() == bytes([number]) * 20_000_000


def test_what_the_work_raises_comes_out(two_nodes: None, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="thirteen"):
        list(on_cluster(write, [(13, tmp_path / "13")]))


def test_cut_clips_are_those_of_one_process(two_nodes: None, make, tmp_path: Path) -> None:
    source = make(*(f"v{number}.mp4" for number in range(4)))
    (source / "v1.mp4").write_bytes(b"broken")
    videos, _ = collect(source)
    work = partial(cut_to_file, options=CorpusOptions(min_height=64, target_seconds=0))
    outcomes = {}
    for name, engine in (("serial", partial(in_order, workers=1)), ("ray", on_cluster)):
        (tmp_path / name).mkdir()
        jobs = [(video, tmp_path / name / f"{number}.clips") for number, video in enumerate(videos)]
        answers = [answer for _, answer in engine(work, jobs)]
        outcomes[name] = answers, [file.read_bytes() if file.exists() else None for _, file in jobs]
    assert outcomes["serial"] == outcomes["ray"]
    assert outcomes["ray"][0][0].clips == 3

"""Two Ray nodes on one machine do what one process does."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hdvila.corpus import CorpusOptions
from hdvila.corpus.cluster import on_cluster
from hdvila.corpus.cluster_parts import store_on_cluster
from hdvila.corpus.cut import CutVideo, cut_to_file
from hdvila.corpus.failures import Failure
from hdvila.corpus.sources.collect import collect
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.temp_files import store_all
from hdvila.errors import UsageError
from hdvila.processes import Died
from hdvila.store import Corpus, CorpusWriter
from tests.hybrid_streams import hybrid_streams

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


def work(number: int) -> str:
    """Says on which node; number 2 dies, number 13 is wrong."""
    import ray

    if number == 2:
        os._exit(9)
    if number == 13:
        raise UsageError("thirteen")
    return str(ray.get_runtime_context().get_node_id())


def test_results_come_back_in_order(two_nodes: None) -> None:
    done = list(on_cluster(work, range(8)))
    assert [item for item, _ in done] == list(range(8))
    assert [isinstance(result, Died) for _, result in done] == [number == 2 for number in range(8)]
    assert len({result for _, result in done if isinstance(result, str)}) == 2, "one node did everything"


def test_what_the_work_raises_comes_out(two_nodes: None) -> None:
    with pytest.raises(UsageError, match="thirteen"):
        list(on_cluster(work, [13]))


def cut_or_die(job: tuple[SourceVideo, Path], options: CorpusOptions) -> CutVideo | Failure:
    if job[0].video_id == "v5":
        os._exit(9)
    return cut_to_file(job, options)


def test_nodes_store_what_one_process_stores(two_nodes: None, make, tmp_path: Path) -> None:
    source = make(*(f"v{number}.mp4" for number in range(10)))
    (source / "v1.mp4").write_bytes(b"broken")
    videos, _ = collect(source)
    cut = partial(cut_or_die, options=CorpusOptions(min_height=64, target_seconds=0))
    outcomes = {}
    for name, store in (("serial", partial(store_all, workers=2)), ("ray", store_on_cluster)):
        with CorpusWriter(tmp_path / name, hybrid_streams(), clips_per_shard=3) as writer:
            given = {video.video_id: video.attributes for video in videos}
            kept = store(cut, videos, writer, attributes=lambda video, _, given=given: given[video.video_id])
            outcomes[name] = [(video, "died" if isinstance(one, Died) else one) for video, one in kept]
    assert outcomes["serial"] == outcomes["ray"]
    assert [one for _, one in outcomes["ray"]].count("died") == 1
    one, other = Corpus(tmp_path / "serial"), Corpus(tmp_path / "ray")
    assert one.clips == other.clips
    assert len(other) == 8 * 3
    for i in range(len(one)):
        assert one.attributes(i) == other.attributes(i)
        assert one.clip(i).files([("hr", None), ("lr", None)]) == other.clip(i).files([("hr", None), ("lr", None)])
    assert not list((tmp_path / "ray").glob(".parts/*"))

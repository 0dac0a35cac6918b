"""The same jobs on a Ray cluster: results come back in order, the files that jobs write come back with them."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import pyarrow as pa

from hdvila.errors import StoreError, UsageError, require
from hdvila.processes import Died

Item = TypeVar("Item")
Result = TypeVar("Result")
Job = tuple[Item, Path]

_PIECE = 16_000_000  # bytes of a file that travel in one row
_TRIES = 2  # of a job whose process died
_JOBS_A_PLAN = 2000  # Ray Data keeps some state for each job of a plan


def on_cluster(
    work: Callable[[Job[Item]], Result], jobs: Sequence[Job[Item]], address: str = "auto"
) -> Iterator[tuple[Job[Item], Result | Died]]:
    """Yield (job, result) in the order of `jobs`, done on the nodes of a Ray cluster (extra ``cluster``) by Ray Data.

    A job is an item and a file of this machine. Where `work` runs, it is handed another file; what it writes there is
    in the job's own file when its result is yielded. Whatever the item names, such as a video, must be found under the
    same path on every node, as must this package. A process that dies costs one job: it is tried again as Ray does, and
    then `Died`.

    Args:
        work: a function of a module, or a `functools.partial` of one. What it raises ends everything.
        jobs: picklable.
        address: of the cluster, as ``ray.init`` takes it; a cluster this process is connected to already is used.

    Raises:
        UsageError: there is no cluster at the address, or its nodes lack this package.
        MissingDependency: Ray is not installed.
    """
    ray, data = require("ray", extra="cluster"), require("ray.data", extra="cluster")
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False)
        except ConnectionError as error:
            raise UsageError(f"there is no Ray cluster at {address!r}: {error}; start one with 'ray start'") from error
    try:
        ray.get(ray.remote(num_cpus=1)(_ready).remote(work))
    except ray.exceptions.RayError as error:
        why = str(error).strip().splitlines()[-1]
        raise UsageError(f"the nodes of the cluster cannot run this: {why}; install the same there as here") from error
    for begin in range(0, len(jobs), _JOBS_A_PLAN):
        part = jobs[begin : begin + _JOBS_A_PLAN]
        yield from _answers(part, _rows(data, work, part))


def _ready(work: object) -> None:
    """That a node can receive `work`; what it cannot is no fault of a job."""


def _rows(data: Any, work: Callable[[Job[Item]], Result], jobs: Sequence[Job[Item]]) -> Iterator[dict[str, Any]]:
    """Rows (number of the job, kind, data), those of a job together and in the order of the jobs."""
    numbered = [{"number": number, "item": pickle.dumps(item)} for number, (item, _) in enumerate(jobs)]
    plan = data.from_items(numbered, override_num_blocks=len(numbered)).map_batches(
        _Work(work), batch_size=1, batch_format="pyarrow", max_retries=_TRIES - 1
    )
    plan.context.execution_options.preserve_order = True
    plan.context.max_errored_blocks = -1  # the rows of a job whose process died are missing: `_answers` sees that
    plan.context.enable_progress_bars = False
    rows: Iterator[dict[str, Any]] = plan.iter_rows()
    return rows


class _Work(Generic[Item, Result]):
    """Done on a node: one job, whose file and result are sent as rows."""

    def __init__(self, work: Callable[[Job[Item]], Result]) -> None:
        self._work = work

    def __call__(self, batch: Any) -> Iterator[Any]:
        number, item = batch["number"][0].as_py(), pickle.loads(batch["item"][0].as_py())
        with tempfile.TemporaryDirectory(prefix="hdvila-") as folder:
            file = Path(folder) / "job"
            try:
                result = self._work((item, file))
            except Exception as error:  # goes to the driver, which raises it
                yield _row(number, "error", pickle.dumps(error))
                return
            if file.exists():
                with file.open("rb") as stream:
                    while piece := stream.read(_PIECE):
                        yield _row(number, "piece", piece)
            yield _row(number, "result", pickle.dumps(result))


def _row(number: int, kind: str, data: bytes) -> Any:
    return pa.table({"number": [number], "kind": [kind], "data": pa.array([data], pa.large_binary())})


def _answers(jobs: Sequence[Job[Item]], rows: Iterator[dict[str, Any]]) -> Iterator[tuple[Job[Item], Result | Died]]:
    turn = 0
    for row in rows:
        while turn < row["number"]:
            yield _lost(jobs[turn])
            turn += 1
        file = jobs[turn][1]
        if row["kind"] == "piece":
            try:
                with file.open("ab") as stream:
                    stream.write(row["data"])
            except OSError as error:
                raise StoreError(f"{file}: cannot be written ({error.strerror}); make room and start again") from error
            continue
        answer = pickle.loads(row["data"])
        if row["kind"] == "error":
            raise answer
        yield jobs[turn], answer
        turn += 1
    for job in jobs[turn:]:
        yield _lost(job)


def _lost(job: Job[Item]) -> tuple[Job[Item], Died]:
    job[1].unlink(missing_ok=True)
    return job, Died(None)

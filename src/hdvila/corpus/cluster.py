"""Jobs on a Ray cluster; their results come back in order."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import pyarrow as pa

from hdvila.errors import UsageError, require
from hdvila.processes import Died

Item = TypeVar("Item")
Result = TypeVar("Result")

_TRIES = 2  # of a job whose process died
_JOBS_A_PLAN = 2000  # Ray Data keeps some state for each job of a plan


def on_cluster(
    work: Callable[[Item], Result], items: Sequence[Item], address: str = "auto"
) -> Iterator[tuple[Item, Result | Died]]:
    """Yield (item, result) in the order of `items`, done on the nodes of a Ray cluster (extra ``cluster``) by Ray Data.

    Whatever an item names, such as a video or a corpus to write to, must be found under the same path on every node, as
    must this package: results come back through this process, files do not. A process that dies costs one item: it is
    tried again, and then `Died`.

    Args:
        work: a function of a module, or a `functools.partial` of one. What it raises ends everything.
        items: picklable.
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
    for begin in range(0, len(items), _JOBS_A_PLAN):
        part = items[begin : begin + _JOBS_A_PLAN]
        yield from _results(part, _rows(data, work, part))


def _ready(work: object) -> None:
    """Runs where a node can receive `work`; that it cannot says nothing about an item."""


def _rows(data: Any, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[dict[str, Any]]:
    """A row (number of the item, kind, data) for each item, in order."""
    numbered = [{"number": number, "item": pickle.dumps(item)} for number, item in enumerate(items)]
    plan = data.from_items(numbered, override_num_blocks=len(numbered)).map_batches(
        _Work(work), batch_size=1, batch_format="pyarrow", max_retries=_TRIES - 1
    )
    plan.context.execution_options.preserve_order = True
    plan.context.max_errored_blocks = -1  # the rows of items whose process died are missing: `_results` sees that
    plan.context.enable_progress_bars = False
    rows: Iterator[dict[str, Any]] = plan.iter_rows()
    return rows


class _Work(Generic[Item, Result]):
    """Done on a node: one item, whose result is sent as a row."""

    def __init__(self, work: Callable[[Item], Result]) -> None:
        self._work = work

    def __call__(self, batch: Any) -> Any:
        number, item = batch["number"][0].as_py(), pickle.loads(batch["item"][0].as_py())
        try:
            kind, data = "result", pickle.dumps(self._work(item))
        except Exception as error:  # goes to the driver, which raises it
            kind, data = "error", pickle.dumps(error)
        return pa.table({"number": [number], "kind": [kind], "data": pa.array([data], pa.large_binary())})


def _results(items: Sequence[Item], rows: Iterator[dict[str, Any]]) -> Iterator[tuple[Item, Result | Died]]:
    turn = 0
    for row in rows:
        for item in items[turn : row["number"]]:
            yield item, Died(None)
        turn = row["number"] + 1
        result = pickle.loads(row["data"])
        if row["kind"] == "error":
            raise result
        yield items[turn - 1], result
    for item in items[turn:]:
        yield item, Died(None)

"""Training several small models at once, one process and one core each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import torch

from hdvila.errors import TrainingError, UsageError
from hdvila.processes import Died, in_order, send_message, usable_cores
from hdvila.progress import SILENT, Reporter
from hdvila.progress_proxy import Message, Receiver, Sender

__all__ = ["in_parallel"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    work: Callable[[Item, Reporter], Result],
    items: Sequence[Item],
    reporter: Reporter = SILENT,
    *,
    workers: int | None = None,
) -> Iterator[tuple[Item, Result]]:
    """Do `work` on every item; yield (item, result) in the order of `items`.

    Args:
        work: called with an item and a reporter; a module-level function, or a `functools.partial` of one.
        items: picklable; their `str` names them in progress and errors.
        reporter: shows the progress of every item, prefixed with its name.
        workers: processes; None is one for each core. With more than one, a script that calls this needs the usual
            ``if __name__ == "__main__":``.

    Raises:
        UsageError: `workers` is less than 1.
        TrainingError: a process died.
        HdvilaError: whatever the work raises.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers}: choose 1 or more, or None for one a core")
    workers = min(workers or usable_cores(), len(items))
    if workers < 2:
        yield from ((item, work(item, reporter)) for item in items)
        return
    receivers: dict[str, Receiver] = {}

    def receive(item: Item, message: Message) -> None:
        receivers.setdefault(str(item), Receiver(reporter, str(item))).receive(message)

    try:
        for item, result in in_order(partial(_on_one_core, work), items, workers, receive, ahead=len(items)):
            if isinstance(result, Died):
                raise TrainingError(
                    f"{item}: its process died (exit status {result.exit_code}), perhaps for lack of memory; run the "
                    "same command again to continue"
                )
            yield item, result
    finally:
        for receiver in receivers.values():
            receiver.close()


def _on_one_core(work: Callable[[Item, Reporter], Result], item: Item) -> Result:
    torch.set_num_threads(1)
    return work(item, Sender(send_message))

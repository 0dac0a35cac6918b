"""Work that threads do ahead of whoever waits for its results."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from hdvila.data.source import ClipSource
    from hdvila.media.frame_source import Inputs
    from hdvila.media.view import View

__all__ = ["ahead", "read_ahead"]

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 2
"""Results that each thread prepares before they are asked for."""
READERS = min(8, os.cpu_count() or 1)


def ahead(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """``map(work, items)``, prepared by threads; an error of `work` arrives when its result is asked for.

    Workers are threads: decoding and copying pictures leaves Python's lock to others, and nothing has to travel between
    processes (shared memory is scarce in containers, and a worker that cannot get any never answers).

    Args:
        workers: threads; 0 does each piece of work when it is asked for.
    """
    if not workers:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="ahead") as pool:
        left = iter(items)
        waiting = deque(pool.submit(work, item) for item in islice(left, workers * AHEAD))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(left, 1))
                yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def read_ahead(source: ClipSource, numbers: Sequence[int], inputs: Inputs, views: Sequence[View] = ()) -> Iterator[Any]:
    """The clips with these numbers, by the evaluation rule, read while the model works on those before.

    Args:
        views: the window of each, of a source that knows the sizes of its frames; else the one in the middle.

    Raises:
        StoreError: a clip cannot be read.
    """
    readers = max(READERS, getattr(source, "readers", 1))
    if not views:
        return ahead(lambda number: source.sample(number, inputs), numbers, readers)
    sized: Any = source
    seen = zip(numbers, views, strict=True)
    return ahead(lambda one: sized.sample(one[0], inputs, view=one[1]), seen, readers)

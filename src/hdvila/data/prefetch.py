"""Results that threads prepare before they are needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from hdvila.processes import usable_cores

if TYPE_CHECKING:
    from hdvila.data.source import ClipSource
    from hdvila.media.frame_source import Sampler
    from hdvila.media.view import View

__all__ = ["prefetch", "prefetch_clips"]

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 2
"""Results that each thread prepares before they are requested."""


def prefetch(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """``map(work, items)``, computed by threads; an error of `work` is raised when its result is requested.

    Workers are threads: decoding and copying frames releases the GIL, and nothing is sent between processes (shared
    memory is scarce in containers, and a worker that cannot allocate any hangs).

    Args:
        workers: number of threads; with 0 each result is computed when it is requested.
    """
    if not workers:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="prefetch") as pool:
        left = iter(items)
        waiting = deque(pool.submit(work, item) for item in islice(left, workers * AHEAD))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(left, 1))
                yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def prefetch_clips(
    source: ClipSource, numbers: Sequence[int], inputs: Sampler, views: Sequence[View] = ()
) -> Iterator[Any]:
    """The clips with these numbers, sampled by the evaluation rule, read while the model works on earlier ones.

    Args:
        views: the crop window of each clip, for a source that knows its frame sizes; default: the centre.

    Raises:
        StoreError: a clip cannot be read.
    """
    readers = max(min(8, usable_cores()), getattr(source, "readers", 1))
    if not views:
        return prefetch(lambda number: source.sample(number, inputs), numbers, readers)
    sized: Any = source
    windows = zip(numbers, views, strict=True)
    return prefetch(lambda one: sized.sample(one[0], inputs, view=one[1]), windows, readers)

"""How much is right in each part of a test: by type of question, by the benchmark's own categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdvila.evaluate.metrics.bootstrap import Interval, Resampling

__all__ = ["Share", "shares"]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the test.

    Attributes:
        value: the share that is right, 0..1.
        interval: 95 % (`Resampling.share`), the queries of a video taken together.
        queries, videos: how many it has.
    """

    name: str
    value: float
    interval: Interval
    queries: int
    videos: int


def shares(parts: Sequence[str], right_Q: NDArray[np.bool_], videos: Sequence[str]) -> tuple[Share, ...]:
    """Every part of a test, the worst first; none where there is only one, or none has a name.

    Args:
        parts, videos: (Q,) of each query; a query without a name of its part is in none.
        right_Q: (Q,) whether its answer is right.
    """
    rows: dict[str, list[int]] = {}
    for row, part in enumerate(parts):
        if part:
            rows.setdefault(part, []).append(row)
    if len(rows) < 2:
        return ()
    found = [_share(name, right_Q[chosen], [videos[row] for row in chosen]) for name, chosen in rows.items()]
    return tuple(sorted(found, key=lambda share: (share.value, -share.queries, share.name)))


def _share(name: str, right_Q: NDArray[np.bool_], videos: Sequence[str]) -> Share:
    interval = Resampling(videos).share(right_Q)
    return Share(name, float(right_Q.mean()), interval, len(videos), len(set(videos)))

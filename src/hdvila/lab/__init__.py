"""Real users of the library: the demo, benchmarks in miniature, and studies that repeat tables of the paper."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "build_world": "corpora",
    "run_demo": "demo.run",
    "run_reproduction": "reproduction.run",
    "run_study": "frame_selection.study",
    "write_benchmarks": "benchmarks.write",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

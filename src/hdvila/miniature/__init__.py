"""A small rendered world of narrated videos with known contents, for the demo, tests and studies."""

from importlib import import_module
from typing import Any

from hdvila.miniature.questions import questions, write_questions
from hdvila.miniature.render import Rendered, read_truth, render
from hdvila.miniature.world import ActionMix, Shares, WorldConfig

__all__ = [
    "ActionMix",
    "Rendered",
    "Shares",
    "WorldConfig",
    "questions",
    "read_truth",
    "render",
    "write_questions",
]


def __getattr__(name: str) -> Any:
    if name == "write_benchmarks":  # the former place of `hdvila.lab.write_benchmarks`, which keeps working
        return import_module("hdvila.lab").write_benchmarks
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

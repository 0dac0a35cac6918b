"""A small rendered world of narrated videos with known contents, for the demo, tests and studies."""

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

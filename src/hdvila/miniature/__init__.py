"""A small rendered world of narrated videos whose truth is known: for the demo, for tests, for studies."""

from hdvila.miniature.render import Rendered, read_truth, render
from hdvila.miniature.world import ActionMix, Shares, WorldConfig

__all__ = ["ActionMix", "Rendered", "Shares", "WorldConfig", "read_truth", "render"]

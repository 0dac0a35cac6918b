"""A small language for drawings, and its rasteriser: anti-aliased coverage masks in NumPy.

A drawing is a list of shapes, separated by ``;`` and painted one over the other: ``SHAPE PAINT NUMBERS``.

    disc  PAINT x y radius            oval PAINT x y rx ry           ring PAINT x y radius thickness
    box   PAINT left top right bottom line PAINT x0 y0 x1 y1 thickness (round ends)
    poly  PAINT x y x y x y ...       fade TOP BOTTOM y0 y1 (a band of the full width, from one colour to the other)

PAINT is ``#rrggbb`` or a name whose colour the caller decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.float32]

_FINE = 4  # samples a pixel, each way


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape: its kind, its paints (two for ``fade``) and its numbers."""

    kind: str
    paints: tuple[str, ...]
    numbers: tuple[float, ...]


def shapes(drawing: str) -> Iterator[Shape]:
    """The shapes of a drawing, in order."""
    for text in drawing.split(";"):
        kind, *rest = text.split()
        paints = 2 if kind == "fade" else 1
        yield Shape(kind, tuple(rest[:paints]), tuple(float(number) for number in rest[paints:]))


def rgb(paint: str) -> tuple[int, int, int]:
    """``"#rrggbb"`` as three numbers, 0..255."""
    return int(paint[1:3], 16), int(paint[3:5], 16), int(paint[5:7], 16)


def coverage(shape: Shape, height: int, width: int, units: float) -> Mask:
    """How much of each pixel a shape covers, (height, width), 0..1.

    Args:
        shape: of any kind but ``fade``.
        height, width: size of the mask in pixels.
        units: units of the drawing across `height`.
    """
    scale = units / height / _FINE
    y = ((np.arange(height * _FINE) + 0.5) * scale)[:, None]
    x = ((np.arange(width * _FINE) + 0.5) * scale)[None, :]
    inside = _INSIDE[shape.kind](x, y, shape.numbers)
    fine = inside.reshape(height, _FINE, width, _FINE)
    result: Mask = fine.mean(axis=(1, 3), dtype=np.float32)
    return result


def paint_place(drawing: str, height: int, width: int) -> NDArray[np.uint8]:
    """Rasterise the drawing of a place, whose height is 100 units: (height, width, 3) uint8."""
    canvas = np.zeros((height, width, 3), np.float32)
    for shape in shapes(drawing):
        if shape.kind == "fade":
            _fade(canvas, shape)
            continue
        alpha = coverage(shape, height, width, 100.0)[:, :, None]
        canvas += alpha * (np.array(rgb(shape.paints[0]), np.float32) - canvas)
    return np.rint(canvas).astype(np.uint8)


def _fade(canvas: NDArray[np.float32], shape: Shape) -> None:
    height = len(canvas)
    first, last = (round(number * height / 100) for number in shape.numbers)
    top, bottom = (np.array(rgb(paint), np.float32) for paint in shape.paints)
    part = np.linspace(0, 1, last - first, dtype=np.float32)[:, None, None]
    canvas[first:last] = top + part * (bottom - top)


Grid = NDArray[np.floating[Any]]
Inside = NDArray[np.bool_]
Numbers = tuple[float, ...]


def _disc(x: Grid, y: Grid, at: Numbers) -> Inside:
    return (x - at[0]) ** 2 + (y - at[1]) ** 2 <= at[2] ** 2


def _oval(x: Grid, y: Grid, at: Numbers) -> Inside:
    return ((x - at[0]) / at[2]) ** 2 + ((y - at[1]) / at[3]) ** 2 <= 1


def _ring(x: Grid, y: Grid, at: Numbers) -> Inside:
    far: Grid = np.hypot(x - at[0], y - at[1])
    return (far >= at[2] - at[3] / 2) & (far <= at[2] + at[3] / 2)


def _box(x: Grid, y: Grid, at: Numbers) -> Inside:
    return (x >= at[0]) & (x <= at[2]) & (y >= at[1]) & (y <= at[3])


def _line(x: Grid, y: Grid, at: Numbers) -> Inside:
    dx, dy = at[2] - at[0], at[3] - at[1]
    along = np.clip(((x - at[0]) * dx + (y - at[1]) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.hypot(x - at[0] - along * dx, y - at[1] - along * dy) <= at[4] / 2


def _poly(x: Grid, y: Grid, at: Numbers) -> Inside:
    xs, ys = at[0::2], at[1::2]
    inside = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.bool_)
    for x0, y0, x1, y1 in zip(xs, ys, (*xs[1:], xs[0]), (*ys[1:], ys[0]), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


_INSIDE = {"disc": _disc, "oval": _oval, "ring": _ring, "box": _box, "line": _line, "poly": _poly}

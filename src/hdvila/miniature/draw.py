"""Drawing frames: objects with texture and mark, laid on their place.

A texture adds a pattern of period 4 px and mean 0 to the object's colour. The triangle filter that shrinks a frame to a
quarter has a zero exactly at that period, so LR frames show the mean colour whatever the texture is. Marks have equal
mean brightness for the same reason.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hdvila.miniature.motion import Pose
from hdvila.miniature.objects import OBJECTS
from hdvila.miniature.paint import coverage, paint_place, rgb, shapes
from hdvila.miniature.places import PLACES
from hdvila.miniature.world import COLOURS, HEIGHT, MARKS, WIDTH
from hdvila.types import Pixels

SIZE = 56
"""Width and height of an object at rest, in pixels, without its outline."""

_EDGE = 3  # pixels around an object, for its outline
_CONTRAST = 46  # grey levels of a texture above and below its mean
_ROLES = {"dark": (43, 43, 51), "light": (240, 240, 234)}
_OUTLINE = (30, 28, 36)
_BADGE = (232, 232, 226)
_INK = 1800.0  # grey levels that a mark takes away, summed over its pixels, the same for every mark
_LIGHT = 0.5  # share of the light in the colour of a lit place
_HALO = (255, 240, 150)

_MARK_PIXELS = {
    "plus": "...#... ...#... ...#... ####### ...#... ...#... ...#...",
    "cross": "....... .#...#. ..#.#.. ...#... ..#.#.. .#...#. .......",
    "ring": "....... ..###.. .#...#. .#...#. .#...#. ..###.. .......",
    "sun": "...#... .#.#.#. ..###.. ..###.. ..###.. .#.#.#. ...#...",
    "dots": "....... .##.##. .##.##. ....... .##.##. .##.##. .......",
    "bars": "....... .#.#.#. .#.#.#. .#.#.#. .#.#.#. .#.#.#. .......",
}

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""A patch to lay on a frame: premultiplied colour (h, w, 3), and the share of the frame that stays (h, w, 1)."""


def pattern(texture: str, height: int, width: int) -> NDArray[np.float32]:
    """A texture's deviation from its mean, (height, width): mean 0 over each period, -1..1 (dotted: -3..1)."""
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    if texture == "dotted":
        return np.where((x % 4 < 2) & (y % 4 < 2), -3, 1).astype(np.float32)
    bright = {
        "plain": None,
        "striped": x % 4 < 2,
        "banded": y % 4 < 2,
        "slanted": (x + y) % 4 < 2,
        "checked": (x // 2 + y // 2) % 2 == 0,
        "zigzag": (x + np.abs(y % 12 - 6)) % 4 < 2,
    }[texture]
    if bright is None:
        return np.zeros((height, width), np.float32)
    return np.where(np.broadcast_to(bright, (height, width)), 1, -1).astype(np.float32)


def textured(colour: str, texture: str, height: int, width: int) -> NDArray[np.float32]:
    """A colour with a texture, (height, width, 3), 0..255: the same mean for every texture."""
    base = np.array(COLOURS[colour], np.float32)
    lowest = 3 if texture == "dotted" else 1
    swing = np.minimum(_CONTRAST, np.minimum(base / lowest, 255 - base))
    body: NDArray[np.float32] = base + pattern(texture, height, width)[:, :, None] * swing
    return body


@lru_cache(maxsize=256)
def sprite(name: str, colour: str, texture: str, mark: str, size: int = SIZE) -> Layer:
    """An object with outline and badge: a patch of `size` pixels each way plus an edge for the outline."""
    side = size + 2 * _EDGE
    rgb_HW3 = np.zeros((side, side, 3), np.float32)
    alpha = np.zeros((side, side), np.float32)
    body = textured(colour, texture, side, side)
    for shape in shapes(OBJECTS[name]):
        cover = np.pad(coverage(shape, size, size, 100.0), _EDGE)
        paint = shape.paints[0]
        if paint == "clear":
            alpha *= 1 - cover
            continue
        ink = body if paint == "body" else np.array(_ROLES.get(paint) or rgb(paint), np.float32)
        rgb_HW3 += cover[:, :, None] * (ink - rgb_HW3)
        alpha = np.maximum(alpha, cover)
    _stick_badge(rgb_HW3, mark)
    return _outlined(rgb_HW3, alpha)


def mark_pixels(mark: str) -> NDArray[np.float32]:
    """The grey levels that a mark takes away from its badge, (7, 7)."""
    ink = np.array([[sign == "#" for sign in row] for row in _MARK_PIXELS[mark].split()], np.float32)
    taken: NDArray[np.float32] = ink * (_INK / ink.sum())
    return taken


def _stick_badge(rgb_HW3: NDArray[np.float32], mark: str) -> None:
    middle = len(rgb_HW3) // 2
    y, x = np.ogrid[: len(rgb_HW3), : len(rgb_HW3)]
    rgb_HW3[(y - middle) ** 2 + (x - middle) ** 2 <= 6.2**2] = _BADGE
    rgb_HW3[middle - 3 : middle + 4, middle - 3 : middle + 4] -= mark_pixels(mark)[:, :, None]


def _outlined(rgb_HW3: NDArray[np.float32], alpha: NDArray[np.float32]) -> Layer:
    wide = alpha
    for axis in (0, 1):
        wide = np.maximum(wide, np.maximum(np.roll(wide, 1, axis), np.roll(wide, -1, axis)))
    colour = alpha[:, :, None] * rgb_HW3 + (wide - alpha)[:, :, None] * np.array(_OUTLINE, np.float32)
    return colour, 1 - wide[:, :, None]


@lru_cache(maxsize=1)
def _halo() -> Layer:
    side = 2 * SIZE
    y, x = np.ogrid[:side, :side]
    alpha = np.clip(1.25 - np.hypot(y - side / 2, x - side / 2) / (side / 2) * 1.25, 0, 0.95).astype(np.float32)
    return alpha[:, :, None] * np.array(_HALO, np.float32), 1 - alpha[:, :, None]


@lru_cache(maxsize=len(PLACES))
def place(name: str) -> Pixels:
    """An empty place, (HEIGHT, WIDTH, 3) uint8, read-only."""
    empty = paint_place(PLACES[name], HEIGHT, WIDTH)
    empty.setflags(write=False)
    return empty


def frame(place_name: str, thing: tuple[str, str, str, str] | None, pose: Pose | None) -> Pixels:
    """One frame, (HEIGHT, WIDTH, 3) uint8.

    Args:
        place_name: the background.
        thing: (object, colour, texture, mark), or None for an empty place.
        pose: where the object is and what it looks like.
    """
    canvas = place(place_name).copy()
    if thing is None or pose is None or pose.look == "blinks":
        return canvas
    if pose.light:
        canvas = np.rint(canvas + _LIGHT * (np.array(COLOURS[pose.light]) - canvas)).astype(np.uint8)
    if pose.look == "glows":
        _lay(canvas, _halo(), pose.x, pose.y)
    name, colour, texture, mark = thing
    _lay(canvas, sprite(name, pose.colour or colour, texture, mark, size=round(SIZE * pose.scale)), pose.x, pose.y)
    return canvas


def _lay(canvas: Pixels, layer: Layer, x: int, y: int) -> None:
    """Lay a patch on the frame in place, centred at (x, y) and clipped to the frame."""
    colour, stays = layer
    top, left = y - len(colour) // 2, x - colour.shape[1] // 2
    rows = slice(max(top, 0), min(top + len(colour), len(canvas)))
    columns = slice(max(left, 0), min(left + colour.shape[1], canvas.shape[1]))
    inner = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    below = canvas[rows, columns]
    canvas[rows, columns] = np.rint(colour[inner] + stays[inner] * below).astype(np.uint8)


assert set(MARKS) == set(_MARK_PIXELS)

"""A contact sheet of the world: a clip of each category, and its sentence coloured by the frames that show it.

Black words can be seen in one LR frame, red ones only in the HR frame, blue ones only in several frames.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from hdvila.errors import require
from hdvila.media.transforms import resize
from hdvila.miniature.categories import CATEGORIES
from hdvila.miniature.draw import frame
from hdvila.miniature.script import Event, write_script
from hdvila.miniature.world import HEIGHT, WIDTH, Shares, WorldConfig
from hdvila.types import Pixels

_COLUMNS = 3
_LR_FRAMES = 6
_GAP = 6  # pixels between frames
_STRIP = 34  # pixels for the title above and the sentence below
_INKS = {"frame": "#222222", "detail": "#c02030", "time": "#1a50c0"}
_PAPER = 250
_LINES = ((1, 1), (1, 1), (0, 0))  # pixels around LR frames


def draw_contact_sheet(path: str | os.PathLike[str], seed: int = 0) -> None:
    """Write the contact sheet as a PNG file, about 1400 pixels wide.

    Args:
        path: the file.
        seed: of the world whose clips are shown.

    Raises:
        MissingDependency: matplotlib is not installed.
    """
    require("matplotlib", extra="train")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image  # comes with matplotlib

    clips = _one_of_each(seed)
    cells = [_cell(event) for _, event in clips]
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // _COLUMNS)
    sheet = np.full((rows * (height + 2 * _STRIP), _COLUMNS * (width + 3 * _GAP), 3), _PAPER, np.uint8)
    figure = Figure(figsize=(sheet.shape[1] / 100, sheet.shape[0] / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for number, (cell, (title, event)) in enumerate(zip(cells, clips, strict=True)):
        top, left = number // _COLUMNS * (height + 2 * _STRIP) + _STRIP, number % _COLUMNS * (width + 3 * _GAP) + _GAP
        sheet[top : top + height, left : left + width] = cell
        axes.text(left, top - 7, title, fontsize=11, fontweight="bold", color="#444444", va="bottom")
        _write_sentence(axes, canvas, left, top + height + 15, event)
    axes.imshow(sheet, interpolation="nearest", aspect="auto")
    axes.set_xlim(-0.5, sheet.shape[1] - 0.5)
    axes.set_ylim(sheet.shape[0] - 0.5, -0.5)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3] & 0xFC  # fewer colours halve the file
    Image.fromarray(pixels).save(Path(path), optimize=True)


def _one_of_each(seed: int) -> list[tuple[str, Event]]:
    """(title, event) of each category; the event's sentence mentions several attributes."""
    shares = Shares(phrase=0.5, object=1, colour=0.6, texture=0.8, mark=0.15, action=1, place=0, aside=0, silent=0)
    config = WorldConfig(shares)
    found: dict[str, Event] = {}
    number = 0
    while len(found) < len(CATEGORIES):
        script = write_script(seed, number, config, "train")
        number += 1
        fitting = [e for e in script.events if 6 <= len(e.sentence.split()) <= 11 and len(e.sentence) < 60]
        if fitting and script.category not in found:
            found[script.category] = fitting[number % len(fitting)]
    return [(category.title, found[category.slug]) for category in CATEGORIES]


def _cell(event: Event) -> Pixels:
    """The HR frame, and beside it six LR frames of the whole event, enlarged: (height, width, 3) uint8."""
    thing = event.object, event.colour, event.texture, event.mark
    times = [(n + 0.5) / _LR_FRAMES * (event.end - event.start) for n in range(_LR_FRAMES)]
    small = [resize(frame(event.place, thing, event.path.pose(t)), HEIGHT // 4, WIDTH // 4) for t in times]
    tiles = [np.pad(np.kron(p, np.ones((2, 2, 1), np.uint8)), _LINES, constant_values=_PAPER) for p in small]
    rows = [np.concatenate(tiles[n : n + 2], axis=1) for n in range(0, _LR_FRAMES, 2)]
    lr = np.concatenate(rows)[1:-1]
    hr = np.kron(frame(event.place, thing, _clear_pose(event)), np.ones((3, 3, 1), np.uint8))
    hr = resize(hr, len(lr), len(lr) * 3 // 2)
    gap = np.full((len(lr), _GAP, 3), _PAPER, np.uint8)
    cell: Pixels = np.concatenate([hr, gap, lr], axis=1)
    return cell


def _clear_pose(event: Event) -> Any:
    """The pose nearest to the middle of the event in which the object is visible and has its own size."""
    middle = (event.end - event.start) / 2
    times = sorted((n / 10 for n in range(int(2 * middle * 10))), key=lambda t: abs(t - middle))
    return next(pose for pose in map(event.path.pose, times) if pose.look != "blinks" and pose.scale == 1)


def _write_sentence(axes: Any, canvas: Any, x: float, y: float, event: Event) -> None:
    for word, kind in _coloured(event):
        weight = None if kind == "frame" else "bold"
        text = axes.text(x, y, word, fontsize=10.5, color=_INKS[kind], va="center", fontweight=weight)
        x += text.get_window_extent(canvas.get_renderer()).width + 4.5


def _coloured(event: Event) -> list[tuple[str, str]]:
    """(word, kind) of a sentence; the kind is ``frame``, ``detail`` or ``time``."""
    words = event.sentence.split()
    kinds = ["frame"] * len(words)
    parts = [(event.texture, "detail", "texture"), (f"with the {event.mark}", "detail", "mark")]
    parts.append((event.action.in_words("").strip(), "time", "action"))
    plain = [word.rstrip(".").lower() for word in words]
    for phrase, kind, fact in parts:
        wanted = phrase.split()
        starts = [n for n in range(len(plain)) if plain[n : n + len(wanted)] == wanted]
        if fact in event.told and starts:
            kinds[starts[0] : starts[0] + len(wanted)] = [kind] * len(wanted)
    return list(zip(words, kinds, strict=True))

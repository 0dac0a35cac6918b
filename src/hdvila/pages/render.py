"""Renders the templates of pages, with the filters that all of them share."""

from __future__ import annotations

import base64
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from hdvila.errors import require
from hdvila.files import replacing
from hdvila.media.codecs import encode_jpeg
from hdvila.types import Pixels


def render(package: str, template: str, **values: Any) -> str:
    """Render a template of `package` with these values.

    In ``*.html.j2`` every value is escaped; the variable ``style`` holds the CSS of all pages. The filters are
    ``clock``, ``jpeg`` (bytes to a data URI), ``count`` (12,345), ``amount`` (at least three digits),
    ``length_of_time`` (hours to 22 min or 12.3 h), ``share`` (0.123 to 12.3 %) and ``md`` (escapes text for
    Markdown).

    Raises:
        MissingDependency: jinja2 is not installed.
    """
    jinja2 = require("jinja2", extra="corpus")
    environment = jinja2.Environment(
        autoescape=".html" in template, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {
        "clock": clock,
        "jpeg": jpeg_uri,
        "count": _count,
        "amount": _amount,
        "length_of_time": length_of_time,
        "share": _share,
        "md": _markdown,
    }
    style = files("hdvila.pages").joinpath("style.css").read_text(encoding="utf-8")
    text = files(package).joinpath(template).read_text(encoding="utf-8")
    return str(environment.from_string(text).render(style=style, **values))


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically. Lone surrogates, which captions may contain, become question marks."""
    with replacing(path) as partial:
        partial.write_bytes(text.encode("utf-8", errors="replace"))


def clock(seconds: float) -> str:
    """Minutes and seconds, as a player shows them: 75.25 -> ``1:15.2``."""
    minutes, rest = divmod(round(max(0.0, seconds), 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def length_of_time(hours: float) -> str:
    """A duration in the unit that fits it: ``40 s``, ``22.4 min``, ``12.3 h``."""
    for unit, size in (("h", 1.0), ("min", 1 / 60)):
        if hours >= size:
            return f"{_amount(hours / size)} {unit}"
    return f"{_amount(3600 * hours)} s"


def jpeg_uri(jpeg: bytes) -> str:
    """JPEG bytes as the source of an ``<img>``."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def image_uri(rgb: Pixels, quality: int = 92) -> str:
    """(H, W, 3) pixels as the source of an ``<img>``."""
    return jpeg_uri(encode_jpeg(np.ascontiguousarray(rgb), quality))


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _amount(number: float) -> str:
    """Three digits, or all before the decimal point: 0.00123, 1.23, 12.3, 12,345."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def _share(part: float) -> str:
    return f"{100 * part:.1f} %"


def _markdown(text: object) -> str:
    """Text as one line that Markdown shows literally."""
    line = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|#>~])", r"\\\1", line)

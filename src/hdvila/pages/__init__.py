"""Self-contained HTML pages: one style, images and plots inside the file, nothing loaded from elsewhere."""

from hdvila.pages.draw import BLUE, INK, LINE, PALE, SOFT, drawing
from hdvila.pages.render import clock, image_uri, jpeg_uri, length_of_time, render, write_text

__all__ = [
    "BLUE",
    "INK",
    "LINE",
    "PALE",
    "SOFT",
    "clock",
    "drawing",
    "image_uri",
    "jpeg_uri",
    "length_of_time",
    "render",
    "write_text",
]

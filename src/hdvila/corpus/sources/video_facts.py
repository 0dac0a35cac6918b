"""What a downloader wrote down about a video: ``NAME.info.json`` beside it, as yt-dlp leaves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hdvila.writing import drop_surrogates

_INFO = ".info.json"


def info_of(video: Path) -> Path:
    """Where a downloader writes what it knows of a video."""
    return video.with_name(video.stem + _INFO)


def facts_beside(video: Path) -> dict[str, str]:
    """``category``, ``channel`` and ``license`` of a video as far as its ``NAME.info.json`` says them.

    The category is the first of ``categories`` (YouTube gives one), the channel is called by its name, else by its
    uploader's, else by its id. Nothing where there is no such file or it holds something else: it is no part of the
    video, and what it would have said is then not known.
    """
    try:
        info = json.loads(info_of(video).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(info, dict):
        return {}
    found = {
        "category": _first_text(info.get("categories")),
        "channel": _first_text([info.get(name) for name in ("channel", "uploader", "channel_id")]),
        "license": _first_text([info.get("license")]),
    }
    return {name: value for name, value in found.items() if value}


def _first_text(values: Any) -> str:
    """The first that is text in one line or more; made one line."""
    listed = values if isinstance(values, list) else [values]
    return next((drop_surrogates(" ".join(one.split())) for one in listed if isinstance(one, str) and one.strip()), "")

"""The data that stands beside the repository: other people's videos, subtitles and annotations, which it may not hold.

Tests that need them are left out where they are not, and say so; CI has them. ``HDVILA_SHARED`` names another place.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("HDVILA_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SUBTITLES, VIDEOS = SHARED / "data" / "subtitles", SHARED / "data" / "videos"
ANNOTATIONS = SHARED / "data" / "annotations"


def missing(path: Path) -> str:
    """Why a test that reads `path` is left out."""
    return f"shared data not found: {path} belongs to others and is no part of the repository (HDVILA_SHARED)"


def needs(path: Path) -> pytest.MarkDecorator:
    """Leave a test out where `path` is not there."""
    return pytest.mark.skipif(not path.exists(), reason=missing(path))

"""`hdvila.media.read_clips` by the names that it has for HD-VILA."""

from __future__ import annotations

from hdvila.media.read_clips import read_clip as read_hybrid
from hdvila.media.read_clips import read_clips as read_hybrids
from hdvila.media.read_clips import read_windows as read_views

__all__ = ["read_hybrid", "read_hybrids", "read_views"]

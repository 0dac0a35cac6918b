"""Video-language learning from narrated videos.

The public names; everything else is free to move. Heavy rooms are imported when a name is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "load_model": "hdvila.hub",
    "list_models": "hdvila.hub",
    "read_transcript": "hdvila.text.transcript",
    "open_library": "hdvila.search.library",
    "Clip": "hdvila.types",
    "Cue": "hdvila.types",
    "HybridClip": "hdvila.models.hdvila.sampling",
    "Moment": "hdvila.types",
    "Sentence": "hdvila.types",
    "Transcript": "hdvila.types",
    "Word": "hdvila.types",
    "HdvilaError": "hdvila.errors",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from hdvila.errors import HdvilaError as HdvilaError
    from hdvila.hub import list_models as list_models
    from hdvila.hub import load_model as load_model
    from hdvila.models.hdvila.sampling import HybridClip as HybridClip
    from hdvila.search.library import open_library as open_library
    from hdvila.text.transcript import read_transcript as read_transcript
    from hdvila.types import Clip as Clip
    from hdvila.types import Cue as Cue
    from hdvila.types import Moment as Moment
    from hdvila.types import Sentence as Sentence
    from hdvila.types import Transcript as Transcript
    from hdvila.types import Word as Word


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hdvila' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

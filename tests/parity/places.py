"""Where the goldens are."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HDVILA_SHARED", REPOSITORY.parent / "shared"))
GOLDENS = REPOSITORY / "tests" / "goldens"

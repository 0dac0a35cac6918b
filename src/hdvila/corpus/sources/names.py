"""File names from ids that somebody else chose."""

from __future__ import annotations

import hashlib
import re

_MOST_BYTES = 160  # of 255: endings such as ".en-orig.vtt" and ".f137.mp4.part" come after it


def safe_name(video_id: str) -> str:
    """A file name without ending that stays in its folder, differs where ids differ, and is never too long.

    Ids of letters, digits, ``-`` and ``_`` stand as they are, but for a dash in front.
    """
    name = re.sub(r"[^A-Za-z0-9_-]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), video_id)
    name = re.sub(r"^-", "%2D", name)
    if len(name) > _MOST_BYTES or not name:
        name = name[: _MOST_BYTES - 17] + "_" + hashlib.sha256(video_id.encode()).hexdigest()[:16]
    return name

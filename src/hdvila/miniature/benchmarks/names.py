"""Names as YouTube gives them."""

from __future__ import annotations

import base64
import hashlib


def youtube_id(text: str) -> str:
    """Eleven letters, digits, dashes and underscores, which may also stand in front; always the same of a text."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())[:11].decode()

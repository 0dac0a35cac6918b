"""Texts that the program writes and a person completes: what was edited is never written over.

A file carries its own proof: its last line holds a checksum of all before it. So nothing elsewhere has to agree with
it, and a kill between two files leaves nothing behind that could not be written anew.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from hdvila.pages import write_text

_SEAL = re.compile(rb"<!-- as written by hdvila: ([0-9a-f]{16}) -->\n")


def write_prose(file: Path, text: str) -> bool:
    """Write a Markdown file, unless one is there that was edited; whether it was written.

    Raises:
        OSError: it cannot be written.
    """
    if file.exists() and not is_unedited(file.read_bytes()):
        return False
    body = f"{text.rstrip()}\n\n".encode(errors="replace")
    write_text(file, f"{body.decode()}<!-- as written by hdvila: {_digest(body)} -->\n")
    return True


def is_unedited(data: bytes) -> bool:
    """Whether a file is to the byte what `write_prose` made of it."""
    seals = list(_SEAL.finditer(data))
    if not seals or seals[-1].end() != len(data):
        return False
    return seals[-1][1].decode() == _digest(data[: seals[-1].start()])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]

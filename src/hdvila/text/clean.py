"""Text that every encoder takes, for texts that enter from files: half an emoji is no character."""

from __future__ import annotations

import re

_HALVES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    r"""Without lone surrogates, which no encoding can hold: ``"a \ud83d"`` -> ``"a "``.

    JSON may hold one half of a pair where a text was cut inside an emoji. Two halves that belong together become the
    character that they mean; a half alone is dropped. Everything else stays as it is.
    """
    if text.isascii() or not _HALVES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")

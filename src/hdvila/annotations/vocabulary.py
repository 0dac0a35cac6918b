"""Answer vocabularies as the benchmarks' authors gave them out: a JSON object, answer -> its number."""

from __future__ import annotations

from pathlib import Path

from hdvila.annotations.tables import read_json
from hdvila.errors import UsageError

__all__ = ["vocabulary_beside"]


def vocabulary_beside(path: Path) -> frozenset[str] | None:
    """The answers of the vocabulary (``*ans2label*.json``) in the folder of an annotation file; None if there is none.

    Raises:
        UsageError: it is no object of answers and numbers.
    """
    found = sorted(path.parent.glob("*ans2label*.json*"))
    if not found:
        return None
    whole = read_json(found[0])
    if not isinstance(whole, dict) or not all(isinstance(number, int) for number in whole.values()):
        raise UsageError(f"{found[0]}: is no vocabulary, an object of answers and their numbers; mend or remove it")
    return frozenset(whole)

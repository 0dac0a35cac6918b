"""What a stranger's model could have answered, as far as the files beside the questions tell."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from hdvila.errors import some_of
from hdvila.text.answers import Answers

__all__ = ["vocabulary_beside"]


def vocabulary_beside(annotations: Path, given: Set[str]) -> tuple[tuple[str, ...] | None, list[str]]:
    """The answers of the one vocabulary (``*ans2label*.json``) in the folder of an annotation file that has all that
    was `given`, and a note on it; None where there is none, or several.

    Raises:
        UsageError: one of them is broken.
    """
    files = sorted(file for file in annotations.parent.glob("*ans2label*.json") if file.is_file())
    found = {file.name: Answers.load(file) for file in files}
    fitting = [name for name, answers in found.items() if given <= answers.rows.keys()]
    if len(fitting) == 1:
        note = f"{fitting[0]}, which stands beside the questions, is taken for the vocabulary of these predictions"
        return found[fitting[0]].words, [note]
    if not found:
        return None, []
    why = "several have all that is answered" if fitting else "they answer with words that it lacks"
    return None, [f"no vocabulary of these predictions is known: of {some_of(list(found))} {why}"]

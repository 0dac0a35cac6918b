"""What a stranger's model could have answered, as far as the files beside the questions tell."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from hdvila.errors import UsageError, some_of
from hdvila.text.answers import AnswerVocabulary

__all__ = ["vocabulary_beside"]


def vocabulary_beside(annotations: Path, given: Set[str]) -> tuple[tuple[str, ...] | None, list[str]]:
    """The answers of the one vocabulary (``*ans2label*.json``) in the folder of an annotation file that has all that
    was `given`, and notes on it and on files that are broken; None where there is none, or several.
    """
    found: dict[str, AnswerVocabulary] = {}
    notes = []
    for file in sorted(file for file in annotations.parent.glob("*ans2label*.json") if file.is_file()):
        try:
            found[file.name] = AnswerVocabulary.load(file)
        except UsageError as error:
            notes.append(f"not taken for a vocabulary: {error}")
    fitting = [name for name, answers in found.items() if given <= answers.rows.keys()]
    if len(fitting) == 1:
        note = f"{fitting[0]}, which stands beside the questions, is taken for the vocabulary of these predictions"
        return found[fitting[0]].words, [*notes, note]
    if not found:
        return None, notes
    why = "several have all that is answered" if fitting else "they answer with words that it lacks"
    return None, [*notes, f"no vocabulary of these predictions is known: of {some_of(list(found))} {why}"]

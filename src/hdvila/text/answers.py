"""The answer vocabulary of an open-ended question answering model: one answer for each row of its head."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hdvila.errors import UsageError
from hdvila.writing import drop_surrogates

__all__ = ["ANSWERS", "AnswerVocabulary"]

ANSWERS = "answers.json"
"""File name in a model folder. The format is that of the released code's ans2label files: answer -> row."""


@dataclass(frozen=True)
class AnswerVocabulary:
    """The answers of a model. They are labels, compared verbatim: benchmarks contain misspelled words too.

    Raises:
        UsageError: there are no answers, or an answer occurs twice.
    """

    words: tuple[str, ...]
    """`words[i]` is the answer of row i of the head."""

    def __post_init__(self) -> None:
        if not self.words:
            raise UsageError("an answer vocabulary needs at least one answer")
        if len(self.rows) < len(self.words):
            word, times = Counter(self.words).most_common(1)[0]
            raise UsageError(f"the answer {word!r} occurs {times} times in the vocabulary; give each answer once")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Answer -> row of the head."""
        return {word: row for row, word in enumerate(self.words)}

    @classmethod
    def most_frequent(cls, answers: Iterable[str], count: int) -> AnswerVocabulary:
        """The `count` most frequent of `answers`, or all if there are fewer. Ties are broken alphabetically."""
        counted = Counter(answers)
        return cls(tuple(sorted(counted, key=lambda word: (-counted[word], word))[:count]))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> AnswerVocabulary:
        """Read an ans2label file, a JSON object answer -> row, or the ``answers.json`` of a model folder.

        Raises:
            UsageError: the file does not exist or is not such an object; rows must be 0, 1, 2, ..., each once.
        """
        file = Path(path) / ANSWERS if Path(path).is_dir() else Path(path)
        try:
            rows = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(f"{file}: no such file; give a JSON object answer -> row") from None
        except (OSError, ValueError) as error:
            raise UsageError(f"{file}: cannot be read as JSON ({error}); give an object answer -> row") from error
        whole = isinstance(rows, dict) and all(type(row) is int for row in rows.values())
        if not whole or not rows or sorted(rows.values()) != list(range(len(rows))):
            raise UsageError(f"{file}: is not an answer vocabulary, a JSON object answer -> row with rows 0, 1, 2, ...")
        if len(words := {drop_surrogates(word): row for word, row in rows.items()}) < len(rows):
            raise UsageError(
                f"{file}: two answers differ only in a lone surrogate, which cannot be encoded; rename one of them"
            )
        return cls(tuple(sorted(words, key=words.__getitem__)))

    def save(self, folder: Path) -> None:
        """Write ``answers.json`` into a model folder."""
        (folder / ANSWERS).write_text(json.dumps(self.rows, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

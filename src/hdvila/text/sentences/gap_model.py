"""A small network over word vectors that predicts from the words around a gap how likely a sentence ends there.

Its weights, for English, come with the package. docs/sentences.md lists the texts they were trained on, and
tools/train_sentences.py trains them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

NOTHING_ROW, UNKNOWN_ROW, NUMBERED_ROW, FIRST_ROW = range(4)  # the first rows are not words or endings
_NOT_SAID = re.compile(r"[^a-z0-9']+")
_CHUNK = 4096  # gaps at a time


@dataclass(frozen=True, slots=True)
class GapModel:
    """Vectors of V words and word endings, and a network with one hidden layer over the 2K words around a gap.

    Attributes:
        rows: the row of each word, and of each ending as ``"-ing"``.
        vectors: (V, D) float32.
        hidden: (2K, D, H) and its bias (H,).
        out: (H,) and its bias.
        share: the share of gaps in the training text that end a sentence.
    """

    rows: dict[str, int]
    vectors: NDArray[np.float32]
    hidden: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    out: NDArray[np.float32]
    out_bias: float
    share: float

    def row(self, word: str) -> int:
        """The row of a word in the table: its own, else that of its ending."""
        said = spoken_form(word)
        if said in self.rows:
            return self.rows[said]
        if any(character.isdigit() for character in said):
            return self.rows.get("0", NUMBERED_ROW) if said.isdigit() else NUMBERED_ROW
        return self.rows.get(f"-{said[-3:]}", self.rows.get(f"-{said[-2:]}", UNKNOWN_ROW))

    def share_known(self, words: Sequence[str]) -> float:
        """The share 0..1 of words that the model knows; it is small in a text in another language."""
        return sum(spoken_form(word) in self.rows for word in words) / max(1, len(words))

    def logits(self, words: Sequence[str]) -> NDArray[np.float64]:
        """(N - 1,) log-odds of a sentence end after each of N words but the last, without their marks."""
        span = len(self.hidden) // 2
        rows = [self.row(word) for word in words]
        padded = np.array([NOTHING_ROW] * (span - 1) + rows + [NOTHING_ROW] * (span - 1), dtype=np.intp)
        result = np.zeros(max(len(words) - 1, 0))
        for start in range(0, len(result), _CHUNK):
            stop = min(start + _CHUNK, len(result))
            hidden = np.tile(self.hidden_bias, (stop - start, 1))
            for place, weight in enumerate(self.hidden):
                hidden += self.vectors[padded[start + place : stop + place]] @ weight
            result[start:stop] = np.maximum(hidden, 0) @ self.out + self.out_bias
        return result


def spoken_form(word: str) -> str:
    """A word in lower case without punctuation, as the model knows it."""
    return _NOT_SAID.sub("", word.lower().replace("’", "'")).strip("'")


@cache
def english() -> GapModel:
    """The model that comes with the package."""
    with files("hdvila.text.sentences").joinpath("english_gaps.npz").open("rb") as stream, np.load(stream) as saved:
        part = {name: saved[name] for name in saved.files}
    names = bytes(part["names"]).decode().split("\n")

    def weights(name: str) -> NDArray[np.float32]:
        scaled: NDArray[np.float32] = part[name].astype(np.float32) * part[f"{name}_scale"]
        return scaled

    return GapModel(
        {name: number for number, name in enumerate(names, start=FIRST_ROW)},
        weights("vectors"),
        weights("hidden"),
        part["hidden_bias"],
        part["out"],
        float(part["out_bias"]),
        float(part["share"]),
    )

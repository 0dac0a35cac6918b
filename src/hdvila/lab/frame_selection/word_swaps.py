"""What a model has learned, word by word: does it notice when one word of a sentence is replaced by a wrong one?

A sentence that mentions a texture, for example, is compared with the same sentence naming each other texture. How often
the true one scores highest, against chance, shows whether the model sees textures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hdvila.data.source import ClipSource
from hdvila.evaluate.embedding import embed_clips, embed_texts
from hdvila.miniature.world import COLOURS, COUNTS, DIRECTIONS, MARKS, SPEEDS, STEPS, TEXTURES
from hdvila.nn.capabilities import DualEncoder
from hdvila.progress import SILENT, Reporter

KINDS: dict[str, tuple[str, ...]] = {
    "colour": tuple(COLOURS),
    "texture": TEXTURES,
    "mark": tuple(f"with the {mark}" for mark in MARKS),
    "direction": tuple(DIRECTIONS.values()),
    "speed": SPEEDS,
    "count": tuple(COUNTS.values()),
    "order": tuple(f"{first} and then {second}" for first in STEPS for second in STEPS if first != second),
}
"""Kind of word -> its words; a sentence is tested on a kind if it has exactly one of them."""


@dataclass(frozen=True, slots=True)
class Swap:
    """The share of `clips` clips whose true word won over the wrong ones, and what chance gives; both 0..1."""

    right: float
    chance: float
    clips: int


def wordings(text: str, kind: str) -> list[str]:
    """The sentence with each word of `kind` in turn, the true one first; empty if it does not have exactly one.

    For ``order`` the only wrong sentence has the two steps reversed, since one frame may show which steps they are.
    """
    words = KINDS[kind]
    found = re.findall(r"\b(?:" + "|".join(words) + r")\b", text)
    if len(found) != 1:
        return []
    (true,) = found
    wrong = [" and then ".join(reversed(true.split(" and then ")))] if kind == "order" else words
    return [text, *(re.sub(rf"\b{true}\b", word, text) for word in wrong if word != true)]


def swap_words(
    model: DualEncoder, corpus: ClipSource, clips: Sequence[int], batch_size: int = 32, reporter: Reporter = SILENT
) -> dict[str, Swap]:
    """Test `model` on exchanged words of each of `KINDS`, without kinds that no sentence has.

    Args:
        model: as for `hdvila.evaluate.retrieval.evaluate_retrieval`.
        corpus: clips of the miniature world.
        clips: their numbers.
        batch_size: clips embedded at once.
        reporter: shows progress.

    Raises:
        StoreError: a clip cannot be read.
    """
    videos_VD = embed_clips(model, corpus, clips, batch_size, reporter)
    result = {}
    for kind in KINDS:
        asked = [(row, wordings(corpus.clips[i].text, kind)) for row, i in enumerate(clips)]
        asked = [(row, texts) for row, texts in asked if texts]
        if not asked:
            continue
        texts_TD = embed_texts(model, [text for _, texts in asked for text in texts], 4 * batch_size)
        wins = []
        for (row, _), own_TD in zip(asked, np.split(texts_TD, len(asked)), strict=True):
            true, *wrong = own_TD @ videos_VD[row]
            wins.append(true > max(wrong))
        result[kind] = Swap(float(np.mean(wins)), 1 / len(asked[0][1]), len(asked))
    return result

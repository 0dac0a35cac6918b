"""Exchanged words: which sentences are asked about, and that a model is judged by what it knows."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import normalize

from hdvila.lab.frame_selection.word_swaps import KINDS, Swap, swap_words, wordings
from hdvila.miniature.script import write_script
from hdvila.miniature.world import WorldConfig
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip
from hdvila.types import Clip


@given(st.integers(0, 10_000), st.sampled_from(sorted(KINDS)))
def test_wordings_differ_in_one_phrase_of_the_kind(number: int, kind: str) -> None:
    for event in write_script(0, number, WorldConfig()).events:
        texts = wordings(event.sentence, kind)
        if not texts:
            continue
        assert texts[0] == event.sentence
        assert len(set(texts)) == len(texts) == (2 if kind == "order" else len(KINDS[kind]))
        words = re.compile(r"\b(" + "|".join(KINDS[kind]) + r")\b")
        assert len({words.sub("*", text) for text in texts}) == 1


def test_what_is_told_twice_or_not_at_all_is_not_asked() -> None:
    assert wordings("The red ball turns blue.", "colour") == []
    assert wordings("The thing is here.", "texture") == []
    assert wordings("The ball jumps and then glows.", "order") == [
        "The ball jumps and then glows.",
        "The ball glows and then jumps.",
    ]


class Painted:
    """A corpus whose clip i shows colour i of the list, and says so."""

    def __init__(self, texts: list[str]) -> None:
        self.clips = [Clip(f"v{i}.0", f"v{i}", 0.0, 5.0, text) for i, text in enumerate(texts)]

    def sample(self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None) -> HybridClip:
        level = KINDS["colour"].index(self.clips[i].text.split()[1])
        return HybridClip(np.full((1, 3, 64, 64), level, np.uint8), np.full((1, 2, 3, 16, 16), level, np.uint8))


class Painter:
    """Knows colours and nothing else."""

    processor: Any = SimpleNamespace(preprocess=Preprocess(64, 64, 1, 1, 1))
    device = torch.device("cpu")

    def encode_video(self, high: Tensor, low: Tensor) -> Tensor:
        return torch.eye(len(KINDS["colour"]))[high.flatten(1)[:, 0].long()]

    def embed_text(self, texts: list[str]) -> Tensor:
        rows = []
        for text in texts:
            rows.append(torch.tensor([float(colour in text.split()) for colour in KINDS["colour"]]))
        return normalize(torch.stack(rows), dim=-1)


def test_a_model_wins_where_it_sees_and_guesses_where_it_does_not() -> None:
    corpus = Painted([f"The {colour} dotted thing moves." for colour in KINDS["colour"]])
    swaps = swap_words(Painter(), corpus, range(len(corpus.clips)), batch_size=3)
    assert set(swaps) == {"colour", "texture"}
    assert swaps["colour"].right == 1.0
    assert swaps["colour"].chance == pytest.approx(1 / 8)
    assert swaps["texture"] == Swap(0.0, 1 / 7, 8), "a tie is no win"

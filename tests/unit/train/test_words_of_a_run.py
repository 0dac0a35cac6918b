"""The words of a run: a vocabulary of another world is not taken in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.errors import UsageError
from hdvila.recipes import get_recipe
from hdvila.train.data import open_data
from tests.unit.corpus.corpora import make_corpus

TEXTS = ["photosynthesis happens inside chloroplasts", "enzymes catalyse carbohydrate metabolism"]


def test_the_miniature_vocabulary_is_refused_for_other_texts_and_the_advice_works(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus", TEXTS)
    recipe = get_recipe("miniature-stage1")
    with pytest.raises(UsageError, match=r"add --set data\.tokenizer= "):
        open_data(recipe, corpus)
    data = open_data(replace(recipe, data=replace(recipe.data, tokenizer="")), corpus)
    assert data.tokenizer.unknown_words(TEXTS[0]) == []

"""The words of a run: a vocabulary of another world is not taken in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.errors import UsageError
from hdvila.recipes import get_recipe
from hdvila.text.tokenizer import Tokenizer
from hdvila.train.data import open_data
from hdvila.train.recipe import Recipe, Start
from tests.unit.corpus.corpora import make_corpus

TEXTS = ["photosynthesis happens inside chloroplasts", "enzymes catalyse carbohydrate metabolism"]


def test_the_miniature_vocabulary_is_refused_for_other_texts_and_the_advice_works(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus", TEXTS)
    recipe = get_recipe("miniature-stage1")
    with pytest.raises(UsageError, match=r"add --set data\.tokenizer= "):
        open_data(recipe, corpus)
    data = open_data(replace(recipe, data=replace(recipe.data, tokenizer="")), corpus)
    assert data.tokenizer.unknown_words(TEXTS[0]) == []


def starting(tokenizer: str = "", **start: Path) -> Recipe:
    recipe = get_recipe("miniature-stage1")
    begins = Start(**{key: str(place) for key, place in start.items()})
    return replace(recipe, data=replace(recipe.data, tokenizer=tokenizer), start=begins)


def test_start_weights_keep_their_words(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus", TEXTS)
    for name, texts in (("own", TEXTS), ("other", ["a plant eats light"])):
        Tokenizer.train(texts, 60).save(tmp_path / name)
    own, other = tmp_path / "own", tmp_path / "other"
    assert open_data(starting(str(own), model=own, bert=own), corpus).tokenizer.same_words(Tokenizer.load(own))
    with pytest.raises(UsageError, match=r"other words than those of data\.tokenizer=.*add --set data\.tokenizer= "):
        open_data(starting(str(other), model=own), corpus)
    with pytest.raises(UsageError, match=r"start\.bert=.* was trained with other words than those of start\.model="):
        open_data(starting(model=own, bert=other), corpus)
    with pytest.raises(UsageError, match=r"start\.bert=.* was trained with other words than those of data\.tokenizer="):
        open_data(starting(str(own), model=own, bert=other), corpus)


def test_the_words_of_a_runs_checkpoint_are_those_of_its_run(tmp_path: Path) -> None:
    corpus, run = make_corpus(tmp_path / "corpus", TEXTS), tmp_path / "run"
    Tokenizer.train(["a plant eats light"], 60).save(run / "tokenizer")
    (run / "checkpoints").mkdir()
    (step := run / "checkpoints" / "step_00000004.pt").write_bytes(b"")
    assert open_data(starting(model=step), corpus).tokenizer.same_words(Tokenizer.load(run / "tokenizer"))

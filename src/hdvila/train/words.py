"""The words of a run that begins: those of a named tokenizer, of its start weights, or learned from its texts."""

from __future__ import annotations

from collections.abc import Iterable

from hdvila.errors import UsageError
from hdvila.hub import place_of_words
from hdvila.text.tokenizer import Tokenizer
from hdvila.text.tokenizer_files import FILES
from hdvila.train.recipe import Recipe

__all__ = ["tokenizer_of"]


def tokenizer_of(recipe: Recipe, texts: Iterable[str]) -> Tokenizer:
    """The one that is named, or the start weights', or one learned from `texts` (always the same from the same).

    Raises:
        UsageError: start weights whose words nobody knows, or are others: their rows would mean other words.
    """
    starts = {key: start for key in ("model", "bert") if (start := getattr(recipe.start, key))}
    named = Tokenizer.load(recipe.data.tokenizer) if recipe.data.tokenizer else None
    chosen = named
    for key, start in starts.items():
        folder = place_of_words(start)
        known = folder.is_dir() and any((folder / name).is_file() for name in FILES)
        if not known and chosen is not None:  # weights without words beside them: those that are named count
            continue
        if not known and folder.is_dir():
            raise UsageError(
                f"start.{key}={start}: {folder} holds no tokenizer.json or vocab.txt, and only the tokenizer that "
                "these weights were trained with gives their words the right meaning: name it with data.tokenizer"
            )
        own = Tokenizer.load(folder)
        if chosen is None:
            chosen = own
        elif not own.same_words(chosen):
            other = f"data.tokenizer={recipe.data.tokenizer}" if named else f"start.model={recipe.start.model}"
            raise UsageError(
                f"start.{key}={start} was trained with other words than those of {other}, so each row of its weights "
                f"would mean another word: {_way_out(key, named is not None)}"
            )
    return chosen or Tokenizer.train(texts, recipe.model.vocab_size)


def _way_out(key: str, named: bool) -> str:
    if key == "model":
        return "add --set data.tokenizer= (to nothing), so that its own are taken"
    return "name weights that were trained with them" if named else "start from weights of one vocabulary"

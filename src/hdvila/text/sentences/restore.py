"""The built-in restorer of punctuation and capitals, which needs no download."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hdvila.text.sentences.boundaries import is_filler, sentence_ends
from hdvila.text.sentences.gap_model import spoken_form
from hdvila.text.sentences.punctuation import capitalised, closed
from hdvila.types import Transcript

# ruff: noqa: SIM905 - a line of words reads better than a list of strings

_AUXILIARIES = frozenset(
    "is are was were am do does did can could will would should shall have has had isn't aren't wasn't weren't don't "
    "doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't".split()
)
_SUBJECTS = frozenset("i you he she it we they this that these those there anyone anybody everyone everybody".split())
_OWNERS = frozenset("the a an my your his her our their".split())
_ALSO_COMMANDS = frozenset("do don't have".split())  # "do the dishes" is not a question
_QUESTION_WORDS = frozenset("what where when who why how which whose".split())
_QUESTIONS_IN_ONE = frozenset("what's where's who's how's what're where're who're".split())
_LEADS = frozenset("so and but well now okay ok then or oh hey because".split())
_ALONE = frozenset(("i", "i'm", "i've", "i'll", "i'd"))


class Restorer(Protocol):
    """Restores the punctuation and capitals of a transcript."""

    def __call__(self, transcript: Transcript) -> list[str]:
        """The restored words. They may be respelled, joined or split; `align` finds their times."""


def restore(transcript: Transcript) -> list[str]:
    """Restore full stops, question marks, and capitals at sentence starts and in "I".

    Words, and the marks and capitals they have, are kept. `hdvila.text.sentences.boundaries` finds the
    sentence ends.
    """
    texts = [_first_person(word.text) for word in transcript.words]
    start = 0
    for end in sentence_ends(transcript):
        said = [at for at in range(start, end) if not is_filler(texts[at])]
        texts[start] = capitalised(texts[start])
        start = end
        if said:
            first, last = said[0], said[-1]
            texts[first] = capitalised(texts[first])
            asked = is_question([spoken_form(texts[at]) for at in said])
            texts[last] = closed(texts[last], "?" if asked else ".")
    return texts


def is_question(words: Sequence[str]) -> bool:
    """Whether a sentence (lower case, no punctuation) opens as a question or ends with a tag ("isn't it")."""
    said = list(words)
    while said and said[0] in _LEADS:
        said.pop(0)
    if len(said) < 2:
        return said in (["what"], ["why"], ["really"])
    first, second = said[:2]
    if first in _AUXILIARIES:
        return second in _SUBJECTS or (second in _OWNERS and first not in _ALSO_COMMANDS)
    if first in _QUESTION_WORDS:
        near = said[1:2] if first in ("where", "when", "who", "why") else said[1:4]
        asks = any(word in _AUXILIARIES for word in near) or (first, second) in (("what", "about"), ("how", "about"))
        states = first in ("what", "how", "when", "where") and second in _SUBJECTS | _OWNERS  # "what we do is ..."
        return asks and not states
    return first in _QUESTIONS_IN_ONE or (said[-2] in _AUXILIARIES and "n't" in said[-2] and said[-1] in _SUBJECTS)


def _first_person(text: str) -> str:
    return capitalised(text) if text.replace("’", "'").rstrip(".,;:?!…") in _ALONE else text

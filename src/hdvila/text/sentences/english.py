"""Small lists of English words that help where a transcript has no punctuation."""

from __future__ import annotations

import re
from collections.abc import Sequence

# ruff: noqa: SIM905 - a line of words reads better than a list of strings

FILLERS = frozenset("um umm uh uhh uhm erm hm hmm mm mhm".split())
"""Sounds of hesitation, left out of sentences."""

NEVER_LAST = frozenset("a an the my your our their its".split())
"""Words that cannot close a sentence, however long the speaker stops to think after them."""

SHORTENED = re.compile(
    r"^[(\"'“]*(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|approx|No|Mt|(?:[A-Za-z]\.)+[A-Za-z])\.$"
)
"""Abbreviations and initials: their full stop ends no sentence."""


_AUXILIARIES = frozenset(
    "is are was were am do does did can could will would should shall have has had isn't aren't wasn't weren't don't "
    "doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't".split()
)
_SUBJECTS = frozenset("i you he she it we they this that these those there anyone anybody everyone everybody".split())
_OWNERS = frozenset("the a an my your his her our their".split())
_ALSO_COMMANDS = frozenset("do don't have".split())  # "do the dishes" asks nothing
_QUESTION_WORDS = frozenset("what where when who why how which whose".split())
_QUESTIONS_IN_ONE = frozenset("what's where's who's how's what're where're who're".split())
_LEADS = frozenset("so and but well now okay ok then or oh hey because".split())


def is_filler(word: str) -> bool:
    """Whether a word is nothing but a sound of hesitation."""
    return word.lower().strip(".,?!…-") in FILLERS


def is_question(words: Sequence[str]) -> bool:
    """Whether a sentence (small letters, no marks) opens as a question or ends with a tag ("isn't it")."""
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
        told = first in ("what", "how", "when", "where") and second in _SUBJECTS | _OWNERS  # "what we do is ..."
        return asks and not told
    return first in _QUESTIONS_IN_ONE or (said[-2] in _AUXILIARIES and "n't" in said[-2] and said[-1] in _SUBJECTS)

"""Answers as the evaluation of VQA compares them: normalised, and scored by how many of ten people gave them.

The rules are those of the benchmark's public evaluation code (Antol et al. 2015; Goyal et al. 2017).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["normalise_answer", "soft_answers"]

_MARKS = ';/[]"{}()=+\\_-><@`,?!'
_NUMBERS = "zero one two three four five six seven eight nine ten"
_DIGITS = {"none": "0", **{word: str(number) for number, word in enumerate(_NUMBERS.split())}}
_ARTICLES = frozenset({"a", "an", "the"})
_ENOUGH = 3  # people who agree

# In these, one apostrophe may be missing.
_CONTRACTIONS = """
    ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've
    he's how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't not've
    o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's
    someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've
    there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's
    what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've
    wouldn't wouldn't've y'all y'all'll y'all'd've you'd you'd've you'll you're you've
"""
_WITH_APOSTROPHE = {
    word[:place] + word[place + 1 :]: word
    for word in _CONTRACTIONS.split()
    for place, sign in enumerate(word)
    if sign == "'"
} | {"somebody'd": "somebodyd"}  # the other way round in the public code


def normalise_answer(answer: str) -> str:
    """An answer as it is compared.

    * Punctuation becomes a space; a mark that stands beside a space anywhere in the answer is dropped everywhere, and
      so are all marks of an answer with a number such as 1,000. A full stop stays only before a digit.
    * Lower case; articles are dropped, none and zero to ten become digits, contractions get their apostrophe back.

    Returns:
        The words with single spaces; empty for an answer such as "a".
    """
    text = re.sub(r"[\n\t]", " ", answer).strip()
    thousands = re.search(r"\d,\d", text) is not None
    kept = text
    for mark in _MARKS:
        beside_space = f"{mark} " in text or f" {mark}" in text
        kept = kept.replace(mark, "" if beside_space or thousands else " ")
    kept = re.sub(r"\.(?!\d)", "", kept)
    words = (_DIGITS.get(word, word) for word in kept.lower().split())
    return " ".join(_WITH_APOSTROPHE.get(word, word) for word in words if word not in _ARTICLES)


def soft_answers(answers: Iterable[str]) -> tuple[tuple[str, float], ...]:
    """What each different answer is worth: min(n / 3, 1) where n people gave it after `normalise_answer`.

    Returns:
        Answers and scores, the most frequent first, equals in the order in which they are given.
    """
    counted = Counter(map(normalise_answer, answers))
    return tuple((answer, min(number / _ENOUGH, 1.0)) for answer, number in counted.most_common())

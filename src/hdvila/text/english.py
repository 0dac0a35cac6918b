"""Small lists of English words that help where a transcript has no punctuation."""

from __future__ import annotations

import re

# ruff: noqa: SIM905 - a line of words reads better than a list of strings

FILLERS = frozenset("um umm uh uhh uhm erm hm hmm mm mhm".split())
"""Sounds of hesitation, left out of sentences."""

OPENERS = frozenset(
    "so now then okay ok next well alright first finally also but and here there this i we you he she it they".split()
)
"""Words that often open a sentence."""

NEVER_LAST = frozenset(
    "a an the of to in on at with from for by into my your his her its our their and or but because if is are was were "
    "very i'm you're we're it's that's".split()
)
"""Words that can hardly close one."""

SHORTENED = re.compile(
    r"^[(\"'“]*(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|approx|No|Mt|(?:[A-Za-z]\.)+[A-Za-z])\.$"
)
"""Abbreviations and initials: their full stop ends no sentence."""

"""Marks and capitals for speech that has none, without any download."""

from __future__ import annotations

from typing import Protocol

from hdvila.text.sentences.boundaries import sentence_ends
from hdvila.text.sentences.english import is_filler, is_question
from hdvila.text.sentences.gap_model import spoken_form
from hdvila.text.sentences.marked import has_end_mark
from hdvila.types import Transcript
from hdvila.writing import full_stop

_MINOR_MARKS = ",;:-–—，、；："
_ALONE = frozenset(("i", "i'm", "i've", "i'll", "i'd"))


class Restorer(Protocol):
    """Gives the words of a transcript their marks and capitals."""

    def __call__(self, transcript: Transcript) -> list[str]:
        """The words, restored. They may be respelled, joined or parted; `align` finds their times."""


def restore(transcript: Transcript) -> list[str]:
    """The built-in restorer: full stops, question marks, capitals where sentences begin and in "I". It keeps every
    word, and every mark and capital that is there; see `hdvila.text.sentences.boundaries` for how ends are found.
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


def capitalised(text: str) -> str:
    """With a capital at the start; the other letters stay."""
    return text[:1].upper() + text[1:]


def closed(text: str, mark: str) -> str:
    """With a mark that ends a sentence, as its script has it; the one that is there stays, a comma goes."""
    if has_end_mark(text):
        return text
    return (text.rstrip(_MINOR_MARKS) or text) + (full_stop(text) or mark if mark == "." else mark)


def _first_person(text: str) -> str:
    return capitalised(text) if text.replace("’", "'").rstrip(".,;:?!…") in _ALONE else text

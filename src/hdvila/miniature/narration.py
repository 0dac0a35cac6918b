"""What is said about an event, and when each word is spoken, with hesitations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from hdvila.miniature.actions import Action
from hdvila.miniature.categories import ASIDES, PHRASES, STILL, Category
from hdvila.miniature.world import TELLABLE, Shares

_HESITATIONS = (("um",), ("uh",), ("so",), ("well",), ("you", "know"), ("like",), ("okay",))
_AT_THE_START, _BETWEEN_WORDS = 0.25, 0.04  # probability of a hesitation


@dataclass(frozen=True, slots=True)
class Spoken:
    """One spoken word; times are seconds of the video."""

    text: str
    start: float
    end: float


def narrate(
    category: Category,
    thing: tuple[str, str, str],
    mark: str,
    place: str,
    action: Action,
    shares: Shares,
    rng: Random,
) -> tuple[str, bool, tuple[str, ...]]:
    """Draw what is said: (sentence, whether it is about the event, the attributes that it mentions).

    Args:
        category: of the video.
        thing: (object, colour, texture).
        mark, place, action: further attributes of the event.
        shares: how often each attribute is mentioned.
        rng: draws all choices.
    """
    kind = rng.random()
    if kind < shares.silent:
        return "", False, ()
    if kind < shares.silent + shares.aside:
        return _as_sentence(rng.choice(ASIDES)), False, ()
    told = draw_told(shares, rng)
    return _as_sentence(tell(category, thing, mark, place, action, told, rng)), True, tuple(told)


def draw_told(shares: Shares, rng: Random) -> list[str]:
    """Draw the attributes that a sentence about an event mentions."""
    return [name for name in TELLABLE if rng.random() < getattr(shares, name)]


def tell(
    category: Category,
    thing: tuple[str, str, str],
    mark: str,
    place: str,
    action: Action,
    told: Collection[str],
    rng: Random,
) -> str:
    """A sentence, without capital letter and full stop, that mentions the attributes in `told`.

    Args are those of `narrate`; `rng` draws the wording.
    """
    phrases, still = (category.phrases, category.still) if "phrase" in told else (PHRASES, STILL)
    name, colour, texture = thing
    words = [colour] * ("colour" in told) + [texture] * ("texture" in told) + [name if "object" in told else "thing"]
    words += [f"with the {mark}"] * ("mark" in told)
    verb = category.objects[name] if "object" in told else "moves"
    does = action.in_words(verb) if "action" in told else rng.choice(still)
    text: str = rng.choice(phrases).format(thing=" ".join(words), does=does)
    return text + f" at the {place}" * ("place" in told)


def _as_sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def say(sentence: str, start: float, rng: Random) -> tuple[Spoken, ...]:
    """The words of a sentence with their times, from `start` on, about 2.7 a second, and fillers between them."""
    pace = rng.uniform(0.9, 1.1)
    said: list[Spoken] = []
    now = start
    for number, word in enumerate(sentence.split()):
        if rng.random() < (_BETWEEN_WORDS if number else _AT_THE_START):
            for filler in rng.choice(_HESITATIONS):
                now = _say_word(said, filler, now, pace, rng)
            now += rng.uniform(0.1, 0.3)  # a short pause inside a sentence
        now = _say_word(said, word, now, pace, rng)
    return tuple(said)


def _say_word(said: list[Spoken], word: str, now: float, pace: float, rng: Random) -> float:
    end = now + pace * (0.07 + 0.05 * len(word)) * rng.uniform(0.85, 1.15)
    said.append(Spoken(word, now, end))
    return end + rng.uniform(0.01, 0.07)

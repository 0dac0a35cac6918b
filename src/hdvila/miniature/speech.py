"""Speaking a sentence: words with times, hesitation included."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_HESITATIONS = (("um",), ("uh",), ("so",), ("well",), ("you", "know"), ("like",), ("okay",))
_AT_THE_START, _BETWEEN_WORDS = 0.25, 0.04  # how often


@dataclass(frozen=True, slots=True)
class Spoken:
    """One word as it is said, in seconds."""

    text: str
    start: float
    end: float


def say(sentence: str, start: float, rng: Random) -> tuple[Spoken, ...]:
    """Speak a sentence from `start` on, about 2.7 words a second, with fillers that are not in it."""
    pace = rng.uniform(0.9, 1.1)
    said: list[Spoken] = []
    now = start
    for number, word in enumerate(sentence.split()):
        if rng.random() < (_BETWEEN_WORDS if number else _AT_THE_START):
            for filler in rng.choice(_HESITATIONS):
                now = _say_word(said, filler, now, pace, rng)
            now += rng.uniform(0.1, 0.3)  # thinking: a short pause inside a sentence
        now = _say_word(said, word, now, pace, rng)
    return tuple(said)


def _say_word(said: list[Spoken], word: str, now: float, pace: float, rng: Random) -> float:
    end = now + pace * (0.07 + 0.05 * len(word)) * rng.uniform(0.85, 1.15)
    said.append(Spoken(word, now, end))
    return end + rng.uniform(0.01, 0.07)

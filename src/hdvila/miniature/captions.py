"""WebVTT in the form of automatic captions, without punctuation and capitals.

Rolling: cues of two lines, the upper one already spoken, the lower one with the time of each word; after each a cue of
10 ms in which the lower line has moved up. So each line is in the file three times. Plain: a cue a line, without word
times.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hdvila.miniature.narration import Spoken
from hdvila.miniature.script import Script
from hdvila.miniature.world import Captions

_LINE = 36  # characters
_PAUSE = 0.6  # seconds of silence that end a line
_HAND_OVER = 0.010
_MUSIC = "[Music]"


def captions(script: Script, form: Captions, jitter: float, rng: Random) -> str:
    """The transcript of a video as a WebVTT file.

    Args:
        script: of the video.
        form: ``rolling`` or ``plain``.
        jitter: standard deviation of the error of each word's time, and of each sentence's, in seconds.
        rng: draws these errors, and music.
    """
    lines: list[tuple[Spoken, ...]] = []
    after = 0.0
    for event in script.events:
        heard = _jittered(event.speech, jitter, rng) or _music(event.start, event.end, rng)
        for line in _lines(heard):
            start = max(line[0].start, after + _HAND_OVER)
            lines.append(_not_before(line, start))
            after = lines[-1][-1].end
    cues = _rolling(lines) if form == "rolling" else _plain(lines)
    return "WEBVTT\nKind: captions\nLanguage: en\n\n" + "\n".join(cues)


def _jittered(said: Sequence[Spoken], jitter: float, rng: Random) -> list[Spoken]:
    shift = rng.gauss(0, jitter)
    return [
        Spoken(word.text, t := word.start + shift + rng.gauss(0, jitter), t + word.end - word.start) for word in said
    ]


def _music(start: float, end: float, rng: Random) -> list[Spoken]:
    """A caption for half of the silent events."""
    return [Spoken(_MUSIC, start + 0.2, end - 0.2)] if rng.random() < 0.5 else []


def _lines(words: Sequence[Spoken]) -> list[list[Spoken]]:
    lines: list[list[Spoken]] = []
    for word in words:
        full = lines and sum(len(w.text) + 1 for w in lines[-1]) + len(word.text) > _LINE
        if not lines or full or word.start - lines[-1][-1].end >= _PAUSE:
            lines.append([])
        lines[-1].append(word)
    return lines


def _not_before(line: Sequence[Spoken], start: float) -> tuple[Spoken, ...]:
    """The line with times rounded to milliseconds, words in order and none before `start`."""
    result: list[Spoken] = []
    for word in line:
        begin = round(max(word.start, start), 3)
        result.append(Spoken(word.text, begin, round(max(word.end, begin + 0.05), 3)))
        start = begin + 0.02
    last = result[-1]
    result[-1] = Spoken(last.text, last.start, max(word.end for word in result))
    return tuple(result)


def _rolling(lines: Sequence[tuple[Spoken, ...]]) -> list[str]:
    cues = []
    above = " "
    for line in lines:
        start, end = line[0].start, line[-1].end
        first, *rest = line
        timed = first.text + "".join(f"<{_clock(word.start)}><c> {word.text}</c>" for word in rest)
        text = " ".join(word.text for word in line)
        cues.append(f"{_span(start, end)} align:start position:0%\n{above}\n{timed}\n")
        cues.append(f"{_span(end, end + _HAND_OVER)} align:start position:0%\n{text}\n \n")
        above = text
    return cues


def _plain(lines: Sequence[tuple[Spoken, ...]]) -> list[str]:
    return [f"{_span(line[0].start, line[-1].end)}\n{' '.join(word.text for word in line)}\n" for line in lines]


def _span(start: float, end: float) -> str:
    return f"{_clock(start)} --> {_clock(end)}"


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"

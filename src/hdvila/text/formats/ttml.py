"""TTML and its predecessor DFXP: paragraphs and spans with times in any notation of the standard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from hdvila.text.formats.cues import Parsed, RawCue, left_out, raw_cue, time_tag
from hdvila.text.formats.xml_tree import attribute, local_name

_CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9})|:(\d{1,4})(?:\.\d{1,9})?)?")
_OFFSET = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Clock:
    """The duration of a frame and of a tick, in seconds."""

    frame: float
    tick: float

    def seconds(self, value: str | None) -> float | None:
        """``00:01:02.500``, ``00:01:02:12`` (frames), ``62.5s``, ``1500ms``, ``37f``, ``10000t``; else None."""
        value = (value or "").strip()
        if clock := _CLOCK.fullmatch(value):
            hours, minutes, seconds, fraction, frames = (part or "0" for part in clock.groups())
            whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            return whole + float(f"0.{fraction}") + int(frames) * self.frame
        if offset := _OFFSET.fullmatch(value):
            units = {**_UNITS, "f": self.frame, "t": self.tick}
            return float(offset.group(1)) * units[offset.group(2)]
        return None


def parse_ttml(root: Element) -> Parsed:
    """The cues and the ``xml:lang`` of a TTML document."""
    rate = _positive(attribute(root, "frameRate")) or 30.0
    numbers = [number for part in (attribute(root, "frameRateMultiplier") or "").split() if (number := _positive(part))]
    frame = (numbers[1] / numbers[0] if len(numbers) == 2 else 1.0) / rate
    clock = _Clock(frame, 1 / (_positive(attribute(root, "tickRate")) or (rate if attribute(root, "frameRate") else 1)))
    agents = {
        attribute(agent, "id"): " ".join("".join(agent.itertext()).split())
        for agent in root.iter()
        if local_name(agent) == "agent"
    }
    zero = _begins_at(root, clock)
    found: list[tuple[str, RawCue]] = []
    for element, offset, agent, language in _paragraphs(root, clock):
        if cue := _cue(element, offset - zero, clock, (agents.get(agent) or agent) if agent else None):
            found.append((language, cue))
    languages = list(dict.fromkeys(language for language, _ in found))
    wanted = attribute(root, "lang") or ""
    language = wanted if wanted in languages or not languages else languages[0]
    others = [(other, cue) for other, cue in found if other != language]
    notes = []
    if others:
        what = f"line in {', '.join(dict.fromkeys(other or 'no language' for other, _ in others))}"
        notes.append(left_out(len(others), what, others[0][1].lines[0]))
    return Parsed([cue for spoken, cue in found if spoken == language], language or None, notes)


def _begins_at(root: Element, clock: _Clock) -> float:
    """The start of the programme if times are those of a tape (EBU-TT), in seconds: time 0 of the video."""
    if attribute(root, "timeBase") != "smpte":
        return 0.0
    begins = (element.text for element in root.iter() if local_name(element) == "documentStartOfProgramme")
    return clock.seconds(next(begins, None)) or 0.0


def _paragraphs(root: Element, clock: _Clock) -> Iterator[tuple[Element, float, str | None, str]]:
    """Every ``p`` with its parents' start in seconds (nested times add up), their speaker and its language."""
    stack: list[tuple[Element, float, str | None, str]] = [(root, 0.0, None, "")]
    while stack:
        element, offset, agent, language = stack.pop()
        agent = attribute(element, "agent") or agent
        language = attribute(element, "lang") or language
        if local_name(element) == "p":
            yield element, offset, agent, language
            continue
        offset += clock.seconds(element.get("begin")) or 0.0
        stack += [(child, offset, agent, language) for child in reversed(element)]


def _cue(paragraph: Element, offset: float, clock: _Clock, speaker: str | None) -> RawCue | None:
    begin = clock.seconds(paragraph.get("begin"))
    inner = list(_text(paragraph, offset + (begin or 0.0), clock))
    times = [time for time, _ in inner if time is not None]
    if begin is None and not times:
        return None
    start = offset + begin if begin is not None else min(times)
    end, length = clock.seconds(paragraph.get("end")), clock.seconds(paragraph.get("dur"))
    ends = [offset + end] if end is not None else []
    ends += [start + length] if length is not None else []
    until = min(ends) if ends else max([start, *times])
    line = "".join(text if time is None else time_tag(time) for time, text in inner)
    return raw_cue(start, until, line, speaker)


def _text(element: Element, offset: float, clock: _Clock) -> Iterator[tuple[float | None, str]]:
    """Pieces of text in order, and the times, with empty text, at which spans begin and end."""
    stack: list[tuple[Element | None, float, str | float | None]] = [(element, offset, None)]
    while stack:
        inner, base, after = stack.pop()
        if inner is None:
            yield (after, "") if isinstance(after, float) else (None, after or "")
            continue
        begins = clock.seconds(inner.get("begin")) if inner is not element else None
        ends = clock.seconds(inner.get("end")) if inner is not element else None
        own = base + (begins or 0.0)
        if begins is not None:
            yield own, ""
        yield None, _SPACE.sub(" ", inner.text or "")
        if begins is not None and ends is not None:
            stack.append((None, base, max(own, base + ends)))
        for child in reversed(inner):
            stack.append((None, own, _SPACE.sub(" ", child.tail or "")))
            if local_name(child) == "br":
                stack.append((None, own, "\n"))
            elif local_name(child) == "span":
                stack.append((child, own, None))


def _positive(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 < number < 1e9 else None

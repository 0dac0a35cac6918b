"""Subtitle text without its markup: tags, override codes, entities, what cannot be seen."""

from __future__ import annotations

import html
import re
import unicodedata

NAMED = "\ue000", "\ue001"
"""Stand around the name of a voice tag in `plain` text with voices."""

_KNOWN = (
    "c|i|b|u|s|em|strong|font|span|ruby|rb|rt|rp|rtc|lang|v|small|big|tt|sub|sup|center|mark|nobr|a|q|del|ins|strike"
)
_TAG = re.compile(
    rf"</?(?:{_KNOWN})(?:[.:][^<>\s]*)?(?:\s+[^<>=]{{1,60}}=[^<>]*|\s*/?)>"  # <i>, <c.red>, <font color="red">, <br/>
    r"|<(?:v|lang)(?:\.[^<>\s]*)?[ \t][^<>]*>"  # WebVTT's annotations
    r"|</?\d[\d:.]*>|</?>|<\|[^<>|]{0,40}\|>"  # times; tokens of recognisers
    r"|<[A-Za-z][\w.:-]*(?:\s+[^<>=]{1,60}=[^<>]*)>"  # <x y="z">
    r"|</[A-Za-z][\w.:-]*\s*>|(?<![^\W_])<[A-Za-z][\w.:-]*\s*/?>"  # <laughs>, but not List<int>
    r"|\{\\[^{}]*\}",
    re.IGNORECASE,
)
_VOICE = re.compile(r"<v(?:\.[^<>\s]*)?[ \t]([^<>]*)>")
_LINE_BREAK = re.compile(r"</?(?:br|p|div)\b[^<>]*>|\[br\]", re.IGNORECASE)
_GLOSS = re.compile(r"<rt\b[^<>]*>[^<>]*")  # how a word is read, written above it
_ESCAPED_TAG = re.compile(
    r"</?(?:i|b|u|s|em|strong|c|ruby|rt)(?:\.[^<>\s]*)?\s*/?>|</?(?:font|span|v|lang)(?:[.\s][^<>]*)?>", re.IGNORECASE
)
_INVISIBLE = re.compile(  # U+200C and U+200D stay: they are letters of a spelling
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd\ud800-\udfff]"
)
_NO_NAMES = dict.fromkeys(map(ord, NAMED))
_VOICE_KEPT = re.compile(f"({NAMED[0]}[^{NAMED[1]}]*{NAMED[1]})")
_STACKED = re.compile("[\u0300-\u036f]{9,}")  # accents upon accents: no writing has so many


def plain(line: str, voices: bool = False) -> str:
    """Without markup: tags and override codes removed, entities as characters, one form of each letter (NFC).

    With `voices` the names of voice tags (``<v Ann>``) stay, in a form that `hdvila.text.marks.drop_marks` knows.
    """
    line = _INVISIBLE.sub("", line).translate(_NO_NAMES)
    if voices:
        line = _VOICE.sub(lambda tag: NAMED[0] + _unescaped(tag.group(1)) + NAMED[1], line)
    line = _TAG.sub("", _LINE_BREAK.sub(" ", _GLOSS.sub("", line)))
    if "&" in line:
        line = "".join(part if part[:1] == NAMED[0] else _unescaped(part) for part in _VOICE_KEPT.split(line))
    return line if line.isascii() else unicodedata.normalize("NFC", _STACKED.sub("", line))


def has_speech(token: str) -> bool:
    """Whether anything in the token is said aloud: a letter, a digit or a symbol such as ``&`` or ``%``."""
    return any(character.isalnum() or character in "&%+=°" or ord(character) > 0x2E7F for character in token)


def _unescaped(text: str) -> str:
    """Entities as characters, twice: some files escape what is escaped already, and their tags."""
    return _INVISIBLE.sub("", _ESCAPED_TAG.sub("", html.unescape(html.unescape(text)))).translate(_NO_NAMES)

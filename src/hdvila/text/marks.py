"""Remove from subtitles what is not speech: markup, sound marks and speaker marks."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from hdvila.text.sounds import SPEAKERS, is_known_speaker, is_sentence, is_sound, may_be_name

_NAMED = "\ue000", "\ue001"  # delimit the name of a voice tag in the text that `plain` returns with voices
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
_GLOSS = re.compile(r"<rt\b[^<>]*>[^<>]*")  # the reading of a word, written above it
_ESCAPED_TAG = re.compile(
    r"</?(?:i|b|u|s|em|strong|c|ruby|rt)(?:\.[^<>\s]*)?\s*/?>|</?(?:font|span|v|lang)(?:[.\s][^<>]*)?>", re.IGNORECASE
)
_INVISIBLE = re.compile(  # U+200C and U+200D are kept: they are part of the spelling
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd\ud800-\udfff]"
)
_NO_NAMES = dict.fromkeys(map(ord, _NAMED))
_VOICE_KEPT = re.compile(f"({_NAMED[0]}[^{_NAMED[1]}]*{_NAMED[1]})")
_STACKED = re.compile("[\u0300-\u036f]{9,}")  # piles of accents that no language writes

_NAME = r"[A-Z][A-Z0-9.'’&-]+"
_NAME_GOES_ON = r"(?:[A-Z0-9][A-Z0-9.'’&-]*|#\d+)"
_MARK = re.compile(
    r"(?P<speaker>"
    rf"{_NAMED[0]}[^{_NAMED[1]}]*{_NAMED[1]}"  # <v Ann>
    rf"|(?:^[ \t]*|(?<=[.?!…\"”>])[ \t]*)[\[(]\s?(?i:{SPEAKERS})\s?[\])]:?"  # [Narrator], (man 2):
    r"|^[ \t]*\[[^\[\]\n]{1,40}\]:(?=\s)"  # [Ann]:
    r"|>{2,}"  # a new speaker, unnamed
    r"|^[ \t]*(?:[-–—][ \t]+(?=\S)|-(?=[^\W\d]|[\"'“¿¡(\[♪])|[–—](?=[A-ZÀ-Þ¿¡\"“]))"  # a line of dialogue
    rf"|^[ \t]*(?:{_NAME}(?: {_NAME_GOES_ON}){{0,3}}|[Ss]peaker ?\d{{1,3}}):(?=\s|$)"  # MAN: or MAN 2:
    r")|(?P<sound>"
    r"[\[【［][^\[\]【】［］]{0,200}[\]】］]"  # [Music], [ Birds chirping ]
    r"|\[[^\[\]]{1,80}\Z"  # [applause and, continued in the next cue
    r"|\A[^\[\]]{1,80}\]"  # the rest of it: music]
    r"|\([^()]{0,200}\)|（[^（）]{0,200}）"
    r"|\*[^*\n]{1,40}\*"  # *laughs*
    r"|[♩♪♫♬🎵🎶]+|(?<!\S)#+(?=\s|$)"  # notes around song
    r")|(?P<dash>^[ \t]*(?:-{2,}|[–—])(?=[ \t]*\S))",  # continues after an interruption
    re.MULTILINE,
)
_BRACKETS = " \t\n[](){}*:【】［］（）" + "".join(_NAMED)
_PADDED = re.compile(r"[\[(]\s[^\[\]()]*\s[\])]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FoundMark:
    """A mark in a text.

    Attributes:
        kind: sound or speaker.
        text: its wording without brackets; empty for an unnamed speaker.
        position: of its first character.
        tagged: it comes from a tag, not from the text.
    """

    kind: Literal["sound", "speaker"]
    text: str
    position: int
    tagged: bool = False


def plain(line: str, voices: bool = False) -> str:
    """A line without markup: no tags and override codes, entities as characters, letters in NFC.

    With `voices`, the names of voice tags (``<v Ann>``) are kept in a form that `drop_marks` reads.
    """
    line = _INVISIBLE.sub("", line).translate(_NO_NAMES)
    if voices:
        line = _VOICE.sub(lambda tag: _NAMED[0] + _unescaped(tag.group(1)) + _NAMED[1], line)
    line = _TAG.sub("", _LINE_BREAK.sub(" ", _GLOSS.sub("", line)))
    if "&" in line:
        line = "".join(part if part[:1] == _NAMED[0] else _unescaped(part) for part in _VOICE_KEPT.split(line))
    return line if line.isascii() else unicodedata.normalize("NFC", _STACKED.sub("", line))


def has_speech(token: str) -> bool:
    """Whether a token has anything to say aloud: a letter, a digit or a symbol such as ``&`` or ``%``."""
    return any(character.isalnum() or character in "&%+=°" or ord(character) > 0x2E7F for character in token)


def drop_marks(text: str, names: bool = False) -> tuple[str, list[FoundMark]]:
    """Replace sound and speaker marks by spaces, so that positions do not change.

    Words are kept if a bracket may be speech, or a name may be a heading.

    Args:
        text: the text of a cue, with its line breaks.
        names: the file is known to name its speakers in capitals before a colon.

    Returns:
        The text with spaces, and the marks in order.
    """
    marks: list[FoundMark] = []

    def blank(match: re.Match[str]) -> str:
        kind, found = match.lastgroup, match.group()
        wording = " ".join(found.strip(_BRACKETS).split())
        if kind == "speaker" and found.rstrip().endswith(":"):
            turns = any(mark.kind == "speaker" and match.start() <= mark.position < match.end() for mark in marks)
            if not _is_name(found, wording.strip("-–—> "), names or turns):
                return found
        if kind == "sound" and not _is_described(match):
            return found
        if kind == "speaker":
            marks.append(FoundMark("speaker", wording.strip("-–—> "), match.start(), found[0] == _NAMED[0]))
        elif kind == "sound":
            marks.append(FoundMark("sound", wording, match.start()))
        return re.sub(r"[^\n]", " ", found)

    for _ in range(3):  # a name may follow another mark: "<v Ann>>> ANN: ..."
        before, text = text, _MARK.sub(blank, text)
        if text == before:
            break
    return text, sorted(marks, key=lambda mark: mark.position)


def _is_described(match: re.Match[str]) -> bool:
    """Whether brackets, asterisks or musical notes describe a sound."""
    text, found = match.string, match.group()
    if found[0] in "♩♪♫♬🎵🎶#":
        return True
    before, after = text[: match.start()], text[match.end() :]
    if (found[0] in "[(*" and found[-1] not in "])*") or found[0] not in "[(*【［（":  # cut by the end of a cue
        return is_sound(found.strip(_BRACKETS))
    glued = (before[-1:].isalnum() or before[-1:] in {"_", ")", "]"}) or (after[:1].isalnum())
    line_before, line_after = before.rsplit("\n", 1)[-1], after.split("\n", 1)[0]
    alone = not (line_before + line_after).strip(" \t-–—>♪#")
    if "\n" in found and not alone:
        alone = not has_speech(line_before + line_after)
    if alone:
        return not (found[0] in "(\uff08" and is_sentence(found.strip(_BRACKETS)))
    if _PADDED.fullmatch(found) and not glued:
        return True
    return is_sound(found.strip(_BRACKETS))


def _is_name(found: str, name: str, names: bool) -> bool:
    """Whether the words before a colon name a speaker rather than a heading."""
    if is_known_speaker(name) or name.lower().startswith("speaker"):
        return True
    return may_be_name(name) and (names or found.lstrip()[:1] == "[")


def _unescaped(text: str) -> str:
    """Resolve entities twice: some files escape entities and tags that are already escaped."""
    return _INVISIBLE.sub("", _ESCAPED_TAG.sub("", html.unescape(html.unescape(text)))).translate(_NO_NAMES)

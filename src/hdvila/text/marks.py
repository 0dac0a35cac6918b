"""What stands in subtitles and is not speech: tags, entities, sound marks, speaker marks."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_TAG = re.compile(r"</?[A-Za-z0-9][^<>]*>|</?>|\{\\[^{}]*\}")
_VOICE = re.compile(r"<v(?:\.[^<>\s]*)?[ \t]([^<>]*)>")
_LINE_BREAK = re.compile(r"</?(?:br|p|div)\b[^<>]*>", re.IGNORECASE)
_GLOSS = re.compile(r"<rt\b[^<>]*>[^<>]*")  # how a word is read, written above it
_ESCAPED_TAG = re.compile(r"</?(?:i|b|u|s|em|strong|font|span|c|v|ruby|rt|lang)\b[^<>]*>", re.IGNORECASE)
_INVISIBLE = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd\ud800-\udfff]"
)
_NAMED = "\ue000", "\ue001"  # stand around the name of a voice tag
_NO_NAMES = dict.fromkeys(map(ord, _NAMED))
_VOICE_KEPT = re.compile(f"({_NAMED[0]}[^{_NAMED[1]}]*{_NAMED[1]})")
_STACKED = re.compile("[\u0300-\u036f]{9,}")  # accents upon accents: no writing has so many

_SOUND_WORDS = (
    "applau|laugh|chuckl|giggl|music|cheer|sigh|gasp|cough|clap|whisper|scream|shout|silence|inaudible|unintelligible|"
    "crosstalk|indistinct|singing|humming|crying|sobbing|sniff|clears? throat|phone ring|bell|beep|buzz|bark|chirp"
)
_SPEAKERS = "speaker|(?:wo)?m[ae]n|boy|girl|narrator|host|interviewer|reporter|announcer|audience member"
_NAME = r"[A-Z][A-Z0-9.'’&-]+"
_NAME_GOES_ON = r"(?:[A-Z0-9][A-Z0-9.'’&-]*|#\d+)"
_NOT_SPEECH = re.compile(
    r"(?P<speaker>"
    rf"{_NAMED[0]}[^{_NAMED[1]}]*{_NAMED[1]}"  # <v Ann>
    rf"|[\[(]\s?(?i:{_SPEAKERS})(?: ?#?\d{{1,3}})?\s?[\])]:?"  # [Narrator], (man 2):
    r"|^[ \t]*\[[^\[\]\n]{1,40}\]:(?=\s)"  # [Ann]:
    r"|>{2,}"  # a new speaker, unnamed
    r"|^[ \t]*(?:[-–—][ \t]+(?=\S)|-(?=[^\W\d]|[\"'“¿¡(\[♪])|[–—](?=[A-ZÀ-Þ¿¡\"“]))"  # a line of dialogue
    rf"|^[ \t]*(?:{_NAME}(?: {_NAME_GOES_ON}){{0,3}}|[Ss]peaker ?\d{{1,3}}):(?=\s|$)"  # MAN: or MAN 2:
    r")|(?P<sound>"
    r"[\[【［][^\[\]【】［］]{0,200}[\]】］]"  # [Music], [ Birds chirping ]
    rf"|\[[^\[\]]{{0,40}}\b(?i:{_SOUND_WORDS})[^\[\]]{{0,40}}\Z"  # [applause and, closed in the next cue
    rf"|\A[^\[\]]{{0,40}}\b(?i:{_SOUND_WORDS})[^\[\]]{{0,40}}\]"  # and that one: music]
    rf"|\((?:\s[^()]{{0,200}}\s|[^()]{{0,40}}\b(?i:{_SOUND_WORDS})[^()]{{0,40}})\)"  # ( clock ticking ), (applause)
    r"|^[ \t]*(?:\([^()]{0,200}\)|（[^（）]{0,200}）)[ \t]*$"  # a line that is nothing but a bracket
    rf"|^[ \t]*\*[^*\n]{{1,40}}\*[ \t]*$|\*[^*\n]{{0,20}}\b(?i:{_SOUND_WORDS})[^*\n]{{0,20}}\*"  # *laughs*
    r"|[♩♪♫♬🎵🎶]+|(?<!\S)#+(?=\s|$)"  # notes around song
    r")|(?P<dash>^[ \t]*(?:-{2,}|[–—])(?=[ \t]*\S))",  # goes on after an interruption
    re.MULTILINE,
)
_NOT_IN_NAMES = frozenset(
    "so now then okay ok next well alright finally also but here there this i we you he she it they to from by into my "  # noqa: SIM905
    "your his her its our their or because if is are was were very i'm you're we're it's that's".split()
)
_BRACKETS = " \t\n[](){}*:【】［］（）" + "".join(_NAMED)


@dataclass(frozen=True, slots=True)
class FoundMark:
    """A mark as it stands in a text: `position` is its first character. `tagged`: a tag says it, not the text."""

    kind: Literal["sound", "speaker"]
    text: str
    position: int
    tagged: bool = False


def plain(line: str, voices: bool = False) -> str:
    """Without markup: tags and override codes removed, entities as characters, one form of each letter (NFC).

    With `voices` the names of voice tags (``<v Ann>``) stay, in a form that `drop_marks` knows.
    """
    line = _INVISIBLE.sub("", line).translate(_NO_NAMES)
    if voices:
        line = _VOICE.sub(lambda tag: _NAMED[0] + _unescaped(tag.group(1)) + _NAMED[1], line)
    line = _TAG.sub("", _LINE_BREAK.sub(" ", _GLOSS.sub("", line)))
    if "&" in line:
        line = "".join(part if part[:1] == _NAMED[0] else _unescaped(part) for part in _VOICE_KEPT.split(line))
    return line if line.isascii() else unicodedata.normalize("NFC", _STACKED.sub("", line))


def drop_marks(text: str) -> tuple[str, list[FoundMark]]:
    """Blank out sound and speaker marks: the length stays, spaces stand where a mark stood. Lines matter.

    Returns:
        The blanked text, and the marks in order.
    """
    marks: list[FoundMark] = []

    def blank(match: re.Match[str]) -> str:
        kind, found = match.lastgroup, match.group()
        if kind == "speaker" and found.rstrip().endswith(":") and not _is_name(found):
            return found
        wording = " ".join(found.strip(_BRACKETS).split())
        if kind == "speaker":
            marks.append(FoundMark("speaker", wording.strip("-–—> "), match.start(), found[0] == _NAMED[0]))
        elif kind == "sound":
            marks.append(FoundMark("sound", wording, match.start()))
        return re.sub(r"[^\n]", " ", found)

    for _ in range(3):  # a name may stand behind another mark: "<v Ann>>> ANN: ..."
        before, text = text, _NOT_SPEECH.sub(blank, text)
        if text == before:
            break
    return text, sorted(marks, key=lambda mark: mark.position)


def has_speech(token: str) -> bool:
    """Whether anything in the token is said aloud: a letter, a digit or a symbol such as ``&`` or ``%``."""
    return any(character.isalnum() or character in "&%+=°" or ord(character) > 0x2E7F for character in token)


def _unescaped(text: str) -> str:
    """Entities as characters, twice: some files escape what is escaped already, and their tags."""
    return _INVISIBLE.sub("", _ESCAPED_TAG.sub("", html.unescape(html.unescape(text)))).translate(_NO_NAMES)


def _is_name(mark: str) -> bool:
    """Whether capitals before a colon name somebody, and are not the words of a file that is all in capitals."""
    words = mark.strip(_BRACKETS).lower().split()
    return not any(word in _NOT_IN_NAMES for word in words) and words[:1] != ["and"]

"""What stands in subtitles and is not speech: tags, entities, sound marks, speaker marks."""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(r"</?[A-Za-z0-9][^<>]*>|</?>|\{\\[^{}]*\}")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffd]")

_SOUND_WORDS = (
    "applaus|laugh|chuckl|giggl|music|cheer|sigh|gasp|cough|clap|whisper|scream|shout|silence|inaudible|unintelligible|"
    "crosstalk|indistinct|singing|humming|crying|sobbing|sniff|clears? throat|phone ring|bell|beep|buzz|bark|chirp"
)
_NAME = r"[A-Z][A-Z0-9.'’&-]+"
_NAME_GOES_ON = r"(?:[A-Z0-9][A-Z0-9.'’&-]*|#\d+)"
_NOT_SPEECH = re.compile(
    r"\[[^\[\]]{0,200}\]"  # [Music], [ Birds chirping ]
    rf"|\((?:\s[^()]{{0,200}}\s|[^()]{{0,40}}\b(?i:{_SOUND_WORDS})[^()]{{0,40}})\)"  # ( clock ticking ), (applause)
    r"|^[ \t]*\([^()]{0,200}\)[ \t]*$"  # a line that is nothing but a bracket
    r"|\*[^*\n]{1,40}\*"  # *laughs*
    r"|[♩♪♫♬#]+(?=\s|$)|(?<!\S)[♩♪♫♬]+"  # notes around song
    r"|>{2,}"  # a new speaker, unnamed
    r"|^[ \t]*[-–—](?=\s*\S)"  # a line of dialogue
    rf"|^[ \t]*(?:{_NAME}(?: {_NAME_GOES_ON}){{0,3}}|[Ss]peaker ?\d+):(?=\s|$)",  # MAN: or MAN 2:
    re.MULTILINE,
)


def plain(line: str) -> str:
    """Without markup: tags and override codes removed, entities as characters, one form of each letter (NFC)."""
    text = html.unescape(_TAG.sub("", line))
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def drop_marks(text: str) -> str:
    """Blank out sound and speaker marks: the length stays, spaces stand where a mark stood. Lines matter."""
    for _ in range(2):  # a name may stand behind another mark: ">> MAN: ..."
        text = _NOT_SPEECH.sub(lambda mark: re.sub(r"[^\n]", " ", mark.group()), text)
    return text


def has_speech(token: str) -> bool:
    """Whether anything in the token is said aloud: a letter, a digit or a symbol such as ``&`` or ``%``."""
    return any(character.isalnum() or character in "&%+=°" or ord(character) > 0x2E7F for character in token)

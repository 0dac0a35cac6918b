"""What stands in subtitles and is not speech: sound marks and speaker marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from hdvila.text.markup import NAMED, has_speech, plain
from hdvila.text.sounds import SPEAKERS, is_known_speaker, is_sentence, is_sound, may_be_name

__all__ = ["FoundMark", "drop_marks", "has_speech", "plain"]

_NAME = r"[A-Z][A-Z0-9.'’&-]+"
_NAME_GOES_ON = r"(?:[A-Z0-9][A-Z0-9.'’&-]*|#\d+)"
_MARK = re.compile(
    r"(?P<speaker>"
    rf"{NAMED[0]}[^{NAMED[1]}]*{NAMED[1]}"  # <v Ann>
    rf"|(?:^[ \t]*|(?<=[.?!…\"”>])[ \t]*)[\[(]\s?(?i:{SPEAKERS})\s?[\])]:?"  # [Narrator], (man 2):
    r"|^[ \t]*\[[^\[\]\n]{1,40}\]:(?=\s)"  # [Ann]:
    r"|>{2,}"  # a new speaker, unnamed
    r"|^[ \t]*(?:[-–—][ \t]+(?=\S)|-(?=[^\W\d]|[\"'“¿¡(\[♪])|[–—](?=[A-ZÀ-Þ¿¡\"“]))"  # a line of dialogue
    rf"|^[ \t]*(?:{_NAME}(?: {_NAME_GOES_ON}){{0,3}}|[Ss]peaker ?\d{{1,3}}):(?=\s|$)"  # MAN: or MAN 2:
    r")|(?P<sound>"
    r"[\[【［][^\[\]【】［］]{0,200}[\]】］]"  # [Music], [ Birds chirping ]
    r"|\[[^\[\]]{1,80}\Z"  # [applause and, closed in the next cue
    r"|\A[^\[\]]{1,80}\]"  # and that one: music]
    r"|\([^()]{0,200}\)|（[^（）]{0,200}）"
    r"|\*[^*\n]{1,40}\*"  # *laughs*
    r"|[♩♪♫♬🎵🎶]+|(?<!\S)#+(?=\s|$)"  # notes around song
    r")|(?P<dash>^[ \t]*(?:-{2,}|[–—])(?=[ \t]*\S))",  # goes on after an interruption
    re.MULTILINE,
)
_BRACKETS = " \t\n[](){}*:【】［］（）" + "".join(NAMED)
_PADDED = re.compile(r"[\[(]\s[^\[\]()]*\s[\])]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FoundMark:
    """A mark as it stands in a text: `position` is its first character. `tagged`: a tag says it, not the text."""

    kind: Literal["sound", "speaker"]
    text: str
    position: int
    tagged: bool = False


def drop_marks(text: str, names: bool = False) -> tuple[str, list[FoundMark]]:
    """Blank out sound and speaker marks: the length stays, spaces stand where a mark stood. Lines matter.

    Where a bracket cannot be told from speech, or a name from a heading, the words stay.

    Args:
        text: of a cue.
        names: the file is known to name its speakers in capitals before a colon.

    Returns:
        The blanked text, and the marks in order.
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
            marks.append(FoundMark("speaker", wording.strip("-–—> "), match.start(), found[0] == NAMED[0]))
        elif kind == "sound":
            marks.append(FoundMark("sound", wording, match.start()))
        return re.sub(r"[^\n]", " ", found)

    for _ in range(3):  # a name may stand behind another mark: "<v Ann>>> ANN: ..."
        before, text = text, _MARK.sub(blank, text)
        if text == before:
            break
    return text, sorted(marks, key=lambda mark: mark.position)


def _is_described(match: re.Match[str]) -> bool:
    """Whether a bracket, or stars, or notes stand for a sound."""
    text, found = match.string, match.group()
    if found[0] in "♩♪♫♬🎵🎶#":
        return True
    before, after = text[: match.start()], text[match.end() :]
    if (found[0] in "[(*" and found[-1] not in "])*") or found[0] not in "[(*【［（":  # the other half is elsewhere
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
    """Whether a word before a colon names somebody, and is not a heading that is read out."""
    if is_known_speaker(name) or name.lower().startswith("speaker"):
        return True
    return may_be_name(name) and (names or found.lstrip()[:1] == "[")

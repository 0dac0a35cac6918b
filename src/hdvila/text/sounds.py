"""Recognise descriptions of sounds in brackets and names of speakers before a colon. In doubt it is neither."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

SPEAKERS = (
    r"(?:(?:old |young |first |second |other )?(?:wo)?m[ae]n|boys?|girls?|kids?|child(?:ren)?|narrator|host|"
    r"interviewer|reporter|announcer|audience(?: member)?|crowd|speaker|all|both|everyone|moderator|presenter|"
    r"voice(?:over)?|male|female|student|teacher|translator|interpreter|operator|caller|anchor|commentator|mother|"
    r"father|mom|dad|narr?|anncr|v\.?o\.?)(?: ?#?\d{1,3})?"
)
"""Pattern of the roles in subtitles, such as ``MAN 2`` or ``Narrator``, to be matched in any case."""

_SOUND_WORDS = """
applau\\w* laugh(?:s|ing|ter|ed)? chuckl\\w* giggl\\w* snicker\\w* music(?:al)? cheers? cheering sigh(?:s|ing)?
gasp(?:s|ing)? cough(?:s|ing)? clap(?:s|ping)? whisper(?:s|ing)? scream(?:s|ing)? shout(?:s|ing)? silence inaudible
unintelligible indiscernible crosstalk indistinct singing sings humming hums crying cries sob(?:s|bing)? sniff\\w*
beep(?:s|ing)? buzz(?:es|ing)? bark(?:s|ing)? chirp(?:s|ing)? ringing rings ringtone bang thud crash gunshots? gunfire
explosions? footsteps thunder knock(?:s|ing)? snoring growl(?:s|ing)? howl(?:s|ing)? grunt(?:s|ing)? groan(?:s|ing)?
moan(?:s|ing)? yell(?:s|ing)? panting sneez\\w* yawn\\w* hiccup\\w* whistl(?:es?|ing) honk(?:s|ing)? sirens? static
noise meow(?:s|ing)? mooing clears?\\sthroat clearing\\sthroat blank[_\\s]audio no\\s(?:audio|sound|speech)
foreign(?:\\slanguage)? speaks\\s\\w+ speaking\\s\\w+ ticking clicking clanking rumbling rustling chattering murmuring
booing jingle fanfare drum\\s?roll typing exhales? inhales? splash(?:es|ing)? squeak\\w* creak\\w* slams? revving
screech\\w* pause
"""
_SOUNDS = re.compile("|".join(rf"(?:{word})" for word in _SOUND_WORDS.split()), re.IGNORECASE)
_FAR_SOUNDS = re.compile("音楽|拍手|笑|歌声|音$|声$|音乐|掌声|박수|웃음|음악")
_SAID = frozenset(  # words of sentences, which do not occur in descriptions of sounds
    """
    is are was were be been am i you we they he she it my your our their his her its this that these those not do does
    did have has had can could will would should about or but if because which who what when where how why as than so
    very just also please
    """.split()  # noqa: SIM905
)
_BETWEEN = frozenset("and in on from the a an of to at by with through over".split())  # noqa: SIM905
_MOST = 6  # words in a description within a line
_NOT_IN_NAMES = frozenset(  # words of sentences; then headings of recipes, lessons and instructions
    """
    so now then okay ok next well alright finally also but here there this i we you he she it they to from by into my
    your his her its our their or because if is are was were very i'm you're we're it's that's and the a of for with
    not no yes what why how when where which who be

    step steps part chapter lesson section question questions answer answers example examples day week month year
    number rule fact facts today tomorrow update breaking important caution danger warning notice note notes tip tips
    hint summary conclusion introduction intro outro review result results method tools materials directions
    instructions recipe recipes ingredients ingredient first second third one two three four five six seven eight
    nine ten problem solution goal goals topic title scene act round level option options pros cons price time date
    location phase stage reminder remember disclaimer spoiler bonus quote point key total score recap test task
    exercise project objective objectives requirements features size weight yield serves servings cost before after
    verse chorus left right top bottom red blue green true false input output error definition theorem proof
    """.split()  # noqa: SIM905
)
_KNOWN = re.compile(SPEAKERS, re.IGNORECASE)
_NAME = re.compile(r"^[ \t]*(?:>{2,}[ \t]*|[-–—][ \t]*)?([A-Z][A-Z0-9.'’&# -]{0,60}?):(?=\s|$)", re.MULTILINE)
_LONGEST_NAME = 4  # words
_RECURS = 2  # occurrences of a name, and names that occur so often


def is_sound(inside: str) -> bool:
    """Whether the text in a bracket describes a sound, where the line has other words too."""
    text = " ".join(inside.split())
    if not any(character.isalnum() for character in text) or re.fullmatch(r"_[A-Z]+_?\d*_?", text):
        return True
    if _FAR_SOUNDS.search(text):
        return True
    words = [word.strip(".,;:!?").casefold() for word in text.split()]
    if len(words) > _MOST or not _SAID.isdisjoint(words):
        return False
    found = [sound for sound in _SOUNDS.finditer(text) if _is_whole(text, sound)]
    return bool(found) and (found[0].start() == 0 or _BETWEEN.isdisjoint(words))


def is_sentence(inside: str) -> bool:
    """Whether a bracket that fills a line holds a sentence: too long for a sound, with words of speech."""
    words = [word.strip(".,;:!?").casefold() for word in inside.split()]
    return len(words) > _MOST and not _SAID.isdisjoint(words)


def is_known_speaker(name: str) -> bool:
    """Whether a name is a role such as ``MAN 2`` or ``Narrator``."""
    return _KNOWN.fullmatch(name.strip()) is not None


def may_be_name(name: str) -> bool:
    """Whether capitals before a colon may name a speaker: neither a heading nor part of a sentence."""
    words = name.casefold().split()
    return 0 < len(words) <= _LONGEST_NAME and all(word.strip(".#") not in _NOT_IN_NAMES for word in words)


def speakers_in(texts: Iterable[str]) -> bool:
    """Whether a file names its speakers in capitals before a colon: two names or more, each more than once."""
    counts = Counter(
        name
        for text in texts
        for name in map(str.strip, _NAME.findall(text))
        if may_be_name(name) or is_known_speaker(name)
    )
    return sum(count >= _RECURS for count in counts.values()) >= _RECURS


def _is_whole(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() :]
    return not before[-1:].isalnum() and not after[:1].isalnum()

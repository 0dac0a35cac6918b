"""In which language a transcript is, told by its text."""

from __future__ import annotations

from functools import cache
from typing import Any

from hdvila.errors import UsageError, require

ANY = "any"
_CLEAR = 0.9  # certainty from which the text is believed
_ENOUGH = 3000  # characters that are looked at, from three places


def unwanted_language(text: str, declared: str | None, wanted: str) -> str | None:
    """Why the language is not the wanted one, or None.

    The text speaks first. Where it is too short to be clear, what the file says of itself counts; where that says
    nothing, the doubt is in favour of the video.

    Args:
        text: the transcript.
        declared: the language that its file or manifest names, such as ``en-GB``.
        wanted: ISO 639-1 code, or ``any``.

    Raises:
        MissingDependency: lingua is not installed.
    """
    if wanted == ANY:
        return None
    best = _detector().compute_language_confidence_values(_sample(text))[0]
    if best.value >= _CLEAR:
        found = best.language.iso_code_639_1.name.lower()
        return None if found == wanted else f"the words are in language {found!r}, not the wanted {wanted!r}"
    if declared and _primary(declared) != wanted and len(_primary(declared)) == 2:
        return f"it is marked as language {declared!r}, not the wanted {wanted!r}, and too short to tell by its words"
    return None


def check_language(wanted: str) -> None:
    """See that a language can be told.

    Raises:
        UsageError: it is no code of a language that is known.
        MissingDependency: lingua is not installed.
    """
    if wanted == ANY:
        return
    lingua = require("lingua", extra="corpus")
    known = sorted(language.iso_code_639_1.name.lower() for language in lingua.Language.all())
    if wanted not in known:
        raise UsageError(f"language {wanted!r} is not known; give one of {', '.join(known)}, or {ANY!r}")


@cache
def _detector() -> Any:
    """Trigrams only: as good as the large model on more than a sentence, and a tenth of its memory."""
    builder = require("lingua", extra="corpus").LanguageDetectorBuilder
    return builder.from_all_languages().with_low_accuracy_mode().build()


def _sample(text: str) -> str:
    part = _ENOUGH // 3
    if len(text) <= _ENOUGH:
        return text
    middle = (len(text) - part) // 2
    return " ".join([text[:part], text[middle : middle + part], text[-part:]])


def _primary(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()

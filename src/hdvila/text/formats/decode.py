"""Decode the bytes of a subtitle file into text, whatever its encoding, and unpack gzip."""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from hdvila.errors import TranscriptError, reason_of

_SNIFF = 1 << 16
_LARGEST = 1 << 26  # bytes: four times a day of captions with word times
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"<\?xml[^<>]{0,80}?encoding=[\"']((?:iso|windows|cp|koi|shift|euc|gb|big5)[\w-]{0,20})[\"']", re.I
)
_FEW_NULS = 0.05  # share of zero bytes in a text; a file with more is binary
_HOLES = 3  # runs of zero bytes that a damaged disk leaves in a text

_NON_LATIN_SHARE = 0.2  # share of bytes above 127, above which a text is not in a Latin alphabet
_LATIN = "cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257"
_OTHERS = (
    *(
        "cp1251",
        "koi8_r",
        "cp866",
        "cp1253",
        "cp1255",
        "cp1256",
        "cp874",
        "gb18030",
        "big5",
        "cp932",
        "euc_jp",
        "euc_kr",
    ),
    *_LATIN,
)
_NEVER_LAST = frozenset("\ufffd\u00b3\u00b9\u00bf\u00a5")  # characters that no word ends with


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and notes on how it was decoded."""

    text: str
    notes: tuple[str, ...] = ()


def read_text(file: Path) -> Decoded | None:
    """Read the text of a file; None if it is binary.

    Raises:
        TranscriptError: the file is missing, empty, too large for a transcript, or damaged gzip.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(_SNIFF)
            if data.startswith(b"\x1f\x8b"):
                data = _unpacked(data + stream.read(_LARGEST), file)
            elif not _is_binary(data):
                data += stream.read(_LARGEST)
    except OSError as error:
        why = f"{file}: cannot be read: {reason_of(error)}; check the path"
        raise TranscriptError(why, kind="cannot be read") from error
    if not data.strip(b" \t\r\n\0"):
        raise TranscriptError(f"{file}: the file is empty; fetch the subtitles again")
    if _is_binary(data[:_SNIFF]):
        return None
    if len(data) > _LARGEST:
        raise TranscriptError(f"{file}: holds more than {_LARGEST >> 20} MiB of text, too much for a transcript")
    return decode(data)


def decode(data: bytes) -> Decoded:
    """Decode UTF-8, UTF-16 or UTF-32, the encoding that XML declares, or a legacy encoding.

    Zero bytes are dropped. The notes mention this, and an encoding that was guessed.
    """
    text, guess = _decoded(data)
    notes = []
    if guess:
        notes.append(f"it is not UTF-8; its encoding was guessed to be {guess}: convert it if letters are wrong")
    if zeros := text.count("\0"):
        text = text.replace("\0", "")
        notes.append(f"{zeros} zero byte{'s' * (zeros > 1)} dropped from its text; a part may be missing there")
    return Decoded(text, tuple(notes))


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and the encoding if it was guessed, else an empty string."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace"), ""
    if order := _utf16(data[:_SNIFF]):
        return data.decode(order, "replace"), ""
    if declared := _DECLARED.match(data.lstrip()[:200]):
        try:
            return data.decode(declared.group(1).decode()), ""
        except (LookupError, UnicodeDecodeError):
            pass  # the declaration is wrong
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if not broken or broken < sum(character > "\x7f" for character in text) - broken:
        return text, ""  # UTF-8 with damage in places
    encoding = _guess_encoding(data.replace(b"\0", b""))
    return data.decode(encoding, "replace"), encoding


def _guess_encoding(data: bytes) -> str:
    """Guess a legacy encoding: charset-normalizer's if it is not Latin, else the one with fewest oddities."""
    head = data[:_SNIFF]
    if sum(byte > 127 for byte in head) > _NON_LATIN_SHARE * len(head):
        from charset_normalizer import from_bytes

        best = from_bytes(head, cp_isolation=list(_OTHERS)).best()
        if best is not None:
            return best.encoding
    return min(_LATIN, key=lambda encoding: (_strange(head, encoding), _LATIN.index(encoding)))


def _strange(head: bytes, encoding: str) -> int:
    """The number of symbols within words, and of capitals after lower-case letters."""
    text = head.decode(encoding, "replace")
    count = 0
    for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if char.isascii():
            continue
        if char.isupper():
            count += before.islower()
        elif not char.isalpha():
            count += before.isalpha() and (after.isalpha() or char in _NEVER_LAST)
    return count


def _utf16(head: bytes) -> str | None:
    """The byte order of UTF-16 without a byte order mark (every other byte of ASCII is zero), else None."""
    pairs = len(head) // 2
    even, odd = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if pairs >= 4 and min(even, odd) * 20 < max(even, odd) and max(even, odd) * 5 > pairs:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _is_binary(head: bytes) -> bool:
    if head.startswith((b"WEBVTT", *(bom for bom, _ in _BOMS))):
        return False
    if order := _utf16(head):
        text = head[: len(head) // 2 * 2].decode(order, "replace")
        return sum(c < " " and c not in "\t\n\r\f\v" for c in text) + 9 * text.count("\ufffd") > len(text) / 100
    text_bytes = head.replace(b"\0", b"")
    if len(head) - len(text_bytes) > _FEW_NULS * len(head) + _HOLES and len(re.findall(rb"\0+", head)) > _HOLES:
        return True
    return sum(byte < 32 and byte not in b"\t\n\r\f\v\x1b" for byte in text_bytes) > len(text_bytes) / 100


def _unpacked(data: bytes, file: Path) -> bytes:
    """All members of a gzip file, joined; zeros or other bytes after them are ignored."""
    unpacked = b""
    while data.startswith(b"\x1f\x8b") and len(unpacked) <= _LARGEST:
        member = zlib.decompressobj(wbits=31)
        try:
            unpacked += member.decompress(data, _LARGEST + 1 - len(unpacked))
        except zlib.error as error:
            why = f"{file}: is damaged gzip ({error}); fetch it again"
            raise TranscriptError(why, kind="is damaged gzip") from error
        if not member.eof and len(unpacked) <= _LARGEST:
            raise TranscriptError(f"{file}: is truncated gzip; fetch it again", kind="is damaged gzip")
        data = member.unused_data
    return unpacked

"""Which old encoding a text is in, where it is neither Unicode nor declared: a guess, by what its letters look like."""

from __future__ import annotations

_SNIFF = 1 << 16
_FOREIGN_SHARE = 0.2  # of bytes above 127, from which on a text is in no Western alphabet
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
_SIGNS = frozenset("\ufffd\u00b3\u00b9\u00bf\u00a5")  # that no word ends with


def guess_encoding(data: bytes) -> str:
    """Western subtitles without UTF-8 are in cp1252; of another alphabet, its letters tell; of Latin ones, whether
    signs would stand within words."""
    head = data[:_SNIFF]
    if sum(byte > 127 for byte in head) > _FOREIGN_SHARE * len(head):
        from charset_normalizer import from_bytes

        best = from_bytes(head, cp_isolation=list(_OTHERS)).best()
        if best is not None:
            return best.encoding
    return min(_LATIN, key=lambda encoding: (_strange(head, encoding), _LATIN.index(encoding)))


def _strange(head: bytes, encoding: str) -> int:
    """How many signs would stand within words, or capitals behind small letters."""
    text = head.decode(encoding, "replace")
    count = 0
    for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if char.isascii():
            continue
        if char.isupper():
            count += before.islower()
        elif not char.isalpha():
            count += before.isalpha() and (after.isalpha() or char in _SIGNS)
    return count

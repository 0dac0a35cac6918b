"""Free English text for `train_sentences.py`: prose out of documentation packages, and a hearing.

Every paragraph becomes one line. Sources and licences stand in docs/sentences.md.
"""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_PARAGRAPH = re.compile(r"<p\b[^>]*>(.*?)(?=</?(?:p|div|pre|ul|ol|dl|table|h\d|li|section|blockquote)\b)", re.S | re.I)
_TAG = re.compile(r"<[^>]+>")
_POD_CODE = re.compile(r"[A-Z]<<? ?([^<>|]*?)(?:\|[^<>]*)? ?>>?")
_SPEECH_SHARE = 0.93  # of the characters of a paragraph that are letters, spaces and the marks of prose
_LEAST_WORDS = 6


def html_paragraphs(files: Iterable[Path]) -> Iterator[str]:
    """The paragraphs of web pages, without markup."""
    for file in files:
        for found in _PARAGRAPH.finditer(file.read_text(encoding="utf-8", errors="replace")):
            yield html.unescape(_TAG.sub("", found.group(1)))


def pod_paragraphs(files: Iterable[Path]) -> Iterator[str]:
    """The prose of Perl's manual: what is not indented and is no command."""
    for file in files:
        for block in file.read_text(encoding="utf-8", errors="replace").split("\n\n"):
            if block[:1] not in (" ", "\t", "=", "\n", ""):
                yield _POD_CODE.sub(r"\1", _POD_CODE.sub(r"\1", block))


def hearing_paragraphs(file: Path) -> Iterator[str]:
    """A machine transcript with words and paragraphs by speaker."""
    with gzip.open(file) as stream:
        record = json.load(stream)
    words = record["words"]
    for paragraph in record["paragraphs"]:
        yield " ".join(w["text"] for w in words if paragraph["start"] <= w["start"] < paragraph["end"])


def prose(paragraphs: Iterable[str]) -> Iterator[str]:
    """Those that are written in sentences, each once, white space normalised."""
    seen: set[str] = set()
    for paragraph in paragraphs:
        line = " ".join(paragraph.split())
        plain = sum(c.isalpha() or c in " .,?!;:'’\"“”-" for c in line)
        if len(line.split()) < _LEAST_WORDS or plain < _SPEECH_SHARE * len(line) or line in seen:
            continue
        if line[-1] in ".?!" and line[:1].isupper():
            seen.add(line)
            yield line

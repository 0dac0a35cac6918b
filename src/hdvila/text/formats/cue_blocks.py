"""Group the lines of WebVTT, SRT or SBV into blocks: a timing line, its index above, its text below."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hdvila.text.formats.cues import left_out
from hdvila.text.formats.timing_lines import Timing, is_broken_off, is_broken_timing, read_timing

_INDEX = re.compile(r"\s*#?(\d{1,9})[.:)]?\s*")
_NOT_SHOWN = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
UNREADABLE = "cue without a time that can be read"
_UNTIMED = "line outside of any cue"


@dataclass(slots=True)
class Block:
    """A timing line and the text below it.

    Attributes:
        at: the number of the timing line, from 0.
        line: the timing line.
        timing: what it says; None if it cannot be read.
        index: the number above it, if there is one.
        body: (line number, text) of each line of text.
    """

    at: int
    line: str
    timing: Timing | None
    index: int | None = None
    body: list[tuple[int, str]] = field(default_factory=list)


class Lost:
    """Counts what could not be read, by kind, with the place of the first of each."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, int, str]] = {}

    def add(self, kind: str, line: int, text: str) -> None:
        number, at, first = self._first.get(kind, (0, line, text))
        self._first[kind] = number + 1, at, first

    def notes(self) -> Iterator[str]:
        for kind, (number, line, text) in self._first.items():
            yield left_out(number, kind, text, f" at line {line + 1}")


def find_blocks(lines: list[str], begin: int, lost: Lost, web: bool) -> list[Block]:
    """The blocks of a file, in order.

    Args:
        lines: of the file; timing lines that are left over from another format are emptied.
        begin: the first line to read.
        lost: collects what could not be read.
        web: the file is WebVTT.
    """
    read = {at: timing for at in range(begin, len(lines)) if (timing := read_timing(lines[at]))}
    arrows = sum("-->" in lines[at] for at in read)
    blocks: list[Block] = []
    for at in range(begin, len(lines)):
        line, timing = lines[at], read.get(at)
        if timing and "-->" not in line and web and not _opens(lines, at):
            continue  # text in a comment
        if timing and not timing.arrow and arrows:
            lines[at] = ""  # left over from the format that the file was converted from
        elif timing:
            blocks.append(Block(at, line, timing))
        elif is_broken_timing(line) or (web and "-->" in line):
            blocks.append(Block(at, line, None))
    if not blocks:
        return []
    heads = _heads(lines, begin, blocks, web)
    last = _above(lines, len(lines), begin)
    if not web and last > blocks[-1].at and is_broken_off(lines[last]):  # the file was cut within a time
        index = is_index(lines, last - 1)
        if index or not lines[last - 1].strip():
            blocks.append(Block(last, lines[last], None))
            heads.append(last - 1 if index else last)
    for block, head, end in zip(blocks, heads, [*heads[1:], len(lines)], strict=True):
        if head < block.at:
            block.index = _index(lines[head])
        if block.timing and block.timing.text and not web:
            block.body.append((block.at, block.timing.text))
        inner = [(at, lines[at]) for at in range(block.at + 1, end)]
        _fill(block, inner, blocks, lost, web)
    return blocks


def _opens(lines: list[str], at: int) -> bool:
    """Whether a block of lines begins here or one line above."""
    if at < 1 or not lines[at - 1].strip():
        return True
    return not _NOT_SHOWN.match(lines[at - 1]) and (at < 2 or not lines[at - 2].strip())


def _heads(lines: list[str], begin: int, blocks: list[Block], web: bool) -> list[int]:
    """The first line of each block: its index or identifier, or its timing line."""
    direct = [_index(lines[block.at - 1]) if block.at - 1 >= begin else None for block in blocks]
    above = [_above(lines, block.at, begin) for block in blocks]
    spaced = [_index(lines[at]) if 0 <= at < block.at - 1 else None for at, block in zip(above, blocks, strict=True)]
    indexed = [block for block, index in zip(blocks, direct, strict=True) if index is not None]
    is_indexed = 2 * len(indexed) >= len(blocks) > 0
    is_spaced = not web and not is_indexed and len(blocks) > 1 and 2 * (len(spaced) - spaced.count(None)) > len(blocks)
    apart = [not lines[block.at - 2].strip() for block in indexed if block.at > 1]
    starts_indexed = direct[0] is not None
    is_dense = is_indexed and starts_indexed and 2 * sum(apart) < len(apart)
    heads: list[int] = []
    expected: int | None = None
    for number, block in enumerate(blocks):
        head = block.at
        before = blocks[number - 1].at if number else begin - 1
        if (index := direct[number]) is not None and block.at - 1 > before:
            alone = starts_indexed if block.at - 2 <= before else not lines[block.at - 2].strip()
            if index == expected or (alone and (is_indexed or web)) or is_dense:
                head, expected = block.at - 1, index + 1
        elif is_spaced and (index := spaced[number]) is not None and above[number] > before:
            if index == expected or expected is None:
                head, expected = above[number], index + 1
        elif web and block.at - 1 > before and lines[block.at - 1] and not lines[block.at - 2].strip():
            head = block.at - 1  # an identifier
        heads.append(head)
    return heads


def _above(lines: list[str], at: int, begin: int) -> int:
    """The number of the last line with text before `at`."""
    for above in range(at - 1, begin - 1, -1):
        if lines[above].strip():
            return above
    return begin - 1


def is_index(lines: list[str], at: int) -> bool:
    """Whether a line is a number that may count cues."""
    return 0 <= at < len(lines) and _index(lines[at]) is not None


def _index(line: str) -> int | None:
    found = _INDEX.fullmatch(line)
    return int(found.group(1)) if found else None


def _fill(block: Block, inner: list[tuple[int, str]], blocks: list[Block], lost: Lost, web: bool) -> None:
    """Give a block its lines of text, and count lines that belong to no block as lost."""
    while inner and not inner[-1][1].strip():
        inner.pop()
    if not web:
        block.body += [(at, line) for at, line in _until_untimed(block, inner, blocks, lost) if line.strip()]
        return
    at = 0
    while at < len(inner) and not inner[at][1]:
        at += 1
    if at == len(inner):
        return
    if at and _NOT_SHOWN.match(inner[at][1]):
        at = 0  # a comment after a cue without text
    while at < len(inner) and inner[at][1]:
        block.body.append(inner[at])
        at += 1
    hidden = False
    for number in range(at, len(inner)):
        line, text = inner[number]
        if not number or not inner[number - 1][1]:
            hidden = _NOT_SHOWN.match(text) is not None
        if text.strip() and not hidden:
            lost.add(_UNTIMED, line, text)


def _until_untimed(
    block: Block, inner: list[tuple[int, str]], blocks: list[Block], lost: Lost
) -> list[tuple[int, str]]:
    """The lines of an SRT cue, without a following cue that has a number but no time."""
    if block.index is None:
        return inner
    after = next((other.index for other in blocks if other.at > block.at), None)
    for place in range(1, len(inner)):
        line = inner[place][1]
        if inner[place - 1][1].strip() or not line.strip().isdigit() or int(line) != block.index + 1:
            continue
        follows = [text for _, text in inner[place + 1 :] if text.strip()]
        if after is None and not follows:
            lost.add(UNREADABLE, inner[place][0], line)  # the file was cut after a number
        elif follows and (after is None or after == block.index + 2) and inner[place + 1][1].strip():
            lost.add(UNREADABLE, inner[place][0], " ".join(follows))
        else:
            continue
        return inner[:place]
    return inner

"""What is said in the clips, by the full-text index of their subtitles."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict

from hdvila.search.database import from_column
from hdvila.types import Moment
from hdvila.writing import unspaced_runs

__all__ = ["heard", "said"]

_MOST = 500  # clips that are looked at closely
_ENOUGH = 0.4  # of the words' weight: a clip that has only "the" in common with a query is no answer to it


def said(connection: sqlite3.Connection, words: str, k: int) -> list[Moment]:
    """The `k` best clips in whose subtitles all these words are said; score: BM25, higher is better.

    Words of scripts without blanks are looked for inside what is written in one; then the score is the share of the
    clip's text that is asked for.
    """
    parts = _parts(words)
    if parts:
        condition = " AND ".join(["instr(lower(clips.text), ?)"] * len(parts))
        found = connection.execute(
            "SELECT files.path, clips.start, clips.end, clips.text FROM clips JOIN files ON files.id = clips.file"
            f" WHERE {condition} ORDER BY length(clips.text), clips.id LIMIT ?",
            (*parts, k),
        )
        length = sum(map(len, parts))
        return [Moment(from_column(path), start, end, length / len(text), text) for path, start, end, text in found]
    terms = _terms(words)
    if not terms:
        return []
    rows = connection.execute(
        "SELECT files.path, clips.start, clips.end, -bm25(subtitles), clips.text FROM subtitles"
        " JOIN clips ON clips.id = subtitles.rowid JOIN files ON files.id = clips.file"
        " WHERE subtitles MATCH ? ORDER BY bm25(subtitles), clips.id LIMIT ?",
        (" ".join(terms), k),
    )
    return [Moment(from_column(path), *rest) for path, *rest in rows]


def heard(connection: sqlite3.Connection, words: str) -> dict[int, float]:
    """The clips in which much of the words is said, best first, with the share of the words that is said there.

    A word weighs log((1 + clips) / clips in which it is said), one that nobody says as if half a clip had it. A clip
    with less than four tenths of the weight is left out.
    """
    if parts := _parts(words):
        return _heard_inside(connection, parts)
    terms = _terms(words)
    if not terms:
        return {}
    clips = 1 + connection.execute("SELECT count(*) FROM clips").fetchone()[0]
    weights = {term: math.log(clips / max(0.5, _count(connection, term))) for term in terms}
    spoken = [term for term, weight in weights.items() if weight > 0]
    if not spoken:
        return {}
    rows = connection.execute(
        "SELECT rowid FROM subtitles WHERE subtitles MATCH ? ORDER BY bm25(subtitles), rowid LIMIT ?",
        (" OR ".join(spoken), _MOST),
    )
    shares = {clip: 0.0 for (clip,) in rows}
    among = f"rowid IN ({', '.join(map(str, shares))})"
    whole = sum(weights[term] for term in spoken)
    for term in spoken:
        for (clip,) in connection.execute(f"SELECT rowid FROM subtitles WHERE subtitles MATCH ? AND {among}", (term,)):
            shares[clip] += weights[term] / whole
    best = sorted(shares, key=lambda clip: -shares[clip])  # of equal ones the better BM25 stays first
    return {clip: min(1.0, shares[clip]) for clip in best if shares[clip] >= _ENOUGH}


def _heard_inside(connection: sqlite3.Connection, parts: list[str]) -> dict[int, float]:
    """`heard` by what stands anywhere in a text, for scripts without blanks: signs and pairs of them are its words."""
    pieces: dict[str, None] = {}
    for part in parts:
        pairs = [part[at : at + 2] for at in range(max(1, len(part) - 1))]
        pieces |= dict.fromkeys([*pairs, *part] if unspaced_runs(part)[1] else [part])
    total = 1 + connection.execute("SELECT count(*) FROM clips").fetchone()[0]
    found = {
        piece: [row[0] for row in connection.execute("SELECT id FROM clips WHERE instr(lower(text), ?)", (piece,))]
        for piece in pieces
    }
    weights = {piece: max(0.0, math.log(total / max(0.5, len(clips)))) for piece, clips in found.items()}
    whole = sum(weights.values())
    shares: defaultdict[int, float] = defaultdict(float)
    for piece, clips in found.items():
        for clip in clips if whole else ():
            shares[clip] += weights[piece] / whole
    best = sorted(shares, key=lambda clip: (-shares[clip], clip))[:_MOST]
    return {clip: min(1.0, shares[clip]) for clip in best if shares[clip] >= _ENOUGH}


def _parts(words: str) -> list[str]:
    """What of a query stands in one piece, if some of it is of a script without blanks; nothing elsewhere."""
    rest, runs = unspaced_runs(words.lower())
    return list(dict.fromkeys([*runs, *(word for word in rest.split() if any(map(str.isalnum, word)))])) if runs else []


def _terms(words: str) -> list[str]:
    """The words of a query, each once, as the full-text index is asked for them."""
    some = (word for word in words.lower().replace("\0", " ").split() if any(map(str.isalnum, word)))
    return list(dict.fromkeys('"' + word.replace('"', '""') + '"' for word in some))


def _count(connection: sqlite3.Connection, term: str) -> int:
    found = connection.execute("SELECT count(*) FROM subtitles WHERE subtitles MATCH ?", (term,)).fetchone()[0]
    assert isinstance(found, int)
    return found

"""Search in what is said in the clips, by the full-text index of their subtitles."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict

from hdvila.search.database import from_column
from hdvila.types import Moment
from hdvila.writing import unspaced_runs

__all__ = ["heard", "said"]

_MOST = 500  # candidate clips that are scored
_ENOUGH = 0.4  # least share of the query's weight: a clip that has only "the" in common with it is not a hit


def said(connection: sqlite3.Connection, words: str, k: int) -> list[Moment]:
    """The `k` best clips whose subtitles contain all these words; score: BM25, larger is better.

    Words of unspaced scripts are searched as substrings; then the score is the share of the clip's text that the query
    covers.
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
    """The clips in which much of the query is said, best first, with the share of the query that is said there.

    The weight of a word is log((1 + clips) / clips in which it is said); a word that is never said counts as if it were
    said in half a clip. Clips with less than four tenths of the weight are dropped.
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
    best = sorted(shares, key=lambda clip: -shares[clip])  # a stable sort: ties keep the order of BM25
    return {clip: min(1.0, shares[clip]) for clip in best if shares[clip] >= _ENOUGH}


def _heard_inside(connection: sqlite3.Connection, parts: list[str]) -> dict[int, float]:
    """`heard` by substrings, for unspaced scripts: single characters and pairs of them count as words."""
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
    """The parts of a query that are searched as substrings, if some of it is of an unspaced script; else nothing."""
    rest, runs = unspaced_runs(words.lower())
    return list(dict.fromkeys([*runs, *(word for word in rest.split() if any(map(str.isalnum, word)))])) if runs else []


def _terms(words: str) -> list[str]:
    """The words of a query, each once, quoted for the full-text index."""
    some = (word for word in words.lower().replace("\0", " ").split() if any(map(str.isalnum, word)))
    return list(dict.fromkeys('"' + word.replace('"', '""') + '"' for word in some))


def _count(connection: sqlite3.Connection, term: str) -> int:
    found = connection.execute("SELECT count(*) FROM subtitles WHERE subtitles MATCH ?", (term,)).fetchone()[0]
    assert isinstance(found, int)
    return found

"""HD-VILA-100M's own list of clips: a JSONL file with one video per line.

{"video_id": "QMi8x8o55Ns", "url": "https://www.youtube.com/watch?v=QMi8x8o55Ns",
 "clip": [{"clip_id": "QMi8x8o55Ns.1.mp4", "span": ["00:00:17.759", "00:00:23.279"]}]}

The release has no other fields. We add ``category``, ``channel`` and ``license`` where they are known.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdvila.errors import StoreError, some_of
from hdvila.files import replacing
from hdvila.store import Corpus
from hdvila.text.formats.cues import clock_time
from hdvila.text.formats.time_values import parse_seconds
from hdvila.writing import drop_surrogates

_FACTS = ("category", "channel", "license")
_YOUTUBE = re.compile(r"[\w-]{11}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GivenClip:
    """A clip with given bounds, ``[start, end)`` in seconds."""

    clip_id: str
    start: float
    end: float


def read_clips(video_id: str, listed: Any) -> tuple[tuple[GivenClip, ...], tuple[str, ...]]:
    """The clips of a value of ``clip`` in order of time, and the name and reason of each entry without one.

    Raises:
        ValueError: the value has another form or is empty, or no entry gives a clip.
    """
    if not isinstance(listed, list):
        raise ValueError("'clip' is not a list of clip_id and span")
    if not listed:
        raise ValueError("'clip' names no clip; leave it out to cut clips at sentence bounds")
    clips: dict[str, GivenClip] = {}
    refused = []
    for number, entry in enumerate(listed):
        given = entry.get("clip_id") if isinstance(entry, dict) else None
        clip_id = drop_surrogates(str(given or f"{video_id}.{number}.mp4"))
        if not clip_id.startswith(video_id):  # ids are unique in a corpus
            clip_id = f"{video_id}.{clip_id}"
        try:
            start, end = _span(entry)
            if clip_id in clips:
                raise ValueError("another clip before it has this name")
            clips[clip_id] = GivenClip(clip_id, start, end)
        except ValueError as error:
            refused.append(f"{clip_id}: {error}")
    if not clips:
        raise ValueError(f"none of its clips can be cut ({some_of(refused)})")
    return tuple(sorted(clips.values(), key=lambda clip: (clip.start, clip.end))), tuple(refused)


def _span(entry: Any) -> tuple[float, float]:
    try:
        start, end = (_seconds(time) for time in entry["span"])
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError("has no span of two times HH:MM:SS.mmm") from error
    if not start < end:
        raise ValueError(f"{'has no length' if start == end else 'ends before it starts'}: {entry['span']}")
    return start, end


def as_listed(clips: Sequence[GivenClip]) -> list[dict[str, Any]]:
    """Clips as the value of ``clip``; times are rounded to milliseconds."""
    return [{"clip_id": clip.clip_id, "span": [clock_time(clip.start), clock_time(clip.end)]} for clip in clips]


def write_hd_vila_100m(corpus: str | os.PathLike[str], into: str | os.PathLike[str]) -> int:
    """List the clips of a corpus in the form of HD-VILA-100M; returns the number of videos.

    Clips are called ``<video_id>.<number>.mp4`` as there, with numbers from 0 in order of time; clips from such a list
    keep their ids. The url is that of the manifest, or of YouTube if the id may be one of YouTube. Category, channel
    and licence are added where they are known.

    Raises:
        StoreError: the corpus cannot be read, or the list cannot be written.
    """
    table = Corpus(corpus).table
    wanted = ("clip_id", "video_id", "start", "end", "url", *_FACTS)
    columns = [name for name in wanted if name in table.column_names]
    videos: dict[str, list[dict[str, Any]]] = {}
    for row in table.select(columns).to_pylist():
        videos.setdefault(row["video_id"], []).append(row)
    with replacing(Path(into), kind=StoreError) as partial, partial.open("w", encoding="utf-8") as stream:
        for video_id, rows in sorted(videos.items()):
            rows.sort(key=lambda row: (row["start"], row["end"]))
            clips = [
                GivenClip(_name(row["clip_id"], f"{video_id}.{number}.mp4"), row["start"], row["end"])
                for number, row in enumerate(rows)
            ]
            url = rows[0].get("url") or _url(video_id)
            facts = {name: rows[0][name] for name in _FACTS if rows[0].get(name)}
            stream.write(json.dumps({"video_id": video_id, "url": url, **facts, "clip": as_listed(clips)}) + "\n")
    return len(videos)


def _name(clip_id: str, default: str) -> str:
    return clip_id if clip_id.endswith(".mp4") else default


def _url(video_id: str) -> str:
    return f"https://www.youtube.com/watch?v={video_id}" if _YOUTUBE.fullmatch(video_id) else ""


def _seconds(time: object) -> float:
    seconds = parse_seconds(time)
    if seconds is None:
        raise ValueError(time)
    return seconds

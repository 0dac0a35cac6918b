"""Moments of videos as JSON lines: TVR (Lei et al. 2020), and How2R, DiDeMo and MSR-VTT in the same keys.

| key | value |
|---|---|
| desc_id | the query's id, a whole number or text |
| desc | the query |
| vid_name | the video |
| ts | [start, end] in seconds of the video, or a list of such pairs, one for each annotator |
| type | "v", "t" or "vt": found by frames, subtitles or both; optional |
| duration | of the video in seconds; optional |

The public test of TVR hides its targets: it has only desc_id and desc, so its queries have no video and no
spans.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hdvila.annotations.detect_format import wrong_file
from hdvila.annotations.entries import Entry, fields_of, read_entries
from hdvila.annotations.merge import count_note, merge
from hdvila.annotations.records import Annotations, BenchmarkVideo, MomentQuery, Span, Split

__all__ = ["read_moments"]

_KINDS = ("v", "t", "vt")


def read_moments(path: Path, split: Split) -> Annotations:
    """Read the queries and their videos, in the file's order.

    Raises:
        UsageError: another file, or a broken line; says which.
    """
    if not {"desc_id", "desc"} <= fields_of(path):
        raise wrong_file(path, "a jsonl of moments")
    videos: dict[str, BenchmarkVideo] = {}
    moments, unequal = [], 0
    for entry in read_entries(path):
        moments.append(_moment(entry))
        if moments[-1].video_id:
            video = _video(entry, moments[-1].video_id)
            unequal += videos.setdefault(video.video_id, video) != video
    ends = {video_id: video.duration for video_id, video in videos.items() if video.duration is not None}
    late = sum(end > ends.get(moment.video_id, end) for moment in moments for _, end in moment.spans)
    notes = [
        count_note(
            sum(not moment.spans for moment in moments),
            "query has no span: its target is hidden",
            "queries have no span: their targets are hidden",
        ),
        count_note(late, "span ends after its video", "spans end after their videos"),
        count_note(
            unequal,
            "line has another duration of its video than the first that names it, which counts",
            "lines have other durations of their videos than the first that names each, which counts",
        ),
    ]
    return merge(path, videos.values(), moments=moments, notes=notes)


def _moment(entry: Entry) -> MomentQuery:
    kind = entry.text("type") if _has(entry, "type") else ""
    if kind and kind not in _KINDS:
        raise entry.error(f"the type is {kind!r}, but must be one of {', '.join(_KINDS)}")
    spans = _spans(entry) if _has(entry, "ts") else ()
    video_id = entry.text("vid_name") if spans or _has(entry, "vid_name") else ""
    return MomentQuery(entry.text("desc_id"), entry.text("desc"), video_id, spans, kind)


def _spans(entry: Entry) -> tuple[Span, ...]:
    value = entry.get("ts")
    if not isinstance(value, list) or not value:
        raise entry.error(f"'ts' is {value!r:.60}, but must be [start, end] or a list of such pairs")
    return tuple(_span(entry, pair) for pair in (value if isinstance(value[0], list) else [value]))


def _span(entry: Entry, pair: Any) -> Span:
    if not isinstance(pair, list) or len(pair) != 2:
        raise entry.error(f"'ts' has {pair!r:.60}, but must have pairs of start and end")
    times = Entry(entry.where, {"start": pair[0], "end": pair[1]})
    start, end = times.number("start"), times.number("end")
    if not 0 <= start < end < float("inf"):
        raise entry.error(f"the moment starts at {start:g} s and ends at {end:g} s")
    return start, end


def _video(entry: Entry, video_id: str) -> BenchmarkVideo:
    if not _has(entry, "duration"):
        return BenchmarkVideo(video_id)
    duration = entry.number("duration")
    if not 0 < duration < float("inf"):
        raise entry.error(f"the duration is {duration:g} s, but must be above 0")
    return BenchmarkVideo(video_id, duration=duration)


def _has(entry: Entry, name: str) -> bool:
    return entry.values.get(name) is not None

"""What is recorded of one clip: its ``KEY.json``, and where its members lie in the shard."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from hdvila.errors import UsageError
from hdvila.media import Packed
from hdvila.media.streams import stream_ratio
from hdvila.store.layout import FORMAT, Attribute, Stream, Streams, Track, check_same
from hdvila.types import Clip, Frames
from hdvila.writing import word_count

_OWN = {"format", "shard", "streams", "tracks", "height", "width"}
_OF_CLIP = ("clip_id", "video_id", "start", "end", "text", "words", "timed_by")
_OF_STREAM = ("frames", "pts", "crc32", "height", "width")


class Member(NamedTuple):
    """Where a file lies in its shard, and the CRC-32 of what was written there; None if version 1 wrote it without."""

    offset: int
    length: int
    crc32: int | None


class TrackMember(NamedTuple):
    """The rows of a clip in a track: their file, their number, and the file of their times where these are explicit."""

    data: Member
    rows: int
    times: Member | None = None

    @property
    def crcs(self) -> list[int | None]:
        """The check values of its files."""
        return [member.crc32 for member in (self.data, self.times) if member is not None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored clip.

    Attributes:
        facts: what its ``KEY.json`` holds.
        frames: by stream, where each frame lies; frames in one file have the same place.
        tracks: by name, where its rows in a track lie.
    """

    facts: dict[str, Any]
    frames: dict[str, list[Member]]
    tracks: dict[str, TrackMember] = field(default_factory=dict)


def check_frames(clip: Clip, streams: Streams, frames: Mapping[str, Frames | Packed]) -> None:
    """That the frames of a clip are what the corpus says of its streams.

    Raises:
        UsageError: they are not.
    """
    what = f"clip {clip.clip_id!r}"
    if frames.keys() != streams.keys():
        raise UsageError(f"{what}: has the streams {', '.join(frames)}, the corpus {', '.join(streams)}")
    for name, stream in streams.items():
        one = frames[name]
        if not len(one):
            raise UsageError(f"{what}: has no {name} frames; every stream of a clip has at least one")
        if isinstance(one, Packed) and one.form != stream.form:
            raise UsageError(f"{what}: {name} is {one.form}, the corpus {stream.form}; give that form")
        if stream.at is None:
            continue
        every = stream_ratio(streams[stream.at].fps, stream.fps, "frames a second")
        if not np.array_equal(one.pts_seconds, frames[stream.at].pts_seconds[::every]):
            raise UsageError(
                f"{what}: {len(one)} {name} and {len(frames[stream.at])} {stream.at} frames do not fit together; "
                f"there must be one {name} frame, at its time, for each {every} {stream.at} frames"
            )


def is_own(name: str, streams: Streams) -> bool:
    """Whether a field of ``KEY.json`` or a column of ``clips.parquet`` is the store's, and so no attribute."""
    stream, _, rest = name.rpartition("_")
    return name in _OWN or name in _OF_CLIP or (stream in streams and rest in _OF_STREAM)


def facts_of(
    clip: Clip,
    streams: Streams,
    frames: Mapping[str, Packed],
    attributes: Mapping[str, Attribute],
    tracks: Mapping[str, Track],
) -> dict[str, Any]:
    """What ``KEY.json`` holds, but for the check values.

    Raises:
        UsageError: an attribute with a name of ours, or that is not text, a number or a truth value.
    """
    for name, value in attributes.items():
        own = is_own(name, streams) or name in tracks
        if own or not isinstance(value, str | int | float | bool | None):
            why = "the name is the store's own" if own else f"{type(value).__name__} is not a plain value"
            raise UsageError(f"clip {clip.clip_id!r}: attribute {name!r} cannot be stored: {why}; rename or flatten it")
    height, width = max(((one.height, one.width) for one in frames.values()), key=lambda size: size[0] * size[1])
    sizes = {name: {"height": one.height, "width": one.width} for name, one in frames.items()}
    return {
        "format": FORMAT,
        "clip_id": clip.clip_id,
        "video_id": clip.video_id,
        "start": float(clip.start),
        "end": float(clip.end),
        "text": clip.text,
        "words": word_count(clip.text),
        "timed_by": clip.timed_by,
        "height": height,
        "width": width,
        "streams": {name: asdict(stream) | sizes[name] for name, stream in streams.items()},
        **({"tracks": {name: asdict(track) for name, track in tracks.items()}} if tracks else {}),
        **{f"{name}_pts": frames[name].pts_seconds.tolist() for name in streams},
        **attributes,
    }


def row_of(entry: Entry, streams: Streams) -> dict[str, Any]:
    """A clip's row in ``clips.parquet``, without its shard. A size that version 1 did not store is None."""
    facts = entry.facts
    row = {name: facts[name] for name in (*_OF_CLIP, "height", "width")}
    for name in streams:
        stored = facts["streams"][name]
        row |= {f"{name}_frames": len(entry.frames[name])}
        row |= {f"{name}_{side}": stored.get(side) for side in ("height", "width")}
    return row | {name: value for name, value in facts.items() if not is_own(name, streams)}


def streams_in(entries: Sequence[Entry]) -> dict[str, Stream]:
    """The streams of clips of one corpus."""
    names = ("fps", "form", "at")
    stored = entries[0].facts["streams"] if entries else {}
    return {name: Stream(**{key: one[key] for key in names}) for name, one in stored.items()}


def tracks_in(shard: object, entries: Iterable[Entry], known: Mapping[str, Track]) -> dict[str, Track]:
    """The tracks that are known, and those that any clip of a shard has.

    Raises:
        StoreError: one was made by another model than what is known of it; names the shard.
    """
    tracks = dict(known)
    for entry in entries:
        for name, one in entry.facts.get("tracks", {}).items():
            given = Track(**{key: value for key, value in one.items() if key not in ("rows", "crc32")})
            advice = "delete the shards of one of them and build their videos again"
            tracks[name] = check_same(shard, name, tracks.get(name), given, advice)
    return tracks


def key_of(clip_id: str) -> str:
    """A member name for a clip: without dot or slash, at most 73 characters, different for different clips."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", clip_id)
    if plain == clip_id and 0 < len(plain) <= 64:
        return plain
    return f"{plain[:64]}-{hashlib.sha256(clip_id.encode()).hexdigest()[:8]}"


def to_json(facts: Mapping[str, Any]) -> bytes:
    """The bytes of ``KEY.json``."""
    return json.dumps(facts, ensure_ascii=False).encode()

"""Retrieval benchmarks whose videos have several timed sentences: ActivityNet Captions, DiDeMo, YouCook2.

ActivityNet and DiDeMo join the sentences of a video into one paragraph; each step of a YouCook2 video is a
clip of its own.

**ActivityNet Captions** (Krishna et al. 2017): a JSON object of dense captions by "v_" and the YouTube id,
which may itself begin with - or _. Other files hold one finished paragraph for each key. Sentences are joined
in the file's order, not by start time, because the field's paragraph files are made that way: all 1,750 that
could be compared agree, and sorting would change 87 of them. Spaces around sentences and line breaks within
them become single spaces.

**DiDeMo** (Hendricks et al. 2017): descriptions of moments in Flickr videos of 25-30 s. A JSON list: video,
description, times (for each annotator a pair of 5-second chunks, both ends included; four annotators or more,
who disagree), num_segments, annotation_id, dl_link. Retrieval of paragraphs does not need the times, so they
are not read. A file names one video with several extensions (.mov and .mp4 in different entries), with none,
or with a lone dot, so a video's id is its name without what follows the last dot. Prepared videos are whole
files.

**YouCook2** (Zhou et al. 2018): the steps of cooking videos; each step is a clip, and its sentence the query.

| file | content |
|---|---|
| validation_youcook.csv (MIL-NCE) | columns end, start (in this order), task, text, video_id |
| JSON of dense captions | "v_" and the YouTube id: duration, timestamps, sentences |

Neither names its clips, so a clip is called <YouTube id>_<start>_<end>, the same from both files. Two steps
of a video may have the same span: they are two queries and two clips of the gallery, and the later clip's
name ends with _2.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hdvila.annotations import hdvila_jsonl
from hdvila.annotations.detect_format import is_youcook2, wrong_file
from hdvila.annotations.entries import Entry, extension, fields_of, read_entries, read_json
from hdvila.annotations.merge import count_note, join_captions, merge
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Split

__all__ = ["read_activitynet", "read_didemo", "read_youcook2"]

_EXTENSION = re.compile(r"\.\w*$")


def read_activitynet(path: Path, split: Split) -> Annotations:
    """Read one paragraph a video; its id is the video's, "v_" included.

    Raises:
        UsageError: another file, or a broken entry.
    """
    if extension(path) == ".jsonl":
        return hdvila_jsonl.read_retrieval(path, "ActivityNet Captions")
    whole = read_json(path) if extension(path) == ".json" else None
    if not isinstance(whole, dict) or not all(key.startswith("v_") for key in whole) or is_youcook2(whole):
        raise wrong_file(path, "ActivityNet's captions")
    if any(isinstance(value, str) for value in whole.values()):
        texts = [(key, Entry(f"{path}, {key}", {key: value}).text(key)) for key, value in whole.items()]
    else:
        dense = _dense(path, whole)
        texts = [(video.key, " ".join(one.text for one in video.sentences if one.text)) for video in dense]
    return merge(path, map(BenchmarkVideo, whole), [Caption(key, key, text) for key, text in texts])


def read_didemo(path: Path, split: Split) -> Annotations:
    """Read one paragraph a video: all its descriptions, in the file's order.

    Raises:
        UsageError: another file, or a broken entry.
    """
    if extension(path) == ".jsonl":
        return hdvila_jsonl.read_retrieval(path, "DiDeMo")
    if not {"video", "description", "times"} <= fields_of(path):
        raise wrong_file(path, "DiDeMo's json")
    names: dict[str, set[str]] = {}
    captions = []
    for entry in read_entries(path):
        name = entry.text("video")
        video_id = _EXTENSION.sub("", name)
        names.setdefault(video_id, set()).add(name)
        captions.append(Caption(entry.text("annotation_id"), video_id, entry.text("description")))
    several = sum(len(forms) > 1 for forms in names.values())
    note = count_note(several, "video is named with several endings", "videos are named with several endings")
    return join_captions(merge(path, map(BenchmarkVideo, names), captions, notes=[note]))


def read_youcook2(path: Path, split: Split) -> Annotations:
    """Read the clips and their sentences.

    Raises:
        UsageError: another file, or a step that ends before it starts.
    """
    steps = list(_steps(path))
    seen: Counter[str] = Counter()
    clips, captions = [], []
    for clip, text in steps:
        seen[clip.video_id] += 1
        number = seen[clip.video_id]
        name = clip.video_id if number == 1 else f"{clip.video_id}_{number}"
        clips.append(replace(clip, video_id=name))
        captions.append(Caption(name, name, text))
    repeated = count_note(
        len(steps) - len(seen),
        "step has the span of an earlier step of its video; both are clips, and the later one's name ends with _2",
        "steps have the span of an earlier step of their video; all are clips, and the later names end with _2, _3",
    )
    return merge(path, clips, captions, notes=[repeated])


def _steps(path: Path) -> Iterator[tuple[BenchmarkVideo, str]]:
    if extension(path) == ".json":
        whole = read_json(path)
        if not is_youcook2(whole):
            raise wrong_file(path, "YouCook2's json")
        for video in _dense(path, whole):
            for one in video.sentences:
                entry = Entry(f"{path}, {video.key}", {"start": one.start, "end": one.end})
                yield _step(entry, video.key.removeprefix("v_")), one.text
        return
    if not {"start", "end", "text", "video_id"} <= fields_of(path):
        raise wrong_file(path, "YouCook2's csv")
    for entry in read_entries(path):
        yield _step(entry, entry.text("video_id")), entry.text("text")


def _step(entry: Entry, file: str) -> BenchmarkVideo:
    start, end = entry.number("start"), entry.number("end")
    if end <= start:
        raise entry.error(f"the step ends at {end:g} s and starts at {start:g} s")
    return BenchmarkVideo(f"{file}_{start:g}_{end:g}", file, start, end, str(entry.values.get("task", "")))


@dataclass(frozen=True, slots=True)
class _TimedSentence:
    """A sentence, stripped, and its start and end in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class _DenseVideo:
    """A video of dense captions: its key in the file, and its sentences in the file's order."""

    key: str
    sentences: tuple[_TimedSentence, ...]


def _dense(path: Path, whole: Any) -> list[_DenseVideo]:
    """The videos of a JSON object of dense captions, video -> duration, timestamps, sentences, in the file's order.

    Raises:
        UsageError: another file, as many timestamps as sentences are not there, or a time is not a number.
    """
    if not isinstance(whole, dict) or not whole:
        raise wrong_file(path, "a JSON file of dense captions")
    if not all(isinstance(value, dict) and {"timestamps", "sentences"} <= set(value) for value in whole.values()):
        raise wrong_file(path, "a JSON file of dense captions")
    return [_dense_video(Entry(f"{path}, {key}", value), key) for key, value in whole.items()]


def _dense_video(entry: Entry, key: str) -> _DenseVideo:
    times, sentences = entry.get("timestamps"), entry.get("sentences")
    if not isinstance(times, list) or not isinstance(sentences, list) or len(times) != len(sentences):
        raise entry.error("timestamps and sentences are not two lists of one length")
    timed = tuple(_timed_sentence(entry, span, text) for span, text in zip(times, sentences, strict=True))
    entry.number("duration")
    return _DenseVideo(key, timed)


def _timed_sentence(entry: Entry, span: Any, text: Any) -> _TimedSentence:
    if not isinstance(span, list) or len(span) != 2:
        raise entry.error(f"a time is {span!r:.60}, but must be a start and an end")
    one = Entry(entry.where, {"start": span[0], "end": span[1], "sentence": text})
    return _TimedSentence(one.number("start"), one.number("end"), one.text("sentence"))

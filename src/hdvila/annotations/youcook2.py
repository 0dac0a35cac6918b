"""YouCook2 (Zhou et al. 2018): the steps of cooking videos; each step is a clip and its sentence the query.

| file | what stands there |
|---|---|
| validation_youcook.csv (MIL-NCE) | columns end, start (in this order), task, text, video_id |
| dense captions json | "v_" and the YouTube id: duration, timestamps, sentences |

Neither names its clips, so they are called <YouTube id>_<start>_<end>, the same from both files. Two steps of a video
may have one span: they are two queries and two clips of the gallery, and the later clip's name ends with _2.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from hdvila.annotations.dense import entries
from hdvila.annotations.gather import counted, gather
from hdvila.annotations.recognise import is_youcook2, refuse
from hdvila.annotations.records import Annotations, Caption, Part, Split
from hdvila.annotations.tables import Row, fields_of, form, read_json, read_rows

__all__ = ["read"]


def read(path: Path, split: Split) -> Annotations:
    """The clips and their sentences.

    Raises:
        UsageError: another file, or a step that ends before it starts.
    """
    if form(path) == ".json":
        return _from_json(path)
    if not {"start", "end", "text", "video_id"} <= fields_of(path):
        raise refuse(path, "YouCook2's csv")
    steps = [(_part(row, row.text("video_id")), row.text("text")) for row in read_rows(path)]
    return _gather(path, steps)


def _from_json(path: Path) -> Annotations:
    if not is_youcook2(read_json(path)):
        raise refuse(path, "YouCook2's json")
    steps = []
    for entry in entries(path):
        for moment in entry.moments:
            row = Row(f"{path}, {entry.key}", {"start": moment.start, "end": moment.end})
            steps.append((_part(row, entry.key.removeprefix("v_")), moment.text))
    return _gather(path, steps)


def _part(row: Row, file: str) -> Part:
    start, end = row.number("start"), row.number("end")
    if end <= start:
        raise row.refuse(f"the step ends at {end:g} s and starts at {start:g} s")
    return Part(f"{file}_{start:g}_{end:g}", file, start, end, str(row.values.get("task", "")))


def _gather(path: Path, steps: list[tuple[Part, str]]) -> Annotations:
    seen: Counter[str] = Counter()
    named = []
    for part, text in steps:
        seen[part.video_id] += 1
        number = seen[part.video_id]
        named.append((part if number == 1 else replace(part, video_id=f"{part.video_id}_{number}"), text))
    again = counted(
        len(steps) - len(seen),
        "step has the span of an earlier step of its video; both are clips, and the later one's name ends with _2",
        "steps have the span of an earlier step of their video; all are clips, and the later names end with _2, _3",
    )
    captions = [Caption(part.video_id, part.video_id, text) for part, text in named]
    return gather(path, (part for part, _ in named), captions, notes=[again])

"""LSMDC 2016 (Rohrbach et al.): clips of films with the audio description of each.

A table parted by tabs and without header, though named csv: clip id, start and end as aligned, start and end as
extracted, sentence. The times are those of the film; the clips were given out cut, so they are not passed on. A clip
may have several sentences (in the validation list). The film is the clip's group.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from hdvila.annotations import official
from hdvila.annotations.gather import counted, gather
from hdvila.annotations.recognise import refuse
from hdvila.annotations.records import Annotations, Caption, Part, Split
from hdvila.annotations.tables import form, read_cells, read_rows

__all__ = ["read"]

_COLUMNS = ("clip_id", "start_aligned", "end_aligned", "start_extracted", "end_extracted", "sentence")
_TIMES = re.compile(r"_\d\d\.\d\d\.\d\d\.\d{3}-\d\d\.\d\d\.\d\d\.\d{3}$")


def read(path: Path, split: Split) -> Annotations:
    """The clips and their sentences. A caption's id is its clip's; the second of a clip has ``/1``, and so on.

    Raises:
        UsageError: another file, or a line without six cells.
    """
    if form(path) == ".jsonl":
        return official.read_retrieval(path, "LSMDC")
    if form(path) == ".json" or not _fits(path):
        raise refuse(path, "LSMDC's list of clips")
    times: Counter[str] = Counter()
    captions = []
    for row in read_rows(path, _COLUMNS):
        clip = row.text("clip_id")
        again = f"/{times[clip]}" if times[clip] else ""
        captions.append(Caption(clip + again, clip, row.text("sentence")))
        times[clip] += 1
    several = sum(count > 1 for count in times.values())
    note = counted(several, "clip has several sentences, each a query", "clips have several sentences, each a query")
    return gather(path, (Part(clip, group=_TIMES.sub("", clip)) for clip in times), captions, notes=[note])


def _fits(path: Path) -> bool:
    first = next(iter(read_cells(path)), ("", []))[1]
    return len(first) == len(_COLUMNS) and _TIMES.search(first[0]) is not None

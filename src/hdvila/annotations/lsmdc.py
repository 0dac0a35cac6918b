"""LSMDC 2016 (Rohrbach et al.): clips of films with the audio description of each.

A table separated by tabs and without a header, though named csv: clip id, start and end as aligned, start and
end as extracted, sentence. The times are those of the film. The clips were released cut, so the times are
dropped. A clip may have several sentences (in the validation list). The film is the clip's group.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from hdvila.annotations import hdvila_jsonl
from hdvila.annotations.detect_format import wrong_file
from hdvila.annotations.entries import extension, read_cells, read_entries
from hdvila.annotations.merge import count_note, merge
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Split

__all__ = ["read_lsmdc"]

_COLUMNS = ("clip_id", "start_aligned", "end_aligned", "start_extracted", "end_extracted", "sentence")
_TIMES = re.compile(r"_\d\d\.\d\d\.\d\d\.\d{3}-\d\d\.\d\d\.\d\d\.\d{3}$")


def read_lsmdc(path: Path, split: Split) -> Annotations:
    """Read the clips and their sentences.

    The id of a caption is that of its clip; the ids of further sentences of a clip end in ``/1``, ``/2``.

    Raises:
        UsageError: another file, or a line without six cells.
    """
    if extension(path) == ".jsonl":
        return hdvila_jsonl.read_retrieval(path, "LSMDC")
    if extension(path) == ".json" or not _fits(path):
        raise wrong_file(path, "LSMDC's list of clips")
    times: Counter[str] = Counter()
    captions = []
    for entry in read_entries(path, _COLUMNS):
        clip = entry.text("clip_id")
        again = f"/{times[clip]}" if times[clip] else ""
        captions.append(Caption(clip + again, clip, entry.text("sentence")))
        times[clip] += 1
    several = sum(count > 1 for count in times.values())
    note = count_note(several, "clip has several sentences, each a query", "clips have several sentences, each a query")
    return merge(path, (BenchmarkVideo(clip, group=_TIMES.sub("", clip)) for clip in times), captions, notes=[note])


def _fits(path: Path) -> bool:
    first = next(iter(read_cells(path)), ("", []))[1]
    return len(first) == len(_COLUMNS) and _TIMES.search(first[0]) is not None

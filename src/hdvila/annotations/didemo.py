"""DiDeMo (Hendricks et al. 2017): descriptions of moments in Flickr videos of 25-30 s.

A JSON list: video, description, times (a pair of 5-second chunks an annotator, both ends included; the annotators are
four or more and disagree), num_segments, annotation_id, dl_link. Only the words and the video count for retrieval of
paragraphs; the times are not read.

A file names one video by several endings (.mov and .mp4 in different entries), by none, or by a lone dot, so a
video's id is its name without whatever follows the last dot. Prepared videos are whole files.
"""

from __future__ import annotations

import re
from pathlib import Path

from hdvila.annotations import official
from hdvila.annotations.gather import counted, gather, join_captions
from hdvila.annotations.recognise import refuse
from hdvila.annotations.records import Annotations, Caption, Part, Split
from hdvila.annotations.tables import fields_of, form, read_rows

__all__ = ["read"]

_ENDING = re.compile(r"\.\w*$")


def read(path: Path, split: Split) -> Annotations:
    """One paragraph a video: all its descriptions, in the order in which the file has them.

    Raises:
        UsageError: another file, or a broken entry.
    """
    if form(path) == ".jsonl":
        return official.read_retrieval(path, "DiDeMo")
    if not {"video", "description", "times"} <= fields_of(path):
        raise refuse(path, "DiDeMo's json")
    names: dict[str, set[str]] = {}
    captions = []
    for row in read_rows(path):
        name = row.text("video")
        video_id = _ENDING.sub("", name)
        names.setdefault(video_id, set()).add(name)
        captions.append(Caption(row.text("annotation_id"), video_id, row.text("description")))
    several = sum(len(forms) > 1 for forms in names.values())
    note = counted(several, "video is named with several endings", "videos are named with several endings")
    return join_captions(gather(path, map(Part, names), captions, notes=[note]))

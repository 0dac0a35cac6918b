"""ActivityNet Captions (Krishna et al. 2017): several sentences a video, each with its times.

A JSON object by "v_" and the YouTube id, which may itself begin with - or _: duration, timestamps, sentences. The other
form has one finished paragraph for each key.

Sentences are joined in the order in which the file has them, not by their start: the paragraph files that the field
uses are made so (all 1,750 that could be compared agree; sorting would change 87 of them). Spaces around sentences and
line breaks within them are made single spaces.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hdvila.annotations import official
from hdvila.annotations.dense import entries
from hdvila.annotations.gather import gather
from hdvila.annotations.recognise import is_youcook2, refuse
from hdvila.annotations.records import Annotations, Caption, Part, Split
from hdvila.annotations.tables import Row, form, read_json

__all__ = ["read"]


def read(path: Path, split: Split) -> Annotations:
    """One paragraph a video; its id is the video's, "v_" included.

    Raises:
        UsageError: another file, or a broken entry.
    """
    if form(path) == ".jsonl":
        return official.read_retrieval(path, "ActivityNet Captions")
    whole = read_json(path) if form(path) == ".json" else None
    if not isinstance(whole, dict) or not all(key.startswith("v_") for key in whole) or is_youcook2(whole):
        raise refuse(path, "ActivityNet's captions")
    captions = [Caption(key, key, text) for key, text in _paragraphs(path, whole)]
    return gather(path, map(Part, whole), captions)


def _paragraphs(path: Path, whole: dict[str, Any]) -> list[tuple[str, str]]:
    if any(isinstance(value, str) for value in whole.values()):
        return [(key, Row(f"{path}, {key}", {key: value}).text(key)) for key, value in whole.items()]
    return [(entry.key, " ".join(moment.text for moment in entry.moments if moment.text)) for entry in entries(path)]

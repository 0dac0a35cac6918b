"""What an annotation file looks like, for the message that refuses it where another was wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hdvila.annotations.tables import fields_of, form, read_cells, read_json, read_rows
from hdvila.errors import UsageError

__all__ = ["BARE_LIST", "LIST", "VOCABULARY", "is_youcook2", "looks_like", "refuse", "refuse_other_ids"]

VOCABULARY = "an answer vocabulary"
LIST = "a list of video ids"
BARE_LIST = "a list of ids"

_RETRIEVAL = "a retrieval jsonl of the official HD-VILA code"

_BY_FIELDS = (  # the first whose names are all there
    ({"videos", "sentences"}, "MSR-VTT's videodatainfo json"),
    ({"key", "vid_key", "video_id", "sentence"}, "the list of MSR-VTT's 1k-A test pairs"),
    ({"gif_name", "description"}, "TGIF-QA's frame questions"),
    ({"gif_name", "a1"}, "TGIF-QA's action or transition questions"),
    ({"gif_name", "options"}, "the official HD-VILA code's multiple choice on TGIF-QA"),
    ({"gif_name", "answer_type"}, "the official HD-VILA code's frame questions on TGIF-QA"),
    ({"gif_name"}, "TGIF-QA's count questions"),
    ({"description", "times", "num_segments"}, "DiDeMo"),
    ({"end", "start", "text", "video_id"}, "YouCook2's csv"),
    ({"clip_name", "options"}, "a multiple choice of captions (MSRVTT-MC)"),
    ({"clip_id", "text"}, _RETRIEVAL),
    ({"video", "frame_count"}, "NExT-QA"),
    ({"video", "question", "qid", "type"}, "HQGA's csv of MSRVTT-QA"),
    ({"relevant_windows"}, "QVHighlights"),
    ({"vid_name", "a0"}, "TVQA"),
    ({"desc_id"}, "TVR"),
    ({"vid_name"}, "TVR, TVC or TVQA"),
    ({"question", "answer", "video_id", "category_id"}, "MSRVTT-QA"),
    ({"question", "answer", "video_id"}, "MSRVTT-QA or MSVD-QA"),
    ({"video_id"}, LIST),
)

_BY_IDS = (  # how the videos of a data set are called
    (r"video\d+", "MSR-VTT"),
    (r"vid\d+", "MSVD"),
    (r"v_[\w-]{11}", "ActivityNet Captions"),
    (r"\d+@N\d\d_\d+_\w+(\.\w*)?", "DiDeMo"),
    (r".+_\d\d\.\d\d\.\d\d\.\d{3}-\d\d\.\d\d\.\d\d\.\d{3}", "LSMDC"),
    (r"[\w-]{11}\.\d+(\.mp4)?", "HD-VILA-100M"),
)


def refuse(path: Path, wanted: str) -> UsageError:
    """The error that says that a file is not what was `wanted`, and what it looks like."""
    return UsageError(f"{path}: is not {wanted}, it looks like {looks_like(path)}; give the file of this benchmark")


def refuse_other_ids(path: Path, ids: Iterable[str], own: str) -> None:
    """Refuse a file whose form several data sets share, if all its videos are called as in another one than `own`.

    Raises:
        UsageError: says which.
    """
    other = _owner(ids)
    if other and other != own:
        raise UsageError(
            f"{path}: is not of {own}: by the names of its videos it looks like {other}; "
            "give the file of this benchmark"
        )


def looks_like(path: Path) -> str:
    """What the file seems to be, in words that end a sentence."""
    try:
        if form(path) == ".json" and isinstance(whole := read_json(path), dict) and "videos" not in whole:
            return _keyed(whole)
        names = fields_of(path)
        known = next((words for fields, words in _BY_FIELDS if fields <= names), "")
        if known == _RETRIEVAL:
            owner = _owner(str(row.get("clip_id")).rsplit("/", 1)[-1] for row in read_rows(path))
            return f"{known} on {owner}" if owner else known
        return known or _bare(path)
    except UsageError:
        return "a damaged file"


def _owner(ids: Iterable[str]) -> str:
    """The data set in which all these videos could be; empty where there is none."""
    names = set(ids)
    return next((owner for shape, owner in _BY_IDS if names and all(re.fullmatch(shape, one) for one in names)), "")


def _keyed(whole: dict[str, Any]) -> str:
    """Of a JSON object that has an entry for every key."""
    value = next(iter(whole.values()), None)
    if isinstance(value, dict) and "timestamps" in value:
        return "YouCook2's dense captions" if is_youcook2(whole) else "ActivityNet's dense captions"
    if isinstance(value, int):
        return VOCABULARY
    if isinstance(value, str) and all(key.startswith("v_") for key in whole):
        return "paragraphs of ActivityNet"
    return "nothing known here"


def is_youcook2(whole: Any) -> bool:
    """Whether an object of dense captions is YouCook2's: whole seconds, and sentences without capital or full stop."""
    values = [value for value in whole.values() if isinstance(value, dict)] if isinstance(whole, dict) else []
    times = [time for value in values for span in _listed(value, "timestamps") for time in _listed(span)]
    sentences = [str(one).strip() for value in values for one in _listed(value, "sentences")]
    whole_seconds = all(isinstance(time, int | float) and float(time).is_integer() for time in times)
    bare = sum(one[:1].islower() and not one.endswith(".") for one in sentences)
    return bool(values) and whole_seconds and 2 * bare > len(sentences)


def _listed(value: Any, key: str = "") -> list[Any]:
    """A list, or that of an entry; empty where something else stands."""
    found = value.get(key) if key else value
    return found if isinstance(found, list) else []


def _bare(path: Path) -> str:
    """Of a file whose first line is no header."""
    if form(path) in (".json", ".jsonl", ".ndjson"):
        return "nothing known here"
    lines = read_cells(path)
    if not lines:
        return "an empty file"
    if len(lines[0][1]) == 6 and lines[0][1][1].count(":") == 2:
        return "LSMDC"
    if len(lines[0][1]) == 1:
        return BARE_LIST
    return "How2R or How2QA" if any(cell.startswith("[") for cell in lines[0][1]) else "nothing known here"

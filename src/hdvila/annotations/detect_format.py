"""Detect which benchmark an annotation file belongs to, for the error where another file was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hdvila.annotations.entries import extension, fields_of, read_cells, read_entries, read_json
from hdvila.errors import UsageError

__all__ = ["BARE_LIST", "LIST", "VOCABULARY", "check_video_ids", "detect_format", "is_youcook2", "wrong_file"]

VOCABULARY = "an answer vocabulary"
LIST = "a list of video ids"
BARE_LIST = "a list of ids"

_RETRIEVAL = "a retrieval jsonl of the official HD-VILA code"
_CLIPBERT_RETRIEVAL = "a retrieval jsonl of the official ClipBERT code"

_BY_FIELDS = (  # the first entry whose names the file has all
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
    ({"clip_name", "caption"}, _CLIPBERT_RETRIEVAL),
    ({"caption", "coco_id"}, "ClipBERT's captions of COCO"),
    ({"caption", "vg_id"}, "ClipBERT's captions of Visual Genome"),
    ({"question_id", "image_id", "question"}, "ClipBERT's questions of VQA"),
    ({"id", "regions"}, "Visual Genome's region descriptions"),
    ({"image_id", "coco_id"}, "Visual Genome's facts of its images"),
    ({"image_id", "caption"}, "results of captions on COCO"),
    ({"video", "frame_count"}, "NExT-QA"),
    ({"video", "question", "qid", "type"}, "HQGA's csv of MSRVTT-QA"),
    ({"relevant_windows"}, "QVHighlights"),
    ({"vid_name", "a0"}, "TVQA"),
    ({"desc_id"}, "moments of TVR or How2R"),
    ({"vid_name"}, "TVR, TVC or TVQA"),
    ({"question", "answer", "video_id", "category_id"}, "MSRVTT-QA"),
    ({"question", "answer", "video_id"}, "MSRVTT-QA or MSVD-QA"),
    ({"video_id"}, LIST),
)

_BY_KEYS = (  # as `_BY_FIELDS`, of a JSON object that is one record
    ({"questions", "data_subtype"}, "VQA 2.0's questions"),
    ({"annotations", "data_subtype"}, "VQA 2.0's annotations"),
    ({"images", "dataset"}, "Karpathy's split of COCO"),
    ({"images", "annotations"}, "COCO's annotations"),
)

_BY_IDS = (  # how each data set names its videos
    (r"video\d+", "MSR-VTT"),
    (r"vid\d+", "MSVD"),
    (r"v_[\w-]{11}", "ActivityNet Captions"),
    (r"\d+@N\d\d_\d+_\w+(\.\w*)?", "DiDeMo"),
    (r".+_\d\d\.\d\d\.\d\d\.\d{3}-\d\d\.\d\d\.\d\d\.\d{3}", "LSMDC"),
    (r"[\w-]{11}\.\d+(\.mp4)?", "HD-VILA-100M"),
)


def wrong_file(path: Path, wanted: str) -> UsageError:
    """The error that a file is not what was `wanted`; says what it looks like."""
    return UsageError(f"{path}: is not {wanted}, it looks like {detect_format(path)}; give the file of this benchmark")


def check_video_ids(path: Path, ids: Iterable[str], own: str) -> None:
    """Check that the videos of a file are not all named as in another data set than `own`.

    Several data sets share the same fields and differ only in how they name videos.

    Raises:
        UsageError: they are; says in which.
    """
    other = _owner(ids)
    if other and other != own:
        raise UsageError(
            f"{path}: is not a file of {own}: by the names of its videos it looks like {other}; "
            "give the file of this benchmark"
        )


def detect_format(path: Path) -> str:
    """Say what the file looks like, as a noun phrase for an error message."""
    try:
        if extension(path) == ".json" and isinstance(whole := read_json(path), dict) and "videos" not in whole:
            return _keyed(whole)
        names = fields_of(path)
        known = next((words for fields, words in _BY_FIELDS if fields <= names), "")
        if known in (_RETRIEVAL, _CLIPBERT_RETRIEVAL):
            key = "clip_id" if known == _RETRIEVAL else "clip_name"
            owner = _owner(str(entry.get(key)).rsplit("/", 1)[-1] for entry in read_entries(path))
            return f"{known} on {owner}" if owner else known
        return known or _bare(path)
    except UsageError:
        return "a damaged file"


def _owner(ids: Iterable[str]) -> str:
    """The data set whose names all these videos have; empty where there is none."""
    names = set(ids)
    return next((owner for shape, owner in _BY_IDS if names and all(re.fullmatch(shape, one) for one in names)), "")


def _keyed(whole: dict[str, Any]) -> str:
    """What a JSON object that maps names to values looks like."""
    if known := next((words for keys, words in _BY_KEYS if keys <= whole.keys()), ""):
        return known
    value = next(iter(whole.values()), None)
    if isinstance(value, dict) and "timestamps" in value:
        return "YouCook2's dense captions" if is_youcook2(whole) else "ActivityNet's dense captions"
    if isinstance(value, int):
        return VOCABULARY
    if isinstance(value, str) and all(key.startswith("v_") for key in whole):
        return "paragraphs of ActivityNet"
    return "no known format"


def is_youcook2(whole: Any) -> bool:
    """Whether dense captions are YouCook2's: whole seconds, sentences without capital letter and full stop."""
    values = [value for value in whole.values() if isinstance(value, dict)] if isinstance(whole, dict) else []
    times = [time for value in values for span in _listed(value, "timestamps") for time in _listed(span)]
    sentences = [str(one).strip() for value in values for one in _listed(value, "sentences")]
    whole_seconds = all(isinstance(time, int | float) and float(time).is_integer() for time in times)
    bare = sum(one[:1].islower() and not one.endswith(".") for one in sentences)
    return bool(values) and whole_seconds and 2 * bare > len(sentences)


def _listed(value: Any, key: str = "") -> list[Any]:
    """`value`, or `value[key]`, if it is a list; else an empty list."""
    found = value.get(key) if key else value
    return found if isinstance(found, list) else []


def _bare(path: Path) -> str:
    """What a file whose first line is not a known header looks like."""
    if extension(path) in (".json", ".jsonl", ".ndjson"):
        return "no known format"
    lines = read_cells(path)
    if not lines:
        return "an empty file"
    if len(lines[0][1]) == 6 and lines[0][1][1].count(":") == 2:
        return "LSMDC"
    if len(lines[0][1]) == 1:
        return BARE_LIST
    return "How2R or How2QA" if any(cell.startswith("[") for cell in lines[0][1]) else "no known format"

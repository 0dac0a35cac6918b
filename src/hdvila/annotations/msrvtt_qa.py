"""MSRVTT-QA and MSVD-QA (Xu et al. 2017): open questions whose answer is one word.

| file | video | id | type |
|---|---|---|---|
| train_qa.json, val_qa.json, test_qa.json: a list | `video_id`, a number | `id` | the question's first word |
| jsonl of ClipBERT and HERO | `video_id`, "video6513" | the line from 0 | `answer_type` |
| csv of HQGA | `video`, a number; no "?" | `qid`, the list's `id` | as above |

The category of a video is `category_id` in the first, `type` in the last. MSVD-QA's lists have no categories and its
videos the numbers 1 to 1970, which is how the two are told apart.

MSVD gave its videos out by YouTube id and seconds ("-4wsuPCjDBc_5_15.avi"). Its youtube_mapping.txt, a line
"-4wsuPCjDBc_5_15 vid1" for each, is read where it lies beside the annotations.

Many answers are words cut short ("coversation", "actres"): they are labels, and are compared as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hdvila.annotations.gather import counted, gather
from hdvila.annotations.recognise import VOCABULARY, looks_like, refuse, refuse_other_ids
from hdvila.annotations.records import Annotations, Part, Question, Split
from hdvila.annotations.tables import Row, fields_of, read_rows, read_text
from hdvila.errors import UsageError

__all__ = ["read_msrvtt_qa", "read_msvd_qa"]

_MSVD_VIDEOS = range(1, 1971)
_CATEGORY = "category_id", "type"
_MAPPING = "youtube_mapping.txt"


def read_msrvtt_qa(path: Path, split: Split) -> Annotations:
    """Questions about "video<number>".

    Raises:
        UsageError: another file (MSVD-QA has nearly the same form), or a broken record.
    """
    rows = _rows(path, "MSRVTT-QA", "video")
    if rows and all(_is_msvd(row) for row in rows):
        raise UsageError(
            f"{path}: is not MSRVTT-QA: its records have no category_id and its videos only the numbers of MSVD-QA's, "
            "so it looks like MSVD-QA; give the file of this benchmark"
        )
    return _read(path, rows, "video", {})


def read_msvd_qa(path: Path, split: Split) -> Annotations:
    """Questions about "vid<number>", whose file is called so, or as youtube_mapping.txt beside `path` has it.

    Raises:
        UsageError: another file (MSRVTT-QA has nearly the same form), or a broken record or line of the mapping.
    """
    rows = _rows(path, "MSVD-QA", "vid")
    if any(_name(row).isdecimal() and not _is_msvd(row) for row in rows):
        raise UsageError(
            f"{path}: is not MSVD-QA, which has no category_id and {len(_MSVD_VIDEOS):,} videos, numbered from 1; it "
            "looks like MSRVTT-QA; give the file of this benchmark"
        )
    return _read(path, rows, "vid", _files(path.parent / _MAPPING))


def _rows(path: Path, wanted: str, prefix: str) -> list[Row]:
    names = fields_of(path)
    asks = {"question", "answer"} <= names and not names & {"options", "frame_count"}
    if not asks or not names & {"video_id", "video"} or looks_like(path) == VOCABULARY:
        raise refuse(path, wanted)
    rows = read_rows(path)
    refuse_other_ids(path, map(_name, rows), {"video": "MSR-VTT", "vid": "MSVD"}[prefix])
    return rows


def _files(path: Path) -> dict[str, str]:
    """Video -> what its file is called; empty where there is no mapping."""
    files = {}
    for number, line in enumerate(read_text(path).split("\n") if path.is_file() else [], start=1):
        match line.split():
            case [file, video] if re.fullmatch(r"vid\d+", video):
                files[video] = file
            case [_, *_]:
                raise UsageError(
                    f"{path}, line {number}: is {line!r:.60}, where a file's name and vid<number> must stand"
                )
    return files


def _read(path: Path, rows: list[Row], prefix: str, files: Mapping[str, str]) -> Annotations:
    questions, parts = [], []
    for number, row in enumerate(rows):
        video_id = _video(row, prefix)
        own = next((name for name in ("id", "qid") if name in row.values), "")
        question = row.text("question")
        kind = row.text("answer_type") if "answer_type" in row.values else question.split(" ")[0].lower()
        name = row.text(own) if own else str(number)
        questions.append(Question(name, video_id, question, row.text("answer"), kind=kind))
        group = next((row.text(key) for key in _CATEGORY if key in row.values), "")
        parts.append(Part(video_id, files.get(video_id, ""), group=group))
    empty = sum(question.answer == "" for question in questions)
    note = counted(empty, "question has an empty answer", "questions have an empty answer")
    return gather(path, parts, questions=questions, notes=[note])


def _video(row: Row, prefix: str) -> str:
    name = _name(row)
    if name.isdecimal():
        return f"{prefix}{int(name)}"
    if not re.fullmatch(rf"{prefix}\d+", name):
        raise row.refuse(f"the video is {name!r}, where a number or {prefix}<number> must stand")
    return name


def _name(row: Row) -> str:
    return row.text("video_id" if "video_id" in row.values else "video")


def _is_msvd(row: Row) -> bool:
    """Of a record that names its video by a number: whether it can be of MSVD-QA."""
    name = _name(row)
    return "category_id" not in row.values and name.isdecimal() and int(name) in _MSVD_VIDEOS

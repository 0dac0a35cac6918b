"""Questions about MSR-VTT and MSVD: MSRVTT-QA, MSVD-QA, MSRVTT-MC.

**MSRVTT-QA and MSVD-QA** (Xu et al. 2017): open questions whose answer is one word.

| file | video | id | type |
|---|---|---|---|
| train_qa.json, val_qa.json, test_qa.json: a list | `video_id`, a number | `id` | the question's first word |
| jsonl of ClipBERT and HERO | `video_id`, "video6513" | the line from 0 | `answer_type` |
| csv of HQGA | `video`, a number; no "?" | `qid`, the list's `id` | as above |

The category of a video is `category_id` in the first, `type` in the last. MSVD-QA's lists have no categories,
and its videos are numbered 1 to 1970; that is how the two are told apart. MSVD's videos were released by
YouTube id and seconds ("-4wsuPCjDBc_5_15.avi"). Its youtube_mapping.txt has a line "-4wsuPCjDBc_5_15 vid1"
for each and is read where it lies beside the annotations. Many answers are truncated words ("coversation",
"actres"): they are labels and are compared verbatim.

**MSRVTT-MC** (Yu et al. 2018, JSFusion): which of five captions is the video's own? JSON lines: clip_name,
options (5), answer (from 0), and qid or none. The known rule: 2,990 questions, one for each test video of
MSR-VTT; one caption of the video and four drawn at random from those of other test videos. Unknown: which of
the 20 captions is the right one, and the draws. So questions that are built here make the same test by rule
and size, with other options; numbers on it are near those on the file that the papers used, but not equal.
Such annotations are `built`, and every table says so.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from pathlib import Path

from hdvila.annotations import hdvila_jsonl
from hdvila.annotations.detect_format import VOCABULARY, check_video_ids, detect_format, wrong_file
from hdvila.annotations.entries import Entry, extension, fields_of, read_entries, read_text
from hdvila.annotations.merge import count_note, merge
from hdvila.annotations.msrvtt import read_full
from hdvila.annotations.records import Annotations, BenchmarkVideo, Question, Split
from hdvila.errors import UsageError

__all__ = ["build_multiple_choice", "read_msrvtt_mc", "read_msrvtt_qa", "read_msvd_qa"]

_MSVD_VIDEOS = range(1, 1971)
_CATEGORY = "category_id", "type"
_MAPPING = "youtube_mapping.txt"
_OPTIONS = 5


def read_msrvtt_qa(path: Path, split: Split) -> Annotations:
    """Read questions about "video<number>".

    Raises:
        UsageError: another file (MSVD-QA has nearly the same fields), or a broken record.
    """
    entries = _qa_entries(path, "MSRVTT-QA", "video")
    if entries and all(_is_msvd(entry) for entry in entries):
        raise UsageError(
            f"{path}: is not MSRVTT-QA: its records have no category_id and its videos only the numbers of MSVD-QA's, "
            "so it looks like MSVD-QA; give the file of this benchmark"
        )
    return _read_qa(path, entries, "video", {})


def read_msvd_qa(path: Path, split: Split) -> Annotations:
    """Read questions about "vid<number>"; the files have these names, or those of youtube_mapping.txt beside
    `path`.

    Raises:
        UsageError: another file (MSRVTT-QA has nearly the same fields), or a broken record or line of the
            mapping.
    """
    entries = _qa_entries(path, "MSVD-QA", "vid")
    if any(_name(entry).isdecimal() and not _is_msvd(entry) for entry in entries):
        raise UsageError(
            f"{path}: is not MSVD-QA, which has no category_id and {len(_MSVD_VIDEOS):,} videos, numbered from 1; it "
            "looks like MSRVTT-QA; give the file of this benchmark"
        )
    return _read_qa(path, entries, "vid", _files(path.parent / _MAPPING))


def read_msrvtt_mc(path: Path, split: Split) -> Annotations:
    """Read the questions of a file, or build them from MSR-VTT's own json with seed 0.

    Raises:
        UsageError: another file, or a broken record.
    """
    names = fields_of(path)
    if extension(path) == ".json" and {"videos", "sentences"} <= names:
        return build_multiple_choice(read_full(path, split))
    if not {"clip_name", "options", "answer"} <= names:
        raise wrong_file(path, "MSRVTT-MC")
    found = hdvila_jsonl.read_questions(path)
    check_video_ids(path, (video.video_id for video in found.videos), "MSR-VTT")
    return found


def build_multiple_choice(annotations: Annotations, seed: int = 0) -> Annotations:
    """Draw one question a video: a caption of it and four of other videos, in random order.

    The four are of four different videos, and none equals a caption of the video asked about. The draws of a
    video depend on the seed and the annotations only.

    Raises:
        UsageError: captions of fewer than five videos, or too few that differ.
    """
    captions_of: dict[str, list[str]] = {}
    for caption in annotations.captions:
        captions_of.setdefault(caption.video_id, []).append(caption.text)
    videos = list(captions_of)
    if len(videos) < _OPTIONS:
        raise UsageError(f"multiple choice needs captions of {_OPTIONS} videos or more, and there are {len(videos)}")
    questions = []
    for number, video_id in enumerate(videos):
        draw = random.Random(f"{seed}/{video_id}")
        right = draw.choice(captions_of[video_id])
        wrong: dict[str, str] = {}
        for other in draw.sample(videos, len(videos)):
            text = draw.choice(captions_of[other])
            if other != video_id and text not in captions_of[video_id] and text not in wrong.values():
                wrong[other] = text
            if len(wrong) == _OPTIONS - 1:
                break
        else:
            raise UsageError(f"video {video_id}: too few captions of other videos differ from its own to choose among")
        answer = draw.randrange(_OPTIONS)
        options = list(wrong.values())
        options.insert(answer, right)
        questions.append(Question(str(number), video_id, "", answer, tuple(options)))
    note = f"{len(questions):,} questions were built from captions by rule, with seed {seed}: not the papers' draws"
    return Annotations(annotations.videos, questions=tuple(questions), notes=(*annotations.notes, note), built=True)


def _qa_entries(path: Path, wanted: str, prefix: str) -> list[Entry]:
    names = fields_of(path)
    asks = {"question", "answer"} <= names and not names & {"options", "frame_count"}
    if not asks or not names & {"video_id", "video"} or detect_format(path) == VOCABULARY:
        raise wrong_file(path, wanted)
    entries = read_entries(path)
    check_video_ids(path, map(_name, entries), {"video": "MSR-VTT", "vid": "MSVD"}[prefix])
    return entries


def _read_qa(path: Path, entries: list[Entry], prefix: str, files: Mapping[str, str]) -> Annotations:
    questions, videos = [], []
    for number, entry in enumerate(entries):
        video_id = _video_id(entry, prefix)
        own = next((name for name in ("id", "qid") if name in entry.values), "")
        question = entry.text("question")
        kind = entry.text("answer_type") if "answer_type" in entry.values else question.split(" ")[0].lower()
        question_id = entry.text(own) if own else str(number)
        questions.append(Question(question_id, video_id, question, entry.text("answer"), kind=kind))
        group = next((entry.text(key) for key in _CATEGORY if key in entry.values), "")
        videos.append(BenchmarkVideo(video_id, files.get(video_id, ""), group=group))
    empty = sum(question.answer == "" for question in questions)
    note = count_note(empty, "question has an empty answer", "questions have an empty answer")
    return merge(path, videos, questions=questions, notes=[note])


def _files(path: Path) -> dict[str, str]:
    """Map each video to the name of its file; empty where there is no mapping."""
    files = {}
    for number, line in enumerate(read_text(path).split("\n") if path.is_file() else [], start=1):
        match line.split():
            case [file, video] if re.fullmatch(r"vid\d+", video):
                files[video] = file
            case [_, *_]:
                raise UsageError(f"{path}, line {number}: is {line!r:.60}, but must be a file name and vid<number>")
    return files


def _video_id(entry: Entry, prefix: str) -> str:
    name = _name(entry)
    if name.isdecimal():
        return f"{prefix}{int(name)}"
    if not re.fullmatch(rf"{prefix}\d+", name):
        raise entry.error(f"the video is {name!r}, but must be a number or {prefix}<number>")
    return name


def _name(entry: Entry) -> str:
    return entry.text("video_id" if "video_id" in entry.values else "video")


def _is_msvd(entry: Entry) -> bool:
    """Whether an entry that names its video by a number can be one of MSVD-QA."""
    name = _name(entry)
    return "category_id" not in entry.values and name.isdecimal() and int(name) in _MSVD_VIDEOS

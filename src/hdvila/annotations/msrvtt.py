"""MSR-VTT (Xu et al. 2016): 10,000 clips of 10-30 s with 20 captions each; 1k-A is the test of Yu et al.
2018.

| file | columns or keys | read from it |
|---|---|---|
| MSRVTT_JSFUSION_test.csv | key, vid_key, video_id, sentence | 1,000 pairs (the 1k-A test) |
| videodatainfo json | videos: video_id, category, split; sentences: sen_id, video_id, caption | captions of a split |
| MSRVTT_train.9k.csv, train_list_jsfusion.txt, ... | video_id, or no header | ids; captions from the json beside |

"start time" and "end time" of the json are those of the YouTube video from which the clip was cut. The clips
were released cut (video123.mp4), so the times are dropped. The split is spelled val or validate, depending on
the release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hdvila.annotations import hdvila_jsonl
from hdvila.annotations.detect_format import BARE_LIST, LIST, check_video_ids, detect_format, wrong_file
from hdvila.annotations.entries import Entry, entry_of, extension, fields_of, first_fields, read_entries, read_json
from hdvila.annotations.merge import count_note, merge
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Split
from hdvila.errors import UsageError

__all__ = ["read_1ka", "read_1ka_7k", "read_full"]

_SPLITS = {"train": "train", "val": "validation", "validate": "validation", "validation": "validation", "test": "test"}
_CAPTIONS = ("MSRVTT_data.json", "*videodatainfo*.json", "msrvtt*.json")
_A_VIDEO = 20  # captions


def read_1ka(path: Path, split: Split) -> Annotations:
    """Read the 1k-A split: the test pairs, or a list of training videos with all their captions.

    Raises:
        UsageError: another file, a broken line, or captions that cannot be found.
    """
    return _read_1ka(path, split, _Beside(path))


def read_1ka_7k(path: Path, split: Split) -> Annotations:
    """Read the 1k-A split whose list of 7,010 training videos has none of MSR-VTT's own test videos.

    Raises:
        UsageError: as `read_1ka`, and for the list of 9,000 videos.
    """
    beside = _Beside(path)
    found = _read_1ka(path, split, beside)
    return found if split == "test" else _check_no_test_videos(path, found, beside)


def _read_1ka(path: Path, split: Split, beside: _Beside) -> Annotations:
    if {"video_id", "sentence"} <= beside.own_fields:
        if split != "test":
            raise wrong_file(path, "a list of videos to train on")
        return _pairs(path, beside)
    if extension(path) == ".jsonl":
        return hdvila_jsonl.read_retrieval(path, "MSR-VTT")
    if split == "test":
        raise wrong_file(path, "the list of test pairs (MSRVTT_JSFUSION_test.csv or test1ka.jsonl)")
    return _from_json(path, split, beside) if extension(path) == ".json" else _from_list(path, beside)


def read_full(path: Path, split: Split) -> Annotations:
    """Read the original split: every caption of every video is a query.

    Raises:
        UsageError: another file, a broken line, captions that cannot be found, or test videos in a training
            list.
    """
    if extension(path) == ".jsonl":
        found = hdvila_jsonl.read_retrieval(path, "MSR-VTT")
        if len(found.captions) == len(found.videos):
            raise wrong_file(path, f"the captions of the full split, {_A_VIDEO} a video")
        return found if split == "test" else _check_no_test_videos(path, found, _Beside(path))
    if extension(path) == ".json":
        return _from_json(path, split, _Beside(path))
    if "sentence" in fields_of(path):
        raise wrong_file(path, "the captions of the full split")
    beside = _Beside(path)
    found = _from_list(path, beside)
    return found if split == "test" else _check_no_test_videos(path, found, beside)


class _Beside:
    """A file, and the json files of MSR-VTT in its folder, among which it may be itself; each json is parsed once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def own_fields(self) -> frozenset[str]:
        """As `fields_of` the file."""
        return fields_of(self._path) if extension(self._path) != ".json" else first_fields(self._own_json)

    @cached_property
    def own(self) -> _Content:
        """Of the file itself.

        Raises:
            UsageError: it is broken, or not MSR-VTT's json.
        """
        return _content(self._path, self._own_json)

    @cached_property
    def _own_json(self) -> Any:
        return read_json(self._path)

    @cached_property
    def contents(self) -> list[_Content]:
        """Of each json of MSR-VTT in the folder.

        Raises:
            UsageError: one of them is broken.
        """
        patterns = [pattern + end for pattern in _CAPTIONS for end in ("", ".gz")]
        found = [file for pattern in patterns for file in sorted(self._path.parent.glob(pattern)) if file.is_file()]
        own = self._path.name
        read = ((file, self._own_json if file.name == own else read_json(file)) for file in dict.fromkeys(found))
        return [
            self.own if file.name == own else _content(file, whole)
            for file, whole in read
            if isinstance(whole, dict) and {"videos", "sentences"} <= whole.keys()
        ]


def _pairs(path: Path, beside: _Beside) -> Annotations:
    entries = read_entries(path)
    named = "key" in fields_of(path)
    captions = [
        Caption(entry.text("key") if named else str(number), entry.text("video_id"), entry.text("sentence"))
        for number, entry in enumerate(entries)
    ]
    check_video_ids(path, [one.video_id for one in captions], "MSR-VTT")
    if odd := next((entry for entry in entries if not re.fullmatch(r"video\d+", entry.text("video_id"))), None):
        raise odd.error(f"the video_id is {odd.get('video_id')!r}, but must be video and a number")
    group, note = _categories(beside)
    videos = (BenchmarkVideo(one.video_id, group=group.get(one.video_id, "")) for one in captions)
    return merge(path, videos, captions, notes=[note])


def _categories(beside: _Beside) -> tuple[dict[str, str], str]:
    """The category of each video, from the json beside the pairs; a broken json is only a note."""
    try:
        return {video.video_id: video.group for videos, _ in beside.contents for video, _ in videos}, ""
    except UsageError as error:
        return {}, f"the categories of the videos are unknown: {error}"


def _from_json(path: Path, split: Split, beside: _Beside) -> Annotations:
    videos, captions = beside.own
    chosen = {video.video_id: video for video, where in videos if where == split}
    if not chosen:
        others = ", ".join(sorted({where for _, where in videos}))
        raise UsageError(f"{path}: none of its {len(videos):,} videos is in the {split} split, only in {others}")
    known = {video.video_id for video, _ in videos}
    dropped = count_note(
        sum(caption.video_id not in known for caption in captions),
        "caption of a video that is not listed was dropped",
        "captions of videos that are not listed were dropped",
    )
    return _chosen(path, list(chosen.values()), captions, dropped)


def _from_list(path: Path, beside: _Beside) -> Annotations:
    if detect_format(path) not in (LIST, BARE_LIST):
        raise wrong_file(path, "a list of MSR-VTT's videos")
    entries = read_entries(path) if "video_id" in fields_of(path) else read_entries(path, ["video_id"])
    ids = [entry.text("video_id") for entry in entries]
    check_video_ids(path, ids, "MSR-VTT")
    listed: dict[str, BenchmarkVideo] = {}
    captions: list[Caption] = []
    for videos, texts in beside.contents:
        fresh = {video.video_id: video for video, _ in videos if video.video_id not in listed}
        captions += [caption for caption in texts if caption.video_id in fresh]
        listed |= fresh
    missing = [video_id for video_id in ids if video_id not in listed]
    if missing:
        raise UsageError(
            f"{path}: its captions come from MSR-VTT's json (MSRVTT_data.json, videodatainfo*.json), and the files "
            f"beside it have none for {len(missing):,} of {len(ids):,} videos, such as {missing[0]}; put the json there"
        )
    return _chosen(path, [listed[video_id] for video_id in ids], captions)


def _check_no_test_videos(path: Path, found: Annotations, beside: _Beside) -> Annotations:
    """Return `found` if none of its videos is a test video in the json beside; the list of 9,000 has some.

    Without such a json, a note says that nothing was checked.
    """
    if not beside.contents and extension(path) != ".json":
        note = (
            f"whether {path.name} has videos of MSR-VTT's own test was not checked: that takes MSR-VTT's json "
            "(MSRVTT_data.json, videodatainfo*.json) beside it"
        )
        return replace(found, notes=(*found.notes, note))
    test = {video.video_id for videos, _ in beside.contents for video, where in videos if where == "test"}
    wrong = [video.video_id for video in found.videos if video.video_id in test]
    if wrong:
        raise UsageError(
            f"{path}: {len(wrong):,} of its {len(found.videos):,} videos, such as {wrong[0]}, are in MSR-VTT's own "
            "test, so it looks like the list of 9,000 videos; give the list of this split"
        )
    return found


def _chosen(path: Path, videos: Sequence[BenchmarkVideo], captions: Sequence[Caption], *notes: str) -> Annotations:
    """The captions of the chosen videos; ids that two files share are prefixed with the video's name."""
    wanted = {video.video_id for video in videos}
    kept = [caption for caption in captions if caption.video_id in wanted]
    if len({caption.query_id for caption in kept}) < len(kept):
        kept = [Caption(f"{one.video_id}/{one.query_id}", one.video_id, one.text) for one in kept]
    times = dict.fromkeys(wanted, 0)
    for caption in kept:
        times[caption.video_id] += 1
    odd = sum(count != _A_VIDEO for count in times.values())
    note = count_note(odd, f"video does not have {_A_VIDEO} captions", f"videos do not have {_A_VIDEO} captions")
    return merge(path, videos, kept, notes=(*notes, note))


_Content = tuple[list[tuple[BenchmarkVideo, str]], list[Caption]]
"""The videos of a json with their splits, and all captions, in the file's order."""


def _content(path: Path, whole: object) -> _Content:
    if not isinstance(whole, dict) or not all(isinstance(whole.get(key), list) for key in ("videos", "sentences")):
        raise wrong_file(path, "MSR-VTT's json")
    videos = []
    for entry in _entries(path, "videos", whole["videos"]):
        split = _SPLITS.get(entry.text("split"))
        if split is None:
            raise entry.error(f"the split {entry.get('split')!r} is not one of {', '.join(_SPLITS)}")
        videos.append((BenchmarkVideo(entry.text("video_id"), group=str(entry.values.get("category", ""))), split))
    captions = [
        Caption(entry.text("sen_id"), entry.text("video_id"), entry.text("caption"))
        for entry in _entries(path, "sentences", whole["sentences"])
    ]
    return videos, captions


def _entries(path: Path, key: str, values: Sequence[object]) -> list[Entry]:
    return [entry_of(f"{path}, {key} {number}", value) for number, value in enumerate(values, start=1)]

"""MSR-VTT (Xu et al. 2016): 10,000 clips of 10-30 s, 20 captions each.

| file | columns or keys | what is read |
|---|---|---|
| MSRVTT_JSFUSION_test.csv | key, vid_key, video_id, sentence | 1,000 pairs (the 1k-A test, Yu et al. 2018) |
| videodatainfo json | videos: video_id, category, split; sentences: sen_id, video_id, caption | a split's captions |
| MSRVTT_train.9k.csv, train_list_jsfusion.txt, ... | video_id, or no header | ids; captions from the json beside |

"start time" and "end time" of the json are those of the YouTube video from which the clip was cut; the clips that were
given out (video123.mp4) are whole, so no times are passed on. The split is spelled val or validate, by release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hdvila.annotations import official
from hdvila.annotations.gather import counted, gather
from hdvila.annotations.recognise import BARE_LIST, LIST, looks_like, refuse, refuse_other_ids
from hdvila.annotations.records import Annotations, Caption, Part, Split
from hdvila.annotations.tables import Row, fields_of, form, read_json, read_rows
from hdvila.errors import UsageError

__all__ = ["read_1ka", "read_1ka_7k", "read_full"]

_SPLITS = {"train": "train", "val": "validation", "validate": "validation", "validation": "validation", "test": "test"}
_CAPTIONS = ("MSRVTT_data.json", "*videodatainfo*.json", "msrvtt*.json")
_A_VIDEO = 20  # captions


def read_1ka(path: Path, split: Split) -> Annotations:
    """The 1k-A protocol: the test pairs with their one caption each, or a list of training videos with all of theirs.

    Raises:
        UsageError: another file, a broken line, or captions that are not to be found.
    """
    if {"video_id", "sentence"} <= fields_of(path):
        if split != "test":
            raise refuse(path, "a list of videos to train on")
        return _pairs(path)
    if form(path) == ".jsonl":
        return official.read_retrieval(path, "MSR-VTT")
    if split == "test":
        raise refuse(path, "the list of test pairs (MSRVTT_JSFUSION_test.csv or test1ka.jsonl), which alone says which")
    return _from_json(path, split) if form(path) == ".json" else _from_list(path)


def read_1ka_7k(path: Path, split: Split) -> Annotations:
    """The same with the list of 7,010 training videos, none of which is of MSR-VTT's own test.

    Raises:
        UsageError: as `read_1ka`, and the list of 9,000 videos.
    """
    found = read_1ka(path, split)
    return found if split == "test" else _refusing_test(path, found)


def read_full(path: Path, split: Split) -> Annotations:
    """The original split: every caption of every video of it is a query.

    Raises:
        UsageError: another file, a broken line, captions that are not to be found, or a list for training that holds
            videos of the test.
    """
    if form(path) == ".jsonl":
        found = official.read_retrieval(path, "MSR-VTT")
        if len(found.captions) == len(found.videos):
            raise refuse(path, f"the captions of the full split, {_A_VIDEO} a video")
        return found
    if form(path) == ".json":
        return _from_json(path, split)
    if "sentence" in fields_of(path):
        raise refuse(path, "the captions of the full split")
    found = _from_list(path)
    return found if split == "test" else _refusing_test(path, found)


def _pairs(path: Path) -> Annotations:
    rows = read_rows(path)
    named = "key" in fields_of(path)
    captions = [
        Caption(row.text("key") if named else str(number), row.text("video_id"), row.text("sentence"))
        for number, row in enumerate(rows)
    ]
    refuse_other_ids(path, [one.video_id for one in captions], "MSR-VTT")
    if strange := next((row for row in rows if not re.fullmatch(r"video\d+", row.text("video_id"))), None):
        raise strange.refuse(f"the video_id is {strange.get('video_id')!r}, where video and a number must stand")
    group, note = _categories(path)
    parts = (Part(one.video_id, group=group.get(one.video_id, "")) for one in captions)
    return gather(path, parts, captions, notes=[note])


def _categories(path: Path) -> tuple[dict[str, str], str]:
    """Of the videos, by what lies beside a list of pairs; the pairs are whole without, so a broken file is a note."""
    try:
        return {part.video_id: part.group for file in _captions_beside(path) for part, _ in _parse(file)[0]}, ""
    except UsageError as error:
        return {}, f"the categories of the videos are not known: {error}"


def _from_json(path: Path, split: Split) -> Annotations:
    videos, captions = _parse(path)
    chosen = {part.video_id: part for part, where in videos if where == split}
    if not chosen:
        there = ", ".join(sorted({where for _, where in videos}))
        raise UsageError(f"{path}: none of its {len(videos):,} videos is of the {split} split, only of {there}")
    known = {part.video_id for part, _ in videos}
    lost = sum(caption.video_id not in known for caption in captions)
    return _chosen(path, list(chosen.values()), captions, counted(lost, *_STRANGE))


_STRANGE = ("caption of a video that is not listed is left out", "captions of videos that are not listed are left out")


def _from_list(path: Path) -> Annotations:
    if looks_like(path) not in (LIST, BARE_LIST):
        raise refuse(path, "a list of MSR-VTT's videos")
    rows = read_rows(path) if "video_id" in fields_of(path) else read_rows(path, ["video_id"])
    ids = [row.text("video_id") for row in rows]
    refuse_other_ids(path, ids, "MSR-VTT")
    parts: dict[str, Part] = {}
    captions: list[Caption] = []
    for file in _captions_beside(path):
        videos, said = _parse(file)
        fresh = {part.video_id: part for part, _ in videos if part.video_id not in parts}
        captions += [caption for caption in said if caption.video_id in fresh]
        parts |= fresh
    missing = [video_id for video_id in ids if video_id not in parts]
    if missing:
        raise UsageError(
            f"{path}: its captions stand in MSR-VTT's json (MSRVTT_data.json, videodatainfo*.json), and what lies "
            f"beside it has none for {len(missing):,} of {len(ids):,} videos, such as {missing[0]}; put the json there"
        )
    return _chosen(path, [parts[video_id] for video_id in ids], captions)


def _refusing_test(path: Path, found: Annotations) -> Annotations:
    """What was found, if the json beside counts none of its videos to the test; another list is longer by such."""
    tested = {part.video_id for file in _captions_beside(path) for part, where in _parse(file)[0] if where == "test"}
    wrong = [part.video_id for part in found.videos if part.video_id in tested]
    if wrong:
        raise UsageError(
            f"{path}: {len(wrong):,} of its {len(found.videos):,} videos, such as {wrong[0]}, are of MSR-VTT's own "
            "test, so it looks like the list of 9,000 videos; give the list of this split"
        )
    return found


def _captions_beside(path: Path) -> list[Path]:
    patterns = [pattern + end for pattern in _CAPTIONS for end in ("", ".gz")]
    found = [file for pattern in patterns for file in sorted(path.parent.glob(pattern)) if file.is_file()]
    return [file for file in dict.fromkeys(found) if {"videos", "sentences"} <= fields_of(file)]


def _chosen(path: Path, videos: Sequence[Part], captions: Sequence[Caption], *notes: str) -> Annotations:
    """The captions of the chosen videos; sentence ids that two files share get the video's name before them."""
    wanted = {part.video_id for part in videos}
    kept = [caption for caption in captions if caption.video_id in wanted]
    if len({caption.query_id for caption in kept}) < len(kept):
        kept = [Caption(f"{one.video_id}/{one.query_id}", one.video_id, one.text) for one in kept]
    times = dict.fromkeys(wanted, 0)
    for caption in kept:
        times[caption.video_id] += 1
    odd = sum(count != _A_VIDEO for count in times.values())
    words = f"video has not {_A_VIDEO} captions", f"videos have not {_A_VIDEO} captions"
    return gather(path, videos, kept, notes=(*notes, counted(odd, *words)))


def _parse(path: Path) -> tuple[list[tuple[Part, str]], list[Caption]]:
    """The videos of a json with their splits, and all captions, in the order in which they stand."""
    whole = read_json(path)
    if not isinstance(whole, dict) or not all(isinstance(whole.get(key), list) for key in ("videos", "sentences")):
        raise refuse(path, "MSR-VTT's json")
    videos = []
    for row in _rows(path, "videos", whole["videos"]):
        split = _SPLITS.get(row.text("split"))
        if split is None:
            raise row.refuse(f"the split {row.get('split')!r} is none of {', '.join(_SPLITS)}")
        videos.append((Part(row.text("video_id"), group=str(row.values.get("category", ""))), split))
    captions = [
        Caption(row.text("sen_id"), row.text("video_id"), row.text("caption"))
        for row in _rows(path, "sentences", whole["sentences"])
    ]
    return videos, captions


def _rows(path: Path, key: str, entries: Sequence[object]) -> list[Row]:
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise UsageError(f"{path}, {key} {number}: holds {entry!r:.60}, where a record must stand")
    return [Row(f"{path}, {key} {number}", entry) for number, entry in enumerate(entries, start=1)]  # type: ignore[arg-type]

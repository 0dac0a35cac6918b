"""Benchmarks of captioned short clips, one event each: MSR-VTT (with MSRVTT-QA and MSRVTT-MC) and LSMDC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from hdvila.lab.benchmarks.files import as_json, as_table
from hdvila.lab.benchmarks.questions import one_word_files
from hdvila.lab.benchmarks.video_specs import Benchmark, VideoSpec, caption, sentence
from hdvila.miniature.folder import as_lines
from hdvila.miniature.script import Script
from hdvila.miniature.world import WorldConfig

__all__ = ["LSMDC", "MSRVTT"]

_CAPTIONS = 20  # a video, as in MSR-VTT
_OPTIONS = 5
_SPLITS = {"train": "train", "validation": "validate", "test": "test"}


def _msrvtt(videos: Sequence[VideoSpec], seed: int) -> dict[str, str]:
    """The files of MSR-VTT with its 1k-A test, of MSRVTT-QA and of MSRVTT-MC, all about the same videos.

    MSRVTT_data.json with 20 captions a video; MSRVTT_JSFUSION_test.csv, its test videos again as pairs; lists of
    training videos with (9k) and without (7k) those of validation; train, val and test questions; and a choice of five
    captions for each test video.
    """
    said = {video.stem: _captions(video, seed) for video in videos}
    tested = [video for video in videos if video.split == "test"]
    pairs = [
        {"key": f"ret{n}", "vid_key": f"msr{video.number}", "video_id": video.stem, "sentence": said[video.stem][0]}
        for n, video in enumerate(tested)
    ]
    return {
        "MSRVTT_data.json": as_json(_videodatainfo(videos, said, seed)),
        "MSRVTT_JSFUSION_test.csv": as_table(["key", "vid_key", "video_id", "sentence"], pairs),
        "MSRVTT_train.9k.csv": _list(video for video in videos if video.split != "test"),
        "MSRVTT_train.7k.csv": _list(video for video in videos if video.split == "train"),
        **one_word_files(videos, seed, lambda one: one.number, lambda one: {"category_id": one.script.category}),
        "msrvtt_mc_test.jsonl": as_lines(_choices(tested, said, seed)),
    }


def _captions(video: VideoSpec, seed: int) -> list[str]:
    rng = Random(f"hdvila captions {seed} {video.stem}")
    return [caption(video.script.category, video.script.events[0], rng) for _ in range(_CAPTIONS)]


def _videodatainfo(videos: Sequence[VideoSpec], said: dict[str, list[str]], seed: int) -> dict[str, Any]:
    """As in the original, sentences are in random order, not grouped by video."""
    listed = [
        {
            "category": video.script.category,
            "url": "",
            "video_id": video.stem,
            "start time": 0.0,
            "end time": video.script.length,
            "split": _SPLITS[video.split],
            "id": video.number,
        }
        for video in videos
    ]
    pairs = [(stem, text) for stem, texts in said.items() for text in texts]
    sentences = [{"video_id": stem, "sen_id": n, "caption": text} for n, (stem, text) in enumerate(pairs)]
    Random(f"hdvila sentences {seed}").shuffle(sentences)
    return {"info": {"description": "MSR-VTT in miniature"}, "videos": listed, "sentences": sentences}


def _list(videos: Iterable[VideoSpec]) -> str:
    return as_table(["video_id"], ({"video_id": video.stem} for video in videos))


def _choices(videos: Sequence[VideoSpec], said: dict[str, list[str]], seed: int) -> list[dict[str, Any]]:
    """For each video one of its captions and four of other videos that it does not have itself."""
    records = []
    for number, video in enumerate(videos):
        rng = Random(f"hdvila choice {seed} {video.stem}")
        others = [other for other in videos if other is not video]
        wrong: list[str] = []
        while len(wrong) < _OPTIONS - 1:
            text = rng.choice(said[rng.choice(others).stem])
            if text not in said[video.stem] and text not in wrong:
                wrong.append(text)
        answer = rng.randrange(_OPTIONS)
        options = [*wrong[:answer], rng.choice(said[video.stem]), *wrong[answer:]]
        records.append({"qid": number, "clip_name": video.stem, "options": options, "answer": answer})
    return records


MSRVTT = Benchmark(
    first_script=1_000_000,
    stem=lambda number, script: f"video{number}",
    files=_msrvtt,
    config=WorldConfig(events=(1, 1)),
)

_CLIPS_OF_A_FILM = 20
_APART = 90.0  # seconds from one clip of a film to the next
_LSMDC_FILES = {
    "train": "LSMDC16_annos_training.csv",
    "validation": "LSMDC16_annos_val.csv",
    "test": "LSMDC16_challenge_1000_publictect.csv",
}


def _lsmdc(videos: Sequence[VideoSpec], seed: int) -> dict[str, str]:
    """Training, validation and test: tab-separated, no header, times as aligned and as extracted.

    Some clips of validation have a second sentence.
    """
    lines: dict[str, list[str]] = {split: [] for split in _LSMDC_FILES}
    for video in videos:
        rng = Random(f"hdvila lsmdc {seed} {video.stem}")
        times = 2 * [",".join(time.replace(".", ":", 2).split(".")) for time in _film_times(video.number, video.script)]
        for _ in range(2 if video.split == "validation" and rng.random() < 0.3 else 1):
            said = sentence(video.script.category, video.script.events[0], rng)
            lines[video.split].append("\t".join([video.stem, *times, said]) + "\r\n")
    return {_LSMDC_FILES[split]: "".join(rows) for split, rows in lines.items()}


def _film_clip(number: int, script: Script) -> str:
    """Film, start and end in it, as clips of LSMDC are named."""
    film = number // _CLIPS_OF_A_FILM
    return f"{5001 + film}_Miniature_{film}_{'-'.join(_film_times(number, script))}"


def _film_times(number: int, script: Script) -> list[str]:
    start = 60 + number % _CLIPS_OF_A_FILM * _APART
    return [_stamp(start), _stamp(start + script.length)]


def _stamp(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}.{whole // 60 % 60:02d}.{whole % 60:02d}.{thousandths:03d}"


LSMDC = Benchmark(
    first_script=5_000_000,
    stem=_film_clip,
    files=_lsmdc,
    config=WorldConfig(events=(1, 1)),
)

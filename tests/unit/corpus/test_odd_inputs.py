"""Awkward inputs as people have them, each with its right answer: names of subtitles, lists, languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hdvila.corpus import ClipPlan, CorpusOptions, collect, plan_video

ODD = Path(__file__).parents[2] / "odd"
ANY = CorpusOptions(min_height=60, language="any")
BESIDE = {
    "plain": ["plain.srt"],
    "facts": ["facts.en.vtt", "facts.json", "facts.txt"],
    "takeout": ["takeout.en.srt", "takeout.mp4.json"],
    "takeout_new": ["takeout_new.en.vtt", "takeout_new.json", "takeout_new.mp4.supplemental-metadata.json"],
    "café": ["cafe\u0301.srt"],
    "translated": ["translated.aa.vtt", "translated.en-de.vtt", "translated.en.vtt"],
    "empty_first": ["empty_first.en.vtt", "empty_first.srt"],
    "error_page": ["error_page.en.srt", "error_page.vtt"],
    "deaf": ["deaf.en.sdh.srt"],
    "bracket [aB-_1]": [f"bracket [aB-_1].{end}" for end in ("en-orig.vtt", "info.json", "live_chat.json")],
    "spelled": ["spelled.English.srt"],
}


def plan_of(source: Path, video: str) -> ClipPlan:
    videos, failures = collect(source)
    assert not failures
    plan = plan_video(next(one for one in videos if one.video_id == video), ANY)
    assert isinstance(plan, ClipPlan), plan
    return plan


@pytest.mark.parametrize("stem", BESIDE)
def test_the_words_of_a_video_are_those_of_its_best_file(tmp_path: Path, stem: str) -> None:
    shutil.copy(ODD / "names" / "plain.mp4", tmp_path / f"{stem}.mp4")
    for name in BESIDE[stem]:
        shutil.copy(ODD / "names" / name, tmp_path)
    plan = plan_of(tmp_path, stem)
    assert "proper" in plan.clips[0].text

"""Awkward inputs as people have them, each with its right answer: names of subtitles, lists, languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hdvila.corpus import ClipPlan, CorpusOptions, SourceVideo, collect, plan_video
from hdvila.corpus.choice.filter import check

ODD = Path(__file__).parents[2] / "odd"
ANY = CorpusOptions(min_height=60, language="any", target_seconds=0)
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


def test_what_was_left_out_of_the_words_goes_with_the_video(tmp_path: Path) -> None:
    shutil.copy(ODD / "names" / "plain.mp4", tmp_path / "cut.mp4")
    whole = (ODD / "names" / "plain.srt").read_text()
    (tmp_path / "cut.srt").write_text(f"{whole.rstrip()}\n\n9\n00:00:3")
    videos, _ = collect(tmp_path)
    passed = check(videos[0], ANY)
    assert isinstance(passed, SourceVideo)
    assert ["without a time" in note for note in passed.notes] == [True]


@pytest.mark.parametrize("stem", BESIDE)
def test_the_words_of_a_video_are_those_of_its_best_file(tmp_path: Path, stem: str) -> None:
    shutil.copy(ODD / "names" / "plain.mp4", tmp_path / f"{stem}.mp4")
    for name in BESIDE[stem]:
        shutil.copy(ODD / "names" / name, tmp_path)
    plan = plan_of(tmp_path, stem)
    assert "proper" in plan.clips[0].text


SENTENCES = {
    "zh.srt": "今天我们来做一道很好吃的菜。 先把米洗干净放进锅里面。 然后加两杯水盖上盖子。 等二十分钟就可以吃了。"
    " 最后撒一点葱花在上面。 谢谢大家收看我们的节目。",
    "ja_dense.srt": "今日はとても簡単な料理を作ります。 まずお米をきれいに洗ってください。 それから水を二杯入れます。"
    " 二十分待てば食べられます。 最後にネギを少しのせます。 ご覧いただきありがとうございました。",
    "th_dense.srt": "วันนี้เราจะทำอาหารที่อร่อยมาก ก่อนอื่นล้างข้าวให้สะอาด จากนั้นเติมน้ำสองถ้วย รอยี่สิบนาทีก็กินได้แล้ว"
    " สุดท้ายโรยต้นหอมเล็กน้อย ขอบคุณทุกท่านที่รับชม",
    "ko.srt": "오늘은_아주_맛있는_요리를_만들어_봅시다. 먼저_쌀을_깨끗하게_씻어_주세요. 그리고_물을_두_컵_넣습니다."
    " 이십_분_기다리면_먹을_수_있습니다. 마지막으로_파를_조금_올립니다. 시청해_주셔서_정말_감사합니다.",
}


SENTENCES["zh_characters.json"] = SENTENCES["zh.srt"]


@pytest.mark.parametrize("name", SENTENCES)
def test_each_sentence_is_a_clip_and_written_as_its_script_is(tmp_path: Path, name: str) -> None:
    shutil.copy(ODD / "languages" / "minute.mp4", tmp_path / "talk.mp4")
    shutil.copy(ODD / "languages" / name, tmp_path / f"talk.{name.split('.')[1]}")
    plan = plan_of(tmp_path, "talk")
    assert [clip.text for clip in plan.clips] == [one.replace("_", " ") for one in SENTENCES[name].split(" ")]
    assert plan.left_out == {}


@pytest.mark.parametrize("name", ["semicolons.csv", "wide.csv", "empty_span.jsonl"])
def test_a_list_in_another_form_or_with_a_bad_span_gives_its_clips(tmp_path: Path, name: str) -> None:
    shutil.copy(ODD / "names" / "plain.mp4", tmp_path / "talk.mp4")
    shutil.copy(ODD / "lists" / "talk.srt", tmp_path)
    shutil.copy(ODD / "lists" / name, tmp_path)
    plan = plan_of(tmp_path / name, "talk")
    assert len(plan.clips) == 2
    assert plan.left_out == ({"no span": 1} if name == "empty_span.jsonl" else {})


def test_a_gif_is_a_video_but_not_beside_one_of_its_name(tmp_path: Path) -> None:
    for name in ("talk.mp4", "talk.gif", "talk.vtt", "dance.gif", "dance.vtt"):
        (tmp_path / name).write_bytes(b"x")
    videos, failures = collect(tmp_path)
    assert [(video.video_id, video.path.name) for video in videos] == [("dance", "dance.gif"), ("talk", "talk.mp4")]
    assert not failures

"""Which subtitle files belong to a video by their names, and in which order they are tried."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from hdvila.errors import TranscriptError
from hdvila.text import Sidecars
from hdvila.text.first_readable import first_readable
from hdvila.text.subtitle_names import language_of_name

SAID = "1\n00:00:01,000 --> 00:00:02,000\none word\n"
FACTS = '{"title": "talk", "duration": 12}'


def found(folder: Path, names: list[str], video: str = "talk.mp4", language: str | None = None) -> list[str]:
    for name in {*names, video}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    files = Sidecars(folder, lambda name: name.lower().endswith((".mp4", ".mkv"))).of(video, language)
    return [file.relative_to(folder).as_posix() for file in files]


@pytest.mark.parametrize(
    "ranked",
    [
        ["talk.vtt", "talk.srt", "talk.en.vtt"],
        ["talk.srt", "talk.en.vtt", "talk.de.vtt"],
        ["talk.en-US.vtt", "talk.de.vtt", "talk.fr.srt"],
        ["talk.mp4.srt"],
        ["talk.VTT"],
        ["TALK.EN.SRT"],
        ["talk.srt", "Talk.srt"],
        ["talk.en.json3", "talk.en.vtt", "talk.json"],  # files of facts come after what is surely subtitles
        ["talk.en.srt", "talk.json", "talk.mp4.json"],
        ["talk.json", "talk.de.srt"],
        [
            "talk.en.vtt",
            "talk.en-GB.vtt",
            "talk.en-eEY6OEpapPo.vtt",
            "talk.en-orig.vtt",
            "talk.aa.vtt",
            "talk.en-de.vtt",
        ],
        ["talk.en-uYU-mmqFLq8.vtt", "talk.en-orig.vtt", "talk.en-zh-Hans.vtt"],
        ["talk.en-en.vtt", "talk.en-pt-BR.vtt"],
        ["talk.en-GB.vtt", "talk.en-US-orig.vtt", "talk.zh-Hans.vtt", "talk.en-GB-de.vtt", "talk.zh-Hans-en.vtt"],
        ["talk.en.1.srt", "talk_track3_[eng].srt", "talk (1).srt", "talk.zh_CN.vtt"],
        ["talk.und.srt", "talk_captions.srt", "talk.Brazilian Portuguese.srt", "talk.Español (Latinoamérica).srt"],
        ["talk.en.srt", "talk.en.sdh.srt", "talk.en.forced.srt"],
        ["talk.eng.cc.srt", "talk.hi.srt", "talk.default.en.forced.ass"],
        ["talk.English.srt", "talk.English (SDH).srt", "talk.Deutsch.srt", "talk.en.commentary.srt"],
        ["talk (English).srt", "talk_en.srt", "talk-de.srt"],
        ["talk.en.srt.gz"],
        ["talk.en.srt", "Subs/talk.de.srt"],
        ["subtitles/talk.srt"],
        ["Subs/talk/2_English.srt", "Subs/talk/10_English.srt", "Subs/talk/1_French.srt"],
        ["Subs/2_English.srt", "Subs/3_Spanish.srt"],
        ["Subs/2_eng,English [SDH].srt", "Subs/track four.srt", "Subs/3_ger,German.srt"],
    ],
    ids=lambda names: names[0],
)
def test_the_best_comes_first(tmp_path: Path, ranked: list[str]) -> None:
    assert found(tmp_path, ranked[::-1]) == ranked


@pytest.mark.parametrize(
    "name",
    [
        *("talks.vtt", "alk.vtt", "talk.txt", "talk part two.vtt", "talk2.srt", "talk.part2.srt", "talk 02.srt"),
        *("talk.info.json", "talk.live_chat.json", "talk.mp4.supplemental-metadata.json", "talk.jpg", "._talk.srt"),
        "talk_to.srt",
    ],
)
def test_what_is_of_something_else_is_left(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, [name]) == []


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
@pytest.mark.parametrize("stem", ["café", "Ünterricht 한국", "がぎ"])
def test_names_in_two_unicode_forms_are_equal(tmp_path: Path, stem: str, forms: tuple[str, str]) -> None:
    video, words = (unicodedata.normalize(form, stem) for form in forms)
    assert found(tmp_path, [f"{words}.en.srt", f"Subs/{words}/a.srt"], f"{video}.mp4") != []


def test_the_wanted_language_comes_before_others_and_a_translation_into_it_too(tmp_path: Path) -> None:
    names = ["talk.srt", "talk.de.srt", "talk.de-en.srt", "talk.en.srt"]
    assert found(tmp_path, names, language="de") == names
    assert found(tmp_path, names) == ["talk.srt", "talk.en.srt", "talk.de.srt", "talk.de-en.srt"]


def test_a_file_belongs_to_the_video_with_the_longest_name_that_fits(tmp_path: Path) -> None:
    names = ["talk.en.mp4", "talk.en.srt", "talk.mkv", "talk.mkv.de.srt", "talk.fr.srt", "Talk.mp4", "Talk.it.srt"]
    assert found(tmp_path, names, "talk.en.mp4") == ["talk.en.srt"]
    assert found(tmp_path, names, "talk.mkv") == ["talk.fr.srt", "talk.mkv.de.srt"]
    assert found(tmp_path, names, "Talk.mp4") == ["Talk.it.srt"]


def test_in_a_folder_of_subtitles_for_many_videos_only_names_tell(tmp_path: Path) -> None:
    names = ["a.mp4", "Subs/a.srt", "Subs/b.en.srt", "Subs/English.srt", "Subs/b/3_German.srt"]
    assert found(tmp_path, names, "b.mp4") == ["Subs/b.en.srt", "Subs/b/3_German.srt"]
    assert found(tmp_path, names, "a.mp4") == ["Subs/a.srt"]


def test_what_begins_like_a_video_and_goes_on_strangely_is_named(tmp_path: Path) -> None:
    found(tmp_path, ["talk.final cut.srt", "talk.info.json", "walk.srt"])
    assert Sidecars(tmp_path, lambda name: name == "talk.mp4").unclaimed("talk.mp4") == ["talk.final cut.srt"]


def test_the_first_that_holds_words_is_read_and_what_failed_before_it_is_told(tmp_path: Path) -> None:
    for name, text in {"a.srt": "", "b.json": FACTS, "c.vtt": "<html></html>", "d.srt": SAID}.items():
        (tmp_path / name).write_text(text)
    files = [tmp_path / name for name in ("a.srt", "b.json", "c.vtt", "d.srt")]
    result = first_readable(files)
    assert (result.file.name, result.transcript.text) == ("d.srt", "one word")
    assert [one.file.name for one in result.passed_over] == ["a.srt", "c.vtt"]
    with pytest.raises(TranscriptError, match=r"a\.srt: the file is empty.*; c\.vtt: is XML"):
        first_readable(files[:3])
    with pytest.raises(TranscriptError, match=r"a\.srt: the file is empty.*; d\.srt: is not wanted$"):
        first_readable([files[0], files[3]], None, lambda transcript: "is not wanted")


@pytest.mark.parametrize(
    ("stem", "language"),
    [
        *(
            ("talk.en", "en"),
            ("talk.en.sdh", "en"),
            ("talk.English", "en"),
            ("talk.en-orig", "en"),
            ("talk.pt-br", "pt-BR"),
        ),
        *(("talk.en-de", "en"), ("talk.mp3", None), ("talk", None), ("talk.part two", None), ("1.de.2", None)),
    ],
)
def test_the_language_that_a_name_says(stem: str, language: str | None) -> None:
    assert language_of_name(stem) == language

"""Which videos are fit, and what is remembered of them."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from hdvila.corpus.choice.filter import filter_videos, unwanted_language
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.collect import collect
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import UsageError

OPTIONS = CorpusOptions(min_height=64, workers=1)
GERMAN = "heute gehen wir gemeinsam in die Küche und kochen eine Suppe mit Kartoffeln"


def test_the_text_tells_the_language(make, tmp_path: Path) -> None:
    source = make("english.mp4")
    make("german.mp4", lines=[GERMAN, GERMAN])
    videos, _ = collect(source)
    kept, failures = filter_videos(videos, OPTIONS)
    assert [(video.video_id, video.duration) for video in kept] == [("english", pytest.approx(15.0))]
    assert [(one.video, one.step, "'de'" in one.reason) for one in failures] == [("german", "transcript", True)]
    for language, ids in (("de", {"german"}), ("any", {"english", "german"})):
        kept, _ = filter_videos(videos, CorpusOptions(min_height=64, workers=1, language=language))
        assert {video.video_id for video in kept} == ids


def test_a_few_words_are_believed_what_their_file_says() -> None:
    assert unwanted_language("So we fold paper.", None, "en") is None
    assert unwanted_language("So we fold paper.", "en-GB", "en") is None
    assert "'ja'" in (unwanted_language("ok", "ja", "en") or "")
    assert "'de'" in (unwanted_language(GERMAN, "en", "en") or "")


def test_a_language_that_is_not_known_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="klingon"):
        filter_videos([], CorpusOptions(language="klingon"))


def damaged(talk: Path, target: Path, kind: str) -> Path:
    """The second half is lost: the file ends there, or nothing but zeros follow."""
    whole = target.with_suffix(".whole.mp4")
    with av.open(str(talk)) as source, av.open(str(whole), "w", options={"movflags": "faststart"}) as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    data = whole.read_bytes()
    whole.unlink()
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    target.write_bytes(data[:middle] + (bytes(len(data) - middle) if kind == "zeros" else b""))
    return target


@pytest.mark.parametrize("kind", ["cut", "zeros"])
def test_a_video_that_stops_half_way(talk: Path, tmp_path: Path, kind: str) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:01,000 --> 00:00:04,000\nhere is the green cone again and it rolls away\n")
    video = SourceVideo("half", damaged(talk, tmp_path / "half.mp4", kind), words)
    kept, failures = filter_videos([video, SourceVideo("whole", talk, words)], OPTIONS)
    assert [one.video_id for one in kept] == ["whole"]
    assert [(one.video, one.step) for one in failures] == [("half", "filter")]
    assert ("breaks off" if kind == "cut" else "no frame") in failures[0].reason


def test_who_passed_is_not_looked_at_again_until_it_changes(make, tmp_path: Path, monkeypatch) -> None:
    source = make("a.mp4", "b.mp4")
    journal = tmp_path / "journal.jsonl"
    first = filter_videos(collect(source)[0], OPTIONS, journal=journal)
    journal.write_text(journal.read_text() + '{"id": "a", "sta')  # killed while it wrote
    monkeypatch.setattr(
        "hdvila.corpus.choice.filter.probe", lambda path, **_: pytest.fail(f"{path} is looked at again")
    )
    assert filter_videos(collect(source)[0], OPTIONS, journal=journal) == first
    monkeypatch.undo()
    (source / "b.vtt").write_text("")
    kept, failures = filter_videos(collect(source)[0], OPTIONS, journal=journal)
    assert ([video.video_id for video in kept], [one.video for one in failures]) == (["a"], ["b"])

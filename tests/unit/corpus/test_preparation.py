"""Preparing a benchmark's videos: every part a clip, what is missing listed, killed jobs continued."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from hdvila.annotations.records import BenchmarkVideo
from hdvila.corpus.failures import read_failures
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.prepare import BenchmarkFile, Preparation, prepare
from hdvila.corpus.sources.file_names import VideoFiles
from hdvila.errors import StoreError, UsageError
from hdvila.media import FrameStream, open_video, write_video
from hdvila.media.read_clips import read_clip
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridSampling
from hdvila.models.hdvila.system import SYSTEM
from hdvila.processes import Died
from hdvila.store import Corpus
from hdvila.types import Pixels
from tests.official_clip import official_clip
from tests.shared import VIDEOS, needs

SMALL = Preprocess(64, 64, segments=2, neighbours=1, rate=2, fps=6.0, hr_every=3)


def prepared_for(looks: Sequence[Preprocess], rule: str | None = None) -> Preparation:
    return Preparation(SYSTEM.streams_of(looks), SYSTEM.released_streams(rule == "gif") if rule else None)


READ = prepared_for([SMALL])


def film(path: Path, seconds: float = 2.0, height: int = 72, width: int = 96, shade: int = 0) -> Path:
    """A bright square that walks over a ramp."""
    row, column = np.mgrid[:height, :width]
    frames = []
    for n in range(round(seconds * 12)):
        rgb = np.stack([(row + shade) % 256, (2 * column) % 256, np.full_like(row, 90)], axis=-1).astype(np.uint8)
        rgb[20:40, 2 * n % (width - 20) : 2 * n % (width - 20) + 20] = 250
        frames.append(rgb)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name("written.mp4")
    write_video(written, frames, 12, crf=10)
    return written.rename(path)


def gif(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 60, 40, "rgb8"
        for n in range(12):
            rgb = np.full((40, 60, 3), 20 * n, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="rgb8")))
        container.mux(stream.encode(None))
    return path


def test_videos_are_found_by_name_whatever_ending_case_and_folder(tmp_path: Path) -> None:
    names = [
        "a.mp4",
        "B.AVI",
        "in/side/c.webm",
        "-dash.mkv",
        "12@N00_3_e4",
        "00.51.926-00.54.129.avi",
        "id.gif",
        "d.mp4",
    ]
    for name in [*names, "notes.txt", "a.json", ".hidden.mp4", ".trash/e.mp4", "in/d.avi"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files = VideoFiles(tmp_path)
    stems = ["a", "b", "c", "v_-dash", "12@N00_3_e4", "00.51.926-00.54.129", "id"]
    assert [files.find(stem) for stem in stems] == [tmp_path / name for name in names[:-1]]
    assert files.find("d") == tmp_path / "d.mp4", "the first by path"
    assert all(files.find(stem) is None for stem in ("notes", "hidden", ".hidden", "e", "v_", ""))


def test_each_part_is_a_clip_that_reads_like_its_video(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    long = film(videos / "long.mov", seconds=6)
    film(videos / "-short.avi")
    parts = [
        BenchmarkVideo("-short"),
        BenchmarkVideo("long_1", "long", 3.0, 5.0),
        BenchmarkVideo("long_0", "long", 0.5, 2.0),
        BenchmarkVideo("long_2", "long", 5, 9),
    ]
    report = prepare(
        parts, videos, tmp_path / "store", preparation=READ, texts={"-short": "a square", "other": "-"}, workers=1
    )
    assert (report.videos, report.added, report.unchanged, report.failures) == (4, 4, 0, ())
    store = Corpus(tmp_path / "store")
    assert {name: stream.fps for name, stream in store.streams.items()} == {"hr": 2.0, "lr": 6.0}
    clips = {clip.video_id: (number, clip) for number, clip in enumerate(store.clips)}
    assert set(clips) == {"-short", "long_0", "long_1", "long_2"}
    assert (clips["-short"][1].text, clips["long_0"][1].text) == ("a square", "")
    assert (clips["long_1"][1].start, clips["long_1"][1].end) == (3.0, 5.0)
    assert clips["long_2"][1].end == pytest.approx(6.0)
    number, clip = clips["long_1"]
    stored, direct = store.sample(number, SMALL), read_clip(long, SMALL, clip.start, clip.end)
    assert stored.high is not None and direct.high is not None  # noqa: PT018
    assert stored.low is not None and direct.low is not None  # noqa: PT018
    np.testing.assert_allclose(stored.high_pts, direct.high_pts)
    assert np.abs(stored.high.astype(int) - direct.high).mean() < 3
    assert np.abs(stored.low.astype(int) - direct.low).mean() < 4, "JPEG of 18 x 24 pixels"


def test_what_is_missing_or_damaged_is_listed_and_tried_again(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    film(videos / "good.mp4")
    (videos / "in").mkdir()
    (videos / "in" / "bad.mp4").write_bytes(b"no video at all")
    parts = [BenchmarkVideo(name) for name in ("good", "gone", "bad")] + [BenchmarkVideo("late", "good", 50.0, 60.0)]
    report = prepare(parts, videos, tmp_path / "store", preparation=READ, workers=1)
    assert (report.videos, report.added, report.unchanged) == (4, 1, 0)
    assert [(failure.video, failure.step) for failure in report.failures] == [
        ("bad", "cut"),
        ("gone", "collect"),
        ("late", "cut"),
    ]
    table = read_failures(tmp_path / "store")
    assert tuple(table) == report.failures
    assert [failure.reason.split(": ")[0] for failure in table if failure.step == "cut"] == ["in/bad.mp4", "good.mp4"]
    assert not any(str(tmp_path) in failure.reason + failure.kind for failure in table), "no folder of this machine"
    film(videos / "gone.webm".replace(".webm", ".mkv"))
    film(videos / "new.mp4")
    parts.append(BenchmarkVideo("new"))
    again = prepare(parts, videos, tmp_path / "store", preparation=READ, retry_failed=True, workers=1)
    assert (again.videos, again.added, again.unchanged) == (4, 1, 1)
    last = prepare(parts, videos, tmp_path / "store", preparation=READ, workers=1)
    assert (last.videos, last.added, last.unchanged) == (5, 1, 2)
    assert {clip.video_id for clip in Corpus(tmp_path / "store").clips} == {"good", "gone", "new"}


def test_a_file_that_kills_its_process_is_named_below_the_folder(tmp_path: Path) -> None:
    file = BenchmarkFile(
        tmp_path / "in" / "bad.mp4", (BenchmarkVideo("one"), BenchmarkVideo("two")), ("", ""), tmp_path
    )
    failures = file.died(Died(-9))
    assert [failure.video for failure in failures] == ["one", "two"]
    assert failures[0].reason.startswith("in/bad.mp4: the process that read it died (exit status -9)")


def test_a_folder_without_videos_and_a_store_of_other_rates_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, reason in ((tmp_path / "empty", "no video"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(UsageError, match=reason):
            prepare([BenchmarkVideo("a")], folder, tmp_path / "store", preparation=READ)
    film(tmp_path / "videos" / "a.mp4")
    prepare([BenchmarkVideo("a")], tmp_path / "videos", tmp_path / "store", preparation=READ, workers=1)
    with pytest.raises(StoreError, match="another folder"):
        prepare(
            [BenchmarkVideo("a")],
            tmp_path / "videos",
            tmp_path / "store",
            preparation=Preparation(CorpusOptions().streams),
        )
    with pytest.raises(UsageError, match="rates"):
        prepared_for([SMALL, Preprocess(fps=10.0)])


def test_the_largest_window_and_what_lies_around_it_decide_the_lines() -> None:
    assert prepared_for([Preprocess(640, 1024)]).streams["hr"].lines == 720
    assert prepared_for([Preprocess(640, 1024), Preprocess(896, 1280)]).streams["hr"].lines == 1008
    assert prepared_for([Preprocess(768, 768, fit="pad")]).streams["hr"].lines == 768, "nothing around it is to be seen"
    assert prepared_for([SMALL]).streams["hr"].lines == 720, "nothing that is there is thrown away for a small model"


def test_a_store_has_whatever_streams_are_asked_for(tmp_path: Path) -> None:
    """(frames, height, width) of two seconds of 96x72, by stream."""
    long = film(tmp_path / "videos" / "a.mp4")
    cases: list[tuple[dict[str, FrameStream], dict[str, tuple[int, int, int]]]] = [
        ({"frames": FrameStream(6.0, 336)}, {"frames": (12, 72, 96)}),
        ({"frames": FrameStream(5.0, 36), "more": FrameStream(4.0, 20)}, {"frames": (10, 36, 48), "more": (8, 20, 27)}),
        ({"hr": FrameStream(2.0, 36, "lr"), "lr": FrameStream(6.0, 12)}, {"hr": (4, 36, 48), "lr": (12, 12, 16)}),
        ({"few": FrameStream(2.0, 80, "all"), "all": FrameStream(6.0, 20)}, {"few": (4, 72, 96), "all": (12, 20, 27)}),
    ]
    for number, (streams, sizes) in enumerate(cases):
        into = tmp_path / f"store{number}"
        report = prepare([BenchmarkVideo("a")], long.parent, into, preparation=Preparation(streams), workers=1)
        assert report.added == 1
        store = Corpus(into)
        assert {name: (one.fps, one.at) for name, one in store.streams.items()} == {
            name: (one.fps, one.at) for name, one in streams.items()
        }
        frames = {name: store.frames(0, name) for name in streams}
        assert {name: one.rgb.shape[:3] for name, one in frames.items()} == sizes
        for name, one in streams.items():
            times = frames[name].pts_seconds
            wanted = np.arange(len(times)) / one.fps
            assert ((times <= wanted + 1e-6) & (wanted - times < 1 / 12)).all(), "on screen at these times"


def test_gifs_are_read(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    gif(tmp_path / "videos" / "tumblr_1.gif")
    report = prepare([BenchmarkVideo("tumblr_1")], tmp_path / "videos", tmp_path / "store", preparation=READ, workers=1)
    assert report.added == 1
    means = Corpus(tmp_path / "store").frames(0, "lr").rgb.mean(axis=(1, 2, 3))
    assert (np.diff(means) > 0).all(), "it plays"


@pytest.mark.parametrize(("rule", "size"), [("video", (640, 1024)), ("gif", (768, 768))])
def test_the_official_store_shows_the_official_pictures(tmp_path: Path, rule: str, size: tuple[int, int]) -> None:
    path = film(tmp_path / "videos" / "a.mp4", seconds=4, height=150, width=200)
    settings = Preprocess(*size, 2, 3, 2, fps=6.0, hr_every=1, fit="pad" if rule == "gif" else "crop")
    preparation = prepared_for([settings], rule)
    prepare([BenchmarkVideo("a")], tmp_path / "videos", tmp_path / "store", preparation=preparation, workers=1)
    found = Corpus(tmp_path / "store").sample(0, settings)
    with open_video(path) as video:
        frames = video.at(np.arange(24) / 6)
    expected = official_clip(frames, HybridSampling(2, 3, 2), rule)  # type: ignore[arg-type]
    for one, other in ((found.high, expected.high), (found.low, expected.low)):
        assert one is not None and other is not None  # noqa: PT018
        assert worst(one, other) <= 6, "what JPEG takes at its best quality"
    np.testing.assert_allclose(found.low_pts, expected.low_pts)


def worst(one: Pixels, other: Pixels) -> int:
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other).max())


_JOB = """
import sys
from pathlib import Path
from hdvila.annotations.records import BenchmarkVideo
from hdvila.corpus import prepare as room
from hdvila.corpus.prepare import Preparation
from hdvila.corpus.prepare import prepare
from hdvila.models import get_system
room._CLIPS_A_SHARD = 2
if __name__ == "__main__":
    videos, store = Path(sys.argv[1]), Path(sys.argv[2])
    parts = [BenchmarkVideo(path.stem) for path in sorted(videos.iterdir())]
    preparation = Preparation(get_system("hdvila").streams_for(["msrvtt-qa"]))
    report = prepare(parts, videos, store, preparation=preparation, workers=2)
    print(report.videos, report.added, report.unchanged, len(report.failures))
"""


def test_a_killed_job_goes_on_and_ends_with_the_same_clips(tmp_path: Path) -> None:
    videos, script = tmp_path / "videos", tmp_path / "job.py"
    script.write_text(_JOB)
    first = film(videos / "v00.mp4", seconds=8, height=144, width=256)
    for number in range(1, 12):
        shutil.copy(first, videos / f"v{number:02d}.mp4")
    command = [sys.executable, str(script), str(videos)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    shards = tmp_path / "killed" / "shards"
    process = subprocess.Popen([*command, str(tmp_path / "killed")], env=environment)
    deadline = time.monotonic() + 120
    while not list(shards.glob("*.tar")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for store in ("killed", "whole"):
        ended = subprocess.run([*command, str(tmp_path / store)], env=environment, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        total, added, unchanged, failed = map(int, ended.stdout.split())
        assert (total, added + unchanged, failed) == (12, 12, 0)
        assert (unchanged > 0) == (store == "killed")
    one, other = Corpus(tmp_path / "killed"), Corpus(tmp_path / "whole")
    assert [clip.video_id for clip in one.clips] == [clip.video_id for clip in other.clips]
    for number in range(12):
        for stream in ("hr", "lr"):
            assert np.array_equal(one.frames(number, stream).rgb, other.frames(number, stream).rgb)  # type: ignore[arg-type]
    assert not (tmp_path / "killed" / ".cutting").exists()


@needs(VIDEOS)
def test_real_videos_of_every_kind_become_clips(tmp_path: Path) -> None:
    stems = [
        "sam2__bedroom",
        "sample-videos__book",
        "learning-area__frog",
        "media__internal_emulator_transformer_output_180_rotated",
        "media__sample_fragmented",
        "media__sample_portrait",
        "simpl__vp8_webrtc_2",
    ]
    parts = [BenchmarkVideo(stem, end=3.0) for stem in stems]
    report = prepare(parts, VIDEOS, tmp_path / "store", preparation=READ, workers=1)
    assert (report.added, report.failures) == (len(stems), ())
    store = Corpus(tmp_path / "store")
    for number, clip in enumerate(store.clips):
        assert store.num_frames(number) == pytest.approx(6 * clip.duration, abs=1)
        large, small = store.frames(number, "hr", [0]).rgb[0], store.frames(number, "lr", [0]).rgb[0]
        assert min(large.shape[:2]) <= 720
        assert large.shape[0] == 4 * small.shape[0] or min(large.shape[:2]) < 720
        assert min(small.shape[:2]) == min(180, *large.shape[:2])

"""From a folder of videos with subtitles to a corpus, whatever happens on the way."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hdvila.corpus import BuildReport, CorpusOptions, build_corpus
from hdvila.errors import UsageError
from hdvila.media import write_video
from hdvila.store import Corpus

OPTIONS = CorpusOptions(min_height=64, workers=1, clips_per_shard=3, target_seconds=0)


def build(source: Path, into: Path, **changes: object) -> BuildReport:
    return build_corpus(
        source, into, options=CorpusOptions(**{"min_height": 64, "workers": 1, "target_seconds": 0, **changes})
    )


def shards(root: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted((root / "shards").iterdir())}


def reasons(root: Path) -> dict[str, tuple[str, str]]:
    rows = pq.read_table(root / "failures.parquet").to_pylist()
    return {row["video"]: (row["step"], row["reason"]) for row in rows}


def test_clips_carry_their_words_and_the_pictures_of_their_time(make, tmp_path: Path) -> None:
    report = build(make("talk.mp4"), tmp_path / "corpus")
    assert (report.videos, report.added, report.clips, report.failures) == (1, 1, 3, ())
    corpus = Corpus(tmp_path / "corpus")
    assert [clip.clip_id for clip in corpus.clips] == ["talk_0000", "talk_0001", "talk_0002"]
    assert corpus.clips[1].text == "Now a blue cube spins twice."
    assert corpus.clips[1].timed_by == "word"
    for number, clip in enumerate(corpus.clips):
        assert 5 * number <= clip.start <= 5 * number + 0.5
        assert 5 * number + 2 <= clip.end <= 5 * number + 4
        for stream in ("hr", "lr"):
            frames = corpus.frames(number, stream)
            times = clip.start + np.arange(len(frames)) * (0.5 if stream == "hr" else 0.1)
            np.testing.assert_allclose(frames.pts_seconds, times, atol=0.1001)
            np.testing.assert_allclose(frames.rgb.mean((1, 2, 3)), (frames.pts_seconds * 2).astype(int), atol=1.5)
        assert corpus.frames(number, "hr").rgb.shape[1:3] == (64, 96)
        assert corpus.frames(number, "lr").rgb.shape[1:3] == (16, 24), "a quarter, however small the video"


def test_bad_videos_are_listed_with_their_reason_and_the_others_go_in(make, tmp_path: Path) -> None:
    source = make("good.mp4", "silent.mp4", "mute.mp4", "broken.mp4", "half.mp4", "binary.mp4", "late.mp4")
    (source / "mute.vtt").unlink()
    (source / "silent.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n[Music]\n")
    (source / "broken.mp4").write_bytes(b"no video at all" * 99)
    half = (source / "half.mp4").read_bytes()
    (source / "half.mp4").write_bytes(half[: len(half) // 2])
    (source / "binary.vtt").write_bytes(bytes(range(256)))
    (source / "late.vtt").write_text("WEBVTT\n\n00:20.000 --> 00:22.000\nthis comes after the end\n")
    report = build(source, tmp_path / "corpus")
    assert (report.videos, report.added, len(report.failures), report.clips) == (7, 1, 6, 3)
    why = reasons(tmp_path / "corpus")
    assert {video: step for video, (step, _) in why.items()} == {
        "binary": "transcript",
        "broken": "filter",
        "half": "filter",
        "late": "clips",
        "mute": "transcript",
        "silent": "transcript",
    }
    assert all(f"{video}." in reason and "\n" not in reason for video, (_, reason) in why.items())


def test_the_short_side_decides(make, tmp_path: Path) -> None:
    report = build(make("talk.mp4"), tmp_path / "corpus", min_height=65)
    assert report.failures[0].step == "filter"
    assert "96x64" in report.failures[0].reason
    assert len(Corpus(tmp_path / "corpus")) == 0


def test_a_second_run_adds_only_what_is_new_and_tries_again_what_failed(make, tmp_path: Path) -> None:
    source = make("a.mp4", "b.mp4")
    words = (source / "b.vtt").read_text()
    (source / "b.vtt").write_text("")
    build(source, tmp_path / "corpus")
    before = shards(tmp_path / "corpus")
    (source / "b.vtt").write_text(words)
    make("c.mp4")
    report = build(source, tmp_path / "corpus")
    assert (report.videos, report.added, report.unchanged, report.clips) == (3, 2, 1, 9)
    assert not reasons(tmp_path / "corpus")
    assert before.items() <= shards(tmp_path / "corpus").items()


@pytest.mark.parametrize("form", ["jpeg", "h264"])
def test_many_processes_give_the_same_bytes_as_one(make, tmp_path: Path, form: str) -> None:
    source = make(*(f"v{number}.mp4" for number in range(5)))
    (source / "v2.mp4").write_bytes(b"broken")
    build(source, tmp_path / "one", clips_per_shard=5, form=form)
    report = build(source, tmp_path / "two", clips_per_shard=5, form=form, workers=2)
    assert [failure.video for failure in report.failures] == ["v2"]
    assert shards(tmp_path / "one") == shards(tmp_path / "two")
    assert not (tmp_path / "two" / ".cutting").exists()


BUILD = """
import sys
from hdvila.corpus import CorpusOptions, build_corpus
if __name__ == "__main__":
    options = CorpusOptions(min_height=64, workers=2, clips_per_shard=3, target_seconds=0)
    build_corpus(sys.argv[1], sys.argv[2], options=options)
"""


def test_a_killed_build_goes_on_and_ends_with_the_same_corpus(make, tmp_path: Path) -> None:
    source = make(*(f"v{number:02d}.mp4" for number in range(12)))
    script = tmp_path / "job.py"
    script.write_text(BUILD)
    root = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, str(script), str(source), str(root)], start_new_session=True)
    while not list(root.glob("shards/*.tar")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert any(name.endswith(".tar") for name in shards(root))
    deadline = time.monotonic() + 60
    while _alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(process.pid), "the workers of a killed build must end by themselves"
    report = build(source, root, clips_per_shard=3)
    build(source, tmp_path / "unbroken", clips_per_shard=3)
    assert report.clips == 36
    assert shards(root) == shards(tmp_path / "unbroken")
    assert not (root / ".cutting").exists()


def pictures(root: Path) -> dict[str, tuple[object, bytes]]:
    """Each clip with its facts and pictures, wherever it is stored."""
    corpus = Corpus(root)
    streams = ("hr", "lr")
    return {
        clip.clip_id: (clip, b"".join(corpus.frames(n, stream).rgb.tobytes() for stream in streams))
        for n, clip in enumerate(corpus.clips)
    }


@pytest.mark.slow
def test_a_killed_build_to_which_videos_were_added_ends_like_an_unbroken_build_of_all(make, tmp_path: Path) -> None:
    source = make(*(f"v{number:02d}.mp4" for number in range(8)))
    script = tmp_path / "job.py"
    script.write_text(BUILD)
    root = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, str(script), str(source), str(root)], start_new_session=True)
    while not list(root.glob("shards/*.tar")) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {name: digest for name, digest in shards(root).items() if name.endswith(".tar")}  # not one in work
    make("v90.mp4", "v91.mp4")
    build(source, root, clips_per_shard=3)
    build(source, tmp_path / "unbroken", clips_per_shard=3)
    assert kept.items() <= shards(root).items()
    assert shards(root) == shards(tmp_path / "unbroken")
    made = ("clips.parquet", "shards.arrow", "index/000001.arrow", "clips/000001.arrow", "corpus.json")
    for name in (*made, "left_out.parquet", "failures.parquet", "stats.json"):
        assert (root / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes(), name
    make("a.mp4")  # comes first in a new corpus, and last in one that goes on: the same clips in another order
    report = build(source, root, clips_per_shard=3)
    build(source, tmp_path / "all", clips_per_shard=3)
    assert (report.added, report.unchanged) == (1, 10)
    assert pictures(root) == pictures(tmp_path / "all")


LIMITED = """
import resource, sys
from hdvila.corpus import CorpusOptions, build_corpus
from hdvila.errors import StoreError
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    options = CorpusOptions(min_height=64, workers=1, clips_per_shard=3, target_seconds=0)
    build_corpus(sys.argv[1], sys.argv[2], options=options)
except StoreError as error:
    sys.exit(str(error))
"""


def test_a_disk_that_is_full_while_videos_are_cut_costs_no_video(make, tmp_path: Path) -> None:
    source = make("a.mp4", "b.mp4", "z.mp4")
    noise = np.random.default_rng(0)
    write_video(source / "z.mp4", (noise.integers(0, 256, (192, 192, 3), np.uint8) for _ in range(150)), 10.0, crf=1)
    script, root = tmp_path / "job.py", tmp_path / "corpus"
    script.write_text(LIMITED)
    job = [sys.executable, str(script), str(source), str(root)]
    full = subprocess.run(job, capture_output=True, text=True, timeout=120)
    assert full.returncode == 1
    assert "make room and start again" in full.stderr
    assert ".cutting" in full.stderr, "it failed at cutting"
    assert {clip.video_id for clip in Corpus(root).clips} == {"a"}, "b was in the shard in work"
    assert build(source, root, clips_per_shard=3).failures == ()
    build(source, tmp_path / "unbroken", clips_per_shard=3)
    assert shards(root) == shards(tmp_path / "unbroken")


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_awkward_names(make, tmp_path: Path) -> None:
    names = ["-dash.mp4", "with space.mp4", "sub/talk.mp4", "sub.dir/a.b.mp4", "\U0001f600.mp4", "n" * 240 + ".mp4"]
    report = build(make(*names), tmp_path / "corpus")
    assert report.failures == ()
    ids = {clip.video_id for clip in Corpus(tmp_path / "corpus").clips}
    assert ids == {name.removesuffix(".mp4") for name in names}


def test_two_files_of_one_stem_keep_their_endings(make, tmp_path: Path) -> None:
    source = make("talk.mp4", "other.mp4")
    (source / "talk.mkv").write_bytes((source / "talk.mp4").read_bytes())
    build(source, tmp_path / "corpus")
    ids = {clip.video_id for clip in Corpus(tmp_path / "corpus").clips}
    assert ids == {"talk.mp4", "talk.mkv", "other"}


def test_a_folder_without_videos_makes_an_empty_corpus(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    assert build(tmp_path / "source", tmp_path / "corpus").clips == 0
    assert len(Corpus(tmp_path / "corpus")) == 0


def test_a_missing_source_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        build(tmp_path / "nowhere", tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


def test_the_progress_counts_every_video(make, tmp_path: Path) -> None:
    class Watcher:
        def __init__(self) -> None:
            self.tasks: dict[str, list[int | None]] = {}
            self.said = ""

        @contextmanager
        def task(self, name: str, total: int | None = None, done: int = 0):
            self.now = self.tasks[name] = [total, done]
            yield self

        def advance(self, steps: int = 1, note: str = "") -> None:
            self.now[1] += steps
            self.said = note or self.said

        def note(self, message: str) -> None:
            raise AssertionError(message)

    source = make("a.mp4", "b.mp4")
    (source / "b.vtt").unlink()
    watcher = Watcher()
    build_corpus(source, tmp_path / "corpus", options=OPTIONS, reporter=watcher)
    assert watcher.tasks.pop("filtering videos") == [2, 2]
    assert watcher.tasks.pop("cutting videos") == [1, 1]
    assert all(done == total for total, done in watcher.tasks.values())
    assert watcher.said == "3 clips"  # a video without subtitles is no failure


def test_the_summary_accounts_for_every_video(make, tmp_path: Path) -> None:
    source = make("a.mp4", "b.mp4", "c.mp4", "video7.mp4", "mute.mp4", "broken.mp4")
    (source / "mute.vtt").unlink()
    (source / "broken.mp4").write_bytes(b"x" * 99)
    (tmp_path / "test.csv").write_text("video_id\nvideo7\n")
    for name in "abc012":
        (source / f"{name}.info.json").write_text('{"categories": ["Talks"]}')
    changes = {"exclude": (tmp_path / "test.csv",), "hours_per_category": 31 / 3600}
    report = build(source, tmp_path / "corpus", **changes)
    assert [(step.step, step.came_in, step.came_out) for step in report.steps] == [
        ("collect", 6, 6),
        ("exclude", 6, 5),
        ("transcript", 5, 4),
        ("filter", 4, 3),
        ("balance", 3, 2),
        ("clips", 2, 2),
        ("cut", 2, 2),
    ]
    assert all(sum(step.reasons.values()) == step.came_in - step.came_out for step in report.steps)
    assert (report.added, report.failed, report.left_out) == (2, 1, 3)  # without subtitles is no failure
    assert {step for step, _ in reasons(tmp_path / "corpus").values()} == {
        "exclude",
        "transcript",
        "filter",
        "balance",
    }
    before = {clip.video_id for clip in Corpus(tmp_path / "corpus").clips}
    make("0.mp4", "1.mp4", "2.mp4")
    report = build(source, tmp_path / "corpus", **changes)
    assert (report.added, report.unchanged, report.left_out) == (0, 2, 6)
    assert {clip.video_id for clip in Corpus(tmp_path / "corpus").clips} == before


def test_a_name_of_255_bytes(make, tmp_path: Path) -> None:
    name = "\U0001f600" * 62 + "abc.mp4"
    assert len(os.fsencode(name)) == 255
    report = build(make(name), tmp_path / "corpus")
    assert (report.added, report.failures) == (1, ())

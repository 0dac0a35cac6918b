"""`hdvila prepare` as a person uses it: from annotation files and a folder of videos to a store."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hdvila.corpus.failures import read_failures
from hdvila.media import encode_jpeg
from hdvila.store import Corpus
from tests.cli.conftest import Run, lines
from tests.unit.annotations.test_image_files import ASKED, COCO, put

TEST = "key,vid_key,video_id,sentence\nret0,msr3,video3,the blue cube falls\nret1,msr7,video7,two dogs run\n"


def benchmark(videos: Path, data: Path) -> Path:
    """MSR-VTT's test of two of the videos, one of which has another ending and lies in a folder of its own."""
    (videos / "test").mkdir()
    (videos / "03.mp4").rename(videos / "test" / "video3.AVI")
    (videos / "07.mp4").rename(videos / "video7.mp4")
    (data / "annotations").mkdir(parents=True)
    (data / "annotations" / "MSRVTT_JSFUSION_test.csv").write_text(TEST)
    return data


def test_a_store_comes_to_lie_beside_the_annotations(hdvila: Run, here: Run, videos: Path, tmp_path: Path) -> None:
    data = benchmark(videos, tmp_path / "data")
    done = hdvila("prepare", "msrvtt-1ka", "--videos", videos, "--data", data)
    assert done.returncode == 0, done.stderr
    assert "of 2 videos 2 added, 0 unchanged, 0 failed" in done.stdout
    assert "train annotations of msrvtt-1ka are missing" in done.stderr, "what is not prepared is said"
    store = Corpus(data / "store")
    assert {(clip.video_id, clip.text) for clip in store.clips} == {
        ("video3", "the blue cube falls"),
        ("video7", "two dogs run"),
    }
    assert {name: stream.fps for name, stream in store.streams.items()} == {"hr": 2.0, "lr": 6.0}
    again = here("prepare", "msrvtt-1ka", "--videos", videos, "--data", data, "--json")
    assert lines(again.stdout) == [{"store": str(data / "store"), "videos": 2, "added": 0, "unchanged": 2, "failed": 0}]


def test_what_is_missing_is_listed_and_ends_with_one(here: Run, videos: Path, tmp_path: Path) -> None:
    data = benchmark(videos, tmp_path / "data")
    (videos / "video7.mp4").rename(videos / "elsewhere.mp4")
    done = here("prepare", "msrvtt-1ka", "--videos", videos, "--data", data)
    assert done.returncode == 1
    assert "1 added, 0 unchanged, 1 failed" in done.stdout
    assert "video7: " in done.stderr
    assert "the folder of the videos has none called video7" in done.stderr
    (failure,) = read_failures(data / "store")
    assert (failure.video, failure.step) == ("video7", "collect")
    (videos / "elsewhere.mp4").rename(videos / "video7.mp4")
    mended = here("prepare", "msrvtt-1ka", "--videos", videos, "--data", data, "--retry-failed", "--json")
    assert mended.returncode == 0
    assert lines(mended.stdout)[-1]["added"] == 1


def test_videos_of_msvd_are_found_by_their_youtube_names(here: Run, videos: Path, tmp_path: Path) -> None:
    (videos / "03.mp4").rename(videos / "-4wsuPCjDBc_5_15.avi")
    (videos / "07.mp4").rename(videos / "vid2.mp4")
    data = tmp_path / "data"
    data.mkdir()
    asked = [{"answer": "cut", "id": 37347 + n, "question": "what?", "video_id": n} for n in (1, 2)]
    (data / "test_qa.json").write_text(json.dumps(asked[:1]))
    words = ("prepare", "msvd-qa", "--videos", videos, "--data", data)
    refused = here(*words)
    assert refused.returncode == 2
    assert "youtube_mapping.txt, put beside its annotations, says which file is which number" in refused.stderr
    (data / "youtube_mapping.txt").write_text("-4wsuPCjDBc_5_15 vid1\n-7KMZQEsJW4_205_208 vid2\n")
    (data / "test_qa.json").write_text(json.dumps(asked))
    done = here(*words)
    assert done.returncode == 0, done.stderr
    assert sorted(clip.video_id for clip in Corpus(data / "store").clips) == ["vid1", "vid2"]


def test_the_official_way_goes_into_a_store_of_its_own(here: Run, videos: Path, tmp_path: Path) -> None:
    data = benchmark(videos, tmp_path / "data")
    assert here("prepare", "msrvtt-1ka", "--videos", videos, "--data", data, "--official").returncode == 0
    store = Corpus(data / "store-official")
    assert store.frames(0, "lr", [0]).rgb.shape == (1, 180, 288, 3)
    assert store.frames(0, "hr", [0]).rgb.shape == (1, 720, 1152, 3)
    assert not (data / "store").exists()


def test_each_system_has_a_store_of_its_own_streams(here: Run, videos: Path, tmp_path: Path) -> None:
    data = benchmark(videos, tmp_path / "data")
    words = ("prepare", "msrvtt-1ka", "--videos", videos, "--data", data)
    assert here(*words, "--system", "clipbert").returncode == 0
    store = Corpus(data / "store")
    assert {name: stream.fps for name, stream in store.streams.items()} == {"frames": 6.0}
    again = here(*words)
    assert "0 added, 2 unchanged" in again.stdout, "the store says whose it is"
    refused = here(*words, "--system", "hdvila")
    assert refused.returncode == 2
    said = refused.stderr.splitlines()[-1]
    assert "holds 6 frames frames a second" in said
    assert said.endswith("--store store-hdvila")
    assert here(*words, "--system", "hdvila", "--store", "store-hdvila").returncode == 0
    assert set(Corpus(data / "store-hdvila").streams) == {"hr", "lr"}
    for system, reason in (("clip", "there is no system 'clip'"), ("clipbert", "leave --official out")):
        refused = here(*words, "--system", system, "--official")
        assert refused.returncode == 2
        assert reason in refused.stderr


def test_tasks_on_videos_of_their_own_share_a_store(here: Run, videos: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "Test_count_question.csv").write_text("gif_name\tquestion\tanswer\tvid_id\tkey\n03\thow ?\t2\tCOUNT1\t1\n")
    frame = "gif_name\tquestion\tanswer\ttype\tvid_id\tkey\tdescription\n07\twhat ?\tcat\t0\tFRAMEQA1\t1\ta cat\n"
    (data / "Test_frameqa_question.csv").write_text(frame)
    done = here("prepare", "tgif-count", "tgif-frameqa", "--videos", videos, "--data", data)
    assert done.returncode == 0, done.stderr
    assert sorted(clip.video_id for clip in Corpus(data / "store").clips) == ["03", "07"]


def test_wrong_use_is_refused_in_one_line(here: Run, videos: Path, tmp_path: Path) -> None:
    data = benchmark(videos, tmp_path / "data")
    for words, reason in (
        (("msrvtt", "--videos", videos, "--data", data), "no protocol"),
        (("didemo", "--videos", videos, "--data", data), "annotations of didemo are missing"),
        (("msrvtt-1ka", "--videos", tmp_path / "none", "--data", data), "cannot be read"),
        (("tgif-count", "msrvtt-1ka", "--videos", videos, "--data", data), "do not share their videos"),
    ):
        refused = here("prepare", *words)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert reason in refused.stderr
    assert not (data / "store").exists()


def test_images_are_prepared_together_for_all_that_share_them(here: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    put(data, "v2_OpenEnded_mscoco_test2015_questions.json", ASKED | {"data_subtype": "test2015"})
    put(data, "captions_train2014.json", COCO)
    pixels = encode_jpeg(np.zeros((30, 40, 3), np.uint8))
    names = ["COCO_test2015_000000262148", "COCO_train2014_000000057870", "000000384029"]
    for name in names:
        (data / f"{name}.jpg").write_bytes(pixels)
    done = here("prepare", "vqa2", "coco-captions", "--videos", data, "--data", data, "--workers", "1")
    assert (done.returncode, done.stderr.count("missing")) == (0, 3), "splits without files are named"
    clips = Corpus(data / "store").clips
    assert {clip.video_id for clip in clips} == {*names[:2], "COCO_train2014_000000384029"}
    refused = here("prepare", "vqa2", "--videos", data, "--data", data, "--official")
    assert "--official: is the preparation of videos, and these are images" in refused.stderr

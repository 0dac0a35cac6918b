"""Ids out of every annotation format, and the videos they mean."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hdvila.corpus.choice.exclude import ExcludedIds, exclude, forms_of, ids_in_url, read_ids
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import UsageError

ID = "a_B-c_1-2x9"  # of YouTube; they may hold the letters that others put between id and span

FILES = {
    "MSRVTT_JSFUSION_test.csv": ("key,vid_key,video_id,sentence\nret0,msr9770,video9770,a man\n", "video9770"),
    "MSRVTT_train.7k.csv": ("video_id\nvideo0\nvideo17\n", "video17"),
    "videodatainfo.json": (
        f'{{"videos": [{{"video_id": "video3", "url": "https://www.youtube.com/watch?v={ID}", "start time": 1}}], '
        '"sentences": [{"caption": "x", "video_id": "video4", "sen_id": 1}]}',
        ID,
    ),
    "val_qa.json": ('[{"answer": "man", "id": 20, "question": "who?", "video_id": 1201}]', "vid1201"),
    "hqga_test.csv": ("video,question,answer,qid,type\n7010,what is it,show,170859,10\n", "video7010"),
    "val.jsonl": ('{"answer": "couch", "question": "what?", "video_id": "video6513"}\n', "video6513"),
    "Test_action_question.csv": (
        "gif_name\tquestion\ta1\tanswer\tvid_id\tkey\ntumblr_nk1_250\tWhat , how ?\tflap\t4\tACTION4\t26\n",
        "tumblr_nk1_250",
    ),
    "didemo.json": (
        '[{"video": "35034348999@N01_6060447507_dc1a90b8ef.mov", "times": [[1, 1]], '
        '"dl_link": "https://www.flickr.com/video_download.gne?id=6060447507"}]',
        "35034348999@N01_6060447507_dc1a90b8ef",
    ),
    "activitynet.json": (f'{{"v_{ID}": {{"duration": 5.5, "timestamps": [], "sentences": []}}}}', ID),
    "youcook.csv": (f'end,start,task,text,video_id\n60,47,226,"cut, then stir",{ID}\n', ID),
    "tvr.jsonl": ('{"vid_name": "castle_s06e12_seg02_clip_22", "desc_id": 1}\n', "castle_s06e12_seg02_clip_22"),
    "how2R_val.csv": (f'{ID},[180:240],[180.0:187.07],"a man, a plan"\n', ID),
    "how2_vid_mapping.json": (f'{{"0": "{ID}_180_240"}}', ID),
    "qvhighlights.jsonl": (f'{{"qid": 1, "vid": "{ID}_210.0_360.0"}}\n', ID),
    "nextqa.csv": ("video,frame_count,question,qid\n4010069381,369,how,6\n", "4010069381"),
    "list.txt": (f"v_{ID}\r\nvideo9\n", ID),
    "durations.json": ('{"val": {"castle_s01e01_seg02_clip_20": [91.56, 0]}}', "castle_s01e01_seg02_clip_20"),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_ids_that_files_are_named_by(tmp_path: Path, name: str) -> None:
    text, expected = FILES[name]
    (tmp_path / name).write_text(text)
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    ids = read_ids(tmp_path / name)
    assert expected in ids
    assert ids == read_ids(tmp_path / f"{name}.gz")
    assert not ids & {"ACTION4", "26", "key", "video_id", "1201", "x", ""}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tvr_test.jsonl", '{"desc": "Sheldon walks", "desc_id": 1}\n'),
        ("ans2label.json", '{"accept": 0, "accident": 1}'),
        ("empty.txt", "\n"),
        ("broken.json", "{"),
        ("binary.csv", "\x00\xff"),
    ],
)
def test_a_file_that_names_no_video_is_wrong_use(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=name.split(".")[0]):
        read_ids(tmp_path / name)


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.youtube.com/watch?v={ID}&t=3s",
        f"https://m.youtube.com/watch?app=desktop&v={ID}",
        f"https://youtu.be/{ID}?si=x",
        f"http://www.youtube.com/embed/{ID}",
        f"https://youtube.com/shorts/{ID}",
    ],
)
def test_urls_of_youtube(url: str) -> None:
    assert ids_in_url(url) == {ID} == forms_of(url)


def test_other_urls_name_no_id() -> None:
    assert ids_in_url(f"https://example.org/watch?v={ID}") == set()
    assert ids_in_url("https://www.flickr.com/photos/35034348999@N01/6060447507/") == {"6060447507"}


@pytest.mark.parametrize(
    ("video_id", "path", "url", "out"),
    [
        (ID, "x.mp4", "", True),
        (f"sub/v_{ID}", "x.mp4", "", True),
        ("own-17", f"A title [{ID}].mp4", "", True),
        ("own-17", f"A title-{ID}.mp4", "", True),
        ("own-17", f"{ID}.en.mp4", "", True),
        ("own-17", "x.mp4", f"https://youtu.be/{ID}", True),
        ("own-17", f"x{ID}y.mp4", "", False),
        (ID.lower(), "x.mp4", "", False),
        ("video17", "x.mp4", "", True),
        ("own/video0017", "x.mp4", "", True),
        ("video170", "170.mp4", "", False),
        ("own/17", "17.mp4", "", False),
        ("own-28", "28.mp4", "", True),
    ],
)
def test_a_video_is_known_by_id_name_and_url(tmp_path: Path, video_id: str, path: str, url: str, out: bool) -> None:
    (tmp_path / "list.txt").write_text(f"{ID}\nvideo17\n28\n")
    video = SourceVideo(video_id, Path("folder") / path, None, {"url": url} if url else {})
    kept, failures = exclude([video], ExcludedIds([tmp_path / "list.txt"]))
    assert (len(kept), len(failures)) == ((0, 1) if out else (1, 0))
    assert all((one.step, "list.txt" in one.reason) == ("exclude", True) for one in failures)

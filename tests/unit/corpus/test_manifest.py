"""Manifests: which videos, with which words, and what is known of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hdvila.corpus.build import build_corpus
from hdvila.corpus.failures import failure_of, read_failures, write_failures
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.collect import collect, write_videos
from hdvila.corpus.sources.hd_vila_100m import GivenClip, write_hd_vila_100m
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import MediaError, UsageError
from hdvila.store import Corpus

ROWS = [
    {"id": "x/1", "path": "a.mp4", "category": "Cooking", "language": "en"},
    {"id": "x/2", "path": "sub/b.mp4", "transcript": "words/b.srt"},
    {"id": "x/3", "url": "https://example.org/v"},
    {"id": "x/1", "path": "c.mp4"},
]


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_rows_become_videos_and_what_is_no_video_is_listed(tmp_path: Path, kind: str) -> None:
    write(tmp_path, "a.vtt", "WEBVTT")
    write(tmp_path, "a.mp4", "")
    if kind == "jsonl":
        text = "\n".join(map(json.dumps, ROWS))
    else:
        names = ["id", "path", "url", "transcript", "category", "language"]
        text = "\n".join([",".join(names), *(",".join(row.get(name, "") for name in names) for row in ROWS)])
    videos, failures = collect(write(tmp_path, f"list.{kind}", text))
    assert [(video.video_id, video.path, video.transcript) for video in videos] == [
        ("x/1", tmp_path / "a.mp4", tmp_path / "a.vtt"),
        ("x/2", tmp_path / "sub/b.mp4", tmp_path / "words/b.srt"),
    ]
    assert videos[0].attributes == {"category": "Cooking", "language": "en"}
    assert [(failure.video, failure.step) for failure in failures] == [("x/3", "collect"), ("x/1", "collect")]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.jsonl", "\nnot json", "line 2"),
        ("a.jsonl", "[1]", "line 1"),
        ("a.jsonl", '{"url": "x"}', "neither id nor path"),
        ("a.csv", "title,link\nx,y", "column names"),
        ("a.txt", "x", "csv"),
    ],
)
def test_a_manifest_that_cannot_be_read_names_the_place(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        collect(write(tmp_path, name, text))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_what_is_written_is_read_again(tmp_path: Path, kind: str) -> None:
    odd = {"category": 'a "b", c\nd\u2028e', "url": "https://example.org/\U0001f600"}
    videos = [
        SourceVideo("x/1", tmp_path / "v/a b.mp4", tmp_path / "v/a b.en.vtt", odd, 12.5),
        SourceVideo("x/2", tmp_path / "v/-b.mkv", None),
    ]
    if kind != "csv":
        videos.append(SourceVideo("x/3", tmp_path / "v/c.mp4", None, {}, None, (GivenClip("x/3.0.mp4", 1.5, 3661.25),)))
    write_videos(tmp_path / "lists" / f"list.{kind}", videos, tmp_path)
    assert collect(tmp_path / "lists" / f"list.{kind}", root=tmp_path) == (videos, [])


def test_a_csv_holds_no_clips(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.parquet"):
        write_videos(tmp_path / "a.csv", [SourceVideo("x", tmp_path / "a.mp4", None, clips=())], tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["../out.mp4", "sub/../../out.mp4", "/etc/passwd", "a\0b.mp4"])
@pytest.mark.parametrize("column", ["path", "transcript"])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path, path: str, column: str) -> None:
    rows = [{"id": "bad", "path": "a.mp4", column: path}, {"id": "good", "path": "sub/../b.mp4"}]
    videos, failures = collect(write(tmp_path, "list.jsonl", "\n".join(map(json.dumps, rows))))
    assert [video.video_id for video in videos] == ["good"]
    assert [(one.video, one.step) for one in failures] == [("bad", "collect")]


LINKS = {
    "through a folder": "v/link/../secret/d3.mp4",  # what the text of the path hides: link/.. is not v
    "a folder": "v/link/d3.mp4",
    "a file": "v/file.mp4",
    "to a sidecar": "v/b.mp4",
    "without a path": None,
}


@pytest.mark.parametrize("row", LINKS)
def test_a_link_that_leads_out_of_the_folder_of_a_list_is_refused(tmp_path: Path, row: str) -> None:
    secret, root = tmp_path / "elsewhere" / "secret", tmp_path / "root"
    for folder in (secret, root / "v", tmp_path / "elsewhere" / "linked"):
        folder.mkdir(parents=True)
    for file in (
        secret / "d3.mp4",
        secret / "d3.vtt",
        tmp_path / "elsewhere" / "linked" / "d3.mp4",
        root / "v" / "b.mp4",
    ):
        file.write_bytes(b"x")
    (root / "v" / "link").symlink_to(tmp_path / "elsewhere" / "linked")
    (root / "v" / "file.mp4").symlink_to(secret / "d3.mp4")
    (root / "v" / "b.vtt").symlink_to(secret / "d3.vtt")
    (root / "bad.mp4").symlink_to(secret / "d3.mp4")
    rows = [{"id": "bad"} | ({"path": LINKS[row]} if LINKS[row] else {"url": "https://example.com"})]
    videos, failures = collect(write(root, "list.jsonl", "\n".join(map(json.dumps, rows))))
    assert videos == []
    (failure,) = failures
    assert (failure.video, failure.step) == ("bad", "collect")
    assert "leads out of the folder" in failure.reason
    assert "--root" in failure.reason


def test_links_within_the_folder_and_to_the_folder_are_followed(tmp_path: Path) -> None:
    root = tmp_path / "real"
    (root / "v").mkdir(parents=True)
    (root / "v" / "a.mp4").write_bytes(b"x")
    (root / "b.mp4").symlink_to(root / "v" / "a.mp4")
    write(root, "list.csv", "path\nb.mp4\nv/a.mp4\n")
    (tmp_path / "link").symlink_to(root)
    videos, failures = collect(tmp_path / "link" / "list.csv")
    assert [video.video_id for video in videos] == ["b", "v/a"]
    assert failures == []


def test_links_to_files_in_a_plain_folder_are_followed_links_to_folders_are_not(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "c.mp4").write_bytes(b"x")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "c.mp4").symlink_to(tmp_path / "other" / "c.mp4")
    (tmp_path / "root" / "sub").symlink_to(tmp_path / "other")
    videos, failures = collect(tmp_path / "root")
    assert [video.video_id for video in videos] == ["c"]
    assert failures == []


OFFICIAL = {
    "video_id": "QMi8x8o55Ns",
    "url": "https://www.youtube.com/watch?v=QMi8x8o55Ns",
    "clip": [
        {"clip_id": "QMi8x8o55Ns.1.mp4", "span": ["00:00:05.250", "00:00:09.125"]},
        {"clip_id": "QMi8x8o55Ns.0.mp4", "span": ["00:00:00.000", "00:00:04.001"]},
    ],
}


def test_hd_vila_100m_is_read_cut_at_its_spans_and_written(make, tmp_path: Path) -> None:
    root = make("QMi8x8o55Ns.mp4")
    source = write(tmp_path, "part.jsonl", json.dumps(OFFICIAL) + "\n" + json.dumps({**OFFICIAL, "video_id": "none"}))
    options = CorpusOptions(min_height=64, workers=1, root=root)
    report = build_corpus(source, tmp_path / "corpus", options=options)
    assert [(one.video, one.step) for one in report.failures] == [("none", "collect")]
    clips = Corpus(tmp_path / "corpus").clips
    assert [(clip.clip_id, clip.start, clip.end) for clip in clips] == [
        ("QMi8x8o55Ns.0.mp4", 0.0, 4.001),
        ("QMi8x8o55Ns.1.mp4", 5.25, 9.125),
    ]
    assert clips[1].text == "Now a blue cube spins twice."
    assert write_hd_vila_100m(tmp_path / "corpus", tmp_path / "out.jsonl") == 1
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(line) == {**OFFICIAL, "clip": OFFICIAL["clip"][::-1]}


@pytest.mark.parametrize("clip", [5, [{}], [{"span": ["x", "2"]}], [{"span": ["00:00:02.000", "00:00:01.000"]}]])
def test_clips_that_cannot_be_are_a_reason(tmp_path: Path, clip: object) -> None:
    write(tmp_path, "QMi8x8o55Ns.mp4", "")
    videos, failures = collect(write(tmp_path, "x.jsonl", json.dumps({**OFFICIAL, "clip": clip})))
    assert videos == []
    assert [(one.step, "clip" in one.reason) for one in failures] == [("collect", True)]


def test_a_pipe_that_is_named_like_a_video_is_listed_and_not_opened(tmp_path: Path) -> None:
    write(tmp_path, "a.mp4", "")
    os.mkfifo(tmp_path / "b.mp4")
    listed = write(tmp_path, "list.jsonl", '{"path": "a.mp4"}\n{"path": "b.mp4"}')
    for source in (tmp_path, listed):
        videos, failures = collect(source)
        assert [video.path.name for video in videos] == ["a.mp4"]
        assert ["not a regular file" in failure.reason for failure in failures] == [True]


def test_a_row_that_cannot_be_read_costs_itself_alone(tmp_path: Path) -> None:
    span = {"clip_id": "a.0.mp4", "span": [1.5, "0:03,5"]}
    rows = [json.dumps({"id": "a", "path": "a.mp4", "clip": [span]}), '{"id": "b", "pa', '{"id": "c", "duration": "?"}']
    videos, failures = collect(write(tmp_path, "list.jsonl", "\n".join(rows)))
    assert [[(clip.start, clip.end) for clip in video.clips or ()] for video in videos] == [[(1.5, 3.5)]]
    assert [failure.video for failure in failures] == ["line 2", "c"]
    assert ["is not JSON" in failures[0].reason, "'?' is not a number of seconds" in failures[1].reason] == [True, True]


TABLE = "ID,Path,Category,duration\nx,sub/a b.mp4,Food,12.5\ny,b.mp4,,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "utf-16-le"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_a_table_of_any_spreadsheet_is_read(tmp_path: Path, sign: str, encoding: str) -> None:
    text = TABLE.replace(",", sign).replace("\n", "\r\n")
    if sign == ";":
        text = "sep=;\r\n" + text.replace("12.5", "12,5")
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-bom" else text.encode(encoding)
    (tmp_path / "list.csv").write_bytes(data)
    videos, failures = collect(tmp_path / "list.csv")
    assert [(one.video_id, one.path, one.duration) for one in videos] == [
        ("x", tmp_path / "sub/a b.mp4", 12.5),
        ("y", tmp_path / "b.mp4", None),
    ]
    assert videos[0].attributes == {"category": "Food"}
    assert not failures


def test_backslashes_are_slashes_where_no_file_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "odd\\name.mp4").touch()
    rows = [{"path": "sub\\talk.mp4"}, {"path": "odd\\name.mp4"}, {"path": "..\\..\\x.mp4"}]
    videos, failures = collect(write(tmp_path, "list.jsonl", "\n".join(map(json.dumps, rows))))
    assert [(one.video_id, one.path.relative_to(tmp_path).as_posix()) for one in videos] == [
        ("odd/name", "odd\\name.mp4"),
        ("sub/talk", "sub/talk.mp4"),
    ]
    assert [(one.video, "leads out" in one.reason) for one in failures] == [("../../x", True)]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"path": "../../x"}, "../../x"),
        ({"path": "/"}, "/"),
        ({"path": "a\ud83d.mp4"}, "a"),
        ({"id": "a\nb", "path": "a.mp4"}, "a\\nb"),
        ({"video_id": "v", "clip": [{"clip_id": "v.0.mp4", "span": ["00:00:02", "00:00:01"]}], "path": "a.mp4"}, "v"),
    ],
)
def test_a_row_that_is_refused_is_named(tmp_path: Path, row: dict[str, object], named: str) -> None:
    rows = [row, {"path": "good.mp4", "category": "half \ud83d"}]
    videos, failures = collect(write(tmp_path, "list.jsonl", "\n".join(map(json.dumps, rows))))
    assert [(one.video_id, one.attributes) for one in videos] == [("good", {"category": "half "})]
    assert [one.video for one in failures] == [named]
    write_failures(tmp_path, failures)
    assert read_failures(tmp_path) == failures


def test_names_with_control_characters_and_stray_bytes_are_listed_and_come_back(tmp_path: Path) -> None:
    source = tmp_path / "videos"
    source.mkdir()
    for name in (b"new\nline.mp4", b"end.mp4\n", b"tab\t.mp4", b"byte\xff.mp4"):
        (source / os.fsdecode(name)).touch()
    videos, failures = collect(source)
    assert [one.video_id for one in videos] == ["byte\\xff", "end", "new\\nline", "tab\\t"]
    assert not failures
    write_videos(tmp_path / "list.jsonl", videos, source)
    assert collect(tmp_path / "list.jsonl", source) == (videos, [])
    with pytest.raises(UsageError, match=r"byte.*\.jsonl"):
        write_videos(tmp_path / "list.csv", videos, source)
    failure = failure_of(videos[2], "cut", MediaError(f"{videos[2].path}: is bad; mend it"))
    assert (failure.reason, failure.kind) == ("new\\nline.mp4: is bad; mend it", "is bad")


def test_a_bad_span_costs_its_clip_alone_and_is_named(tmp_path: Path) -> None:
    spans = {"0": ["00:00:01", "00:00:02"], "1": ["00:00:05", "00:00:05"], "2": ["x", "y"], "3": None}
    listed = [{"clip_id": f"v.{name}.mp4", "span": span} for name, span in spans.items()]
    row = {"video_id": "v", "path": "v.mp4", "clip": [*listed, listed[0], "what"]}
    (video,), failures = collect(write(tmp_path, "list.jsonl", json.dumps(row)))
    assert not failures
    assert video.clips == (GivenClip("v.0.mp4", 1.0, 2.0),)
    assert [one.split(":")[0] for one in video.refused_clips] == [f"v.{n}.mp4" for n in (1, 2, 3, 0, 5)]

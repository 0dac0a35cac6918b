"""Manifests: which videos, with which words, and what is known of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hdvila.corpus.collect import collect
from hdvila.errors import UsageError

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
        ("a.jsonl", '{"id": "a"}\nnot json', "line 2"),
        ("a.jsonl", "[1]", "line 1"),
        ("a.jsonl", '{"url": "x"}', "neither id nor path"),
        ("a.csv", "title,link\nx,y", "column names"),
        ("a.txt", "x", "csv"),
    ],
)
def test_a_manifest_that_cannot_be_read_names_the_place(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        collect(write(tmp_path, name, text))

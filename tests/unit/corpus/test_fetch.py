"""Videos by url: fetched only when asked, each failure with its reason, a full disk ends it."""

from __future__ import annotations

import errno
import json
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hdvila.corpus.build import build_corpus
from hdvila.corpus.failures import read_failures
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.collect import collect
from hdvila.corpus.sources.fetch import fetch, youtube_dl
from hdvila.corpus.sources.file_names import safe_name
from hdvila.corpus.sources.hd_vila_100m import write_hd_vila_100m
from hdvila.corpus.sources.video import facts_beside
from hdvila.errors import StoreError
from hdvila.store import Corpus

WORDS = "WEBVTT\n\n00:00.500 --> 00:04.000\nso the red ball rolls to the left of the house\n"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    rows = [
        {"id": "../../good", "url": "https://example.org/good", "category": "Toys"},
        {"id": "gone", "url": "https://example.org/gone"},
        {"id": "local", "url": "file:///etc/passwd"},
    ]
    file = tmp_path / "list" / "videos.jsonl"
    file.parent.mkdir()
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


class Web:
    """Stands for yt-dlp."""

    def __init__(self, talk: Path) -> None:
        self.talk, self.asked, self.online = talk, [], {"https://example.org/good"}

    def __call__(self, url: str, stem: Path) -> None:
        self.asked.append(url)
        if url not in self.online:
            raise RuntimeError("Video unavailable.\nThis video is private")
        stem.with_name(stem.name + ".mp4").write_bytes(self.talk.read_bytes())
        stem.with_name(stem.name + ".en.vtt").write_text(WORDS)


def test_build_fetches_what_is_missing_and_tries_failures_again_alone(
    manifest: Path, talk: Path, tmp_path: Path
) -> None:
    web = Web(talk)
    options = CorpusOptions(min_height=64, workers=1, downloads=tmp_path / "downloads")
    report = build_corpus(manifest, tmp_path / "corpus", options=options, download=web)
    assert (report.added, report.failed, report.clips) == (1, 2, 1)
    why = {one.video: (one.step, one.reason) for one in read_failures(tmp_path / "corpus")}
    assert why["gone"][0] == why["local"][0] == "fetch"
    assert "unavailable. This video is private" in why["gone"][1]
    assert "http" in why["local"][1]
    assert web.asked == ["https://example.org/good", "https://example.org/gone"]
    assert all(file.parent == tmp_path / "downloads" for file in tmp_path.rglob("*good*.mp4"))
    step = next(step for step in report.steps if step.step == "fetch")
    assert (step.came_in, step.came_out, sum(step.reasons.values())) == (3, 1, 2)

    web.asked.clear()
    web.online.add("https://example.org/gone")
    manifest.write_text(manifest.read_text() + '\n{"id": "new", "url": "https://example.org/new"}')
    report = build_corpus(manifest, tmp_path / "corpus", options=options, download=web, retry_failed=True)
    assert web.asked == ["https://example.org/gone"]
    assert (report.videos, report.added, report.unchanged, report.failed) == (3, 1, 1, 1)


INFO = {"categories": ["Pets & Animals"], "channel": "Dogs", "channel_id": "UC1", "license": "CC BY", "formats": [{}]}


def test_what_the_downloader_says_of_a_video_reaches_its_clips_and_goes_on(talk: Path, tmp_path: Path) -> None:
    """The release of HD-VILA-100M names neither category nor channel nor licence."""
    span = ["00:00:00.000", "00:00:04.000"]
    rows = [
        {"video_id": f"v{number}", "url": f"https://example.org/{number}", "clip": [{"clip_id": "1", "span": span}]}
        for number in range(3)
    ]
    rows[1]["category"] = "Film"  # a list's own word counts before the downloader's
    listed, root = tmp_path / "hdvila.jsonl", tmp_path / "corpus"
    listed.write_text("\n".join(map(json.dumps, rows)))

    def download(url: str, stem: Path) -> None:
        stem.with_name(stem.name + ".mp4").write_bytes(talk.read_bytes())
        stem.with_name(stem.name + ".en.vtt").write_text(WORDS)
        if url[-1] != "2":
            stem.with_name(stem.name + ".info.json").write_text(json.dumps(INFO))

    options = CorpusOptions(
        min_height=64, workers=1, language="any", downloads=tmp_path / "d", hours_per_category=0.005
    )
    report = build_corpus(listed, root, options=options, download=download)
    kept = {row.category: (row.videos, row.videos_kept) for row in report.categories}
    assert kept == {"Pets & Animals": (1, 1), "Film": (1, 1), None: (1, 1)}
    facts = {
        row["video_id"]: (row["category"], row["channel"], row["license"]) for row in Corpus(root).table.to_pylist()
    }
    assert facts == {"v0": ("Pets & Animals", "Dogs", "CC BY"), "v1": ("Film", "Dogs", "CC BY"), "v2": (None,) * 3}
    stats = json.loads((root / "stats.json").read_text())
    assert ({row["name"] for row in stats["categories"]}, stats["no_category"]) == (
        {"Pets & Animals", "Film"},
        {"videos": 1, "clips": 1},
    )
    again, _ = collect(listed, downloads=tmp_path / "d")  # a later run finds what was fetched
    assert [video.attributes.get("category") for video in again] == ["Pets & Animals", "Film", None]
    write_hd_vila_100m(root, tmp_path / "mine.jsonl")
    mine, _ = collect(tmp_path / "mine.jsonl", tmp_path / "d")
    assert [video.attributes.get("channel") for video in mine] == ["Dogs", "Dogs", None]


@pytest.mark.parametrize(
    ("info", "facts"),
    [
        (json.dumps({**INFO, "channel": None, "uploader": "U\nV"}), ("Pets & Animals", "U V", "CC BY")),
        (json.dumps({"categories": [], "channel": None, "channel_id": "UC1", "license": 3}), (None, "UC1", None)),
        (json.dumps({"categories": "Film"}), ("Film", None, None)),
        ('["a"]', (None, None, None)),
        ('{"categories": ["a', (None, None, None)),
        ("[" * 100_000, (None, None, None)),
    ],
)
def test_facts_of_odd_files_are_taken_as_far_as_they_go(tmp_path: Path, info: str, facts: tuple[str | None]) -> None:
    (tmp_path / "a.b.info.json").write_text(info)
    found = facts_beside(tmp_path / "a.b.mp4")
    assert tuple(found.get(name) for name in ("category", "channel", "license")) == facts


def test_a_link_to_facts_does_not_lead_a_list_out_of_its_folder(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps(INFO))
    folder = tmp_path / "list"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(talk.read_bytes())
    (folder / "a.info.json").symlink_to(tmp_path / "secret.json")
    (folder / "list.csv").write_text("path\na.mp4\n")
    videos, failures = collect(folder / "list.csv")
    assert (videos, [failure.kind for failure in failures]) == ([], ["a link leads out of the folder of the videos"])


def test_without_being_asked_nothing_is_fetched(manifest: Path, tmp_path: Path) -> None:
    videos, failures = collect(manifest)
    assert videos == []
    assert all("fetch it first" in failure.reason for failure in failures)


def test_a_full_disk_is_no_fault_of_the_video(manifest: Path, tmp_path: Path) -> None:
    def full(url: str, stem: Path) -> None:
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise RuntimeError("unable to write data") from error

    videos, _ = collect(manifest, downloads=tmp_path)
    with pytest.raises(StoreError, match="room"):
        fetch(videos, full)


def test_yt_dlp_fetches_from_a_server(talk: Path, tmp_path: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(talk.parent))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        rows = [{"id": "50 %(x)s", "url": f"{url}/talk.mp4"}, {"id": "none", "url": f"{url}/none.mp4"}]
        (tmp_path / "list.jsonl").write_text("\n".join(map(json.dumps, rows)))
        videos, _ = collect(tmp_path / "list.jsonl", downloads=tmp_path / "downloads")
        fetched, failures = fetch(videos, youtube_dl(min_height=64))
        server.shutdown()
    assert [video.path.read_bytes() for video in fetched] == [talk.read_bytes()]
    assert json.loads((tmp_path / "downloads" / f"{fetched[0].path.stem}.info.json").read_text())["webpage_url"]
    assert [failure.video for failure in failures] == ["none"]
    assert "404" in failures[0].reason


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "-x", "", ".", "..", "n" * 300, "\U0001f600" * 80, "a\0b", "%41", "a b"]
)
def test_names_of_files_stay_in_their_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe not in ("", ".", "..")
    assert not set(safe) & set("/\\.\0 ")
    assert not safe.startswith("-")
    assert len(os.fsencode(safe)) <= 160
    assert safe != safe_name(name + "x")

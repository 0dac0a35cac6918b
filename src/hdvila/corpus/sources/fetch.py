"""Fetching videos by url through yt-dlp, one after another, with a reason for each failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from hdvila.corpus.failures import Failure, failure_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import HdvilaError, MediaError, StoreError, is_defect, one_line, require
from hdvila.files import is_full_disk
from hdvila.media import is_video_name
from hdvila.progress import SILENT, Reporter
from hdvila.text import Sidecars

Downloader = Callable[[str, Path], object]
"""``download(url, stem)`` writes the video, its subtitles and its ``.info.json`` to `stem` plus endings, or raises."""


def fetch(
    videos: Sequence[SourceVideo], download: Downloader, *, language: str | None = None, reporter: Reporter = SILENT
) -> tuple[list[SourceVideo], list[Failure]]:
    """Download the videos that are missing (see `hdvila.corpus.sources.collect`, `downloads`).

    Args:
        videos: those with a file are left alone.
        download: see `Downloader`.
        language: of the wanted words, if a download brings several files of subtitles.
        reporter: shows progress, a step per video.

    Raises:
        StoreError: the disk is full, which says nothing about the video.
    """
    missing = [video for video in videos if _is_missing(video)]
    fetched: dict[str, SourceVideo] = {}
    failures = []
    with reporter.task("fetching videos", total=len(videos), done=len(videos) - len(missing)) as bar:
        for video in missing:
            try:
                fetched[video.video_id] = _fetch_one(video, download, language)
            except StoreError:
                raise
            except HdvilaError as error:
                failures.append(failure_of(video, "fetch", error))
            bar.advance(note=f"{len(failures)} failed" if failures else "")
    failed = {failure.video for failure in failures}
    return [fetched.get(video.video_id, video) for video in videos if video.video_id not in failed], failures


def _is_missing(video: SourceVideo) -> bool:
    return "url" in video.attributes and not is_video_name(video.path.name)


def _fetch_one(video: SourceVideo, download: Downloader, language: str | None) -> SourceVideo:
    url = video.attributes["url"]
    if urlsplit(url).scheme not in ("http", "https"):
        why = "is not an address that begins with http:// or https://"
        raise MediaError(f"{url}: {why}; nothing else is fetched", kind=why)
    video.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        download(url, video.path)
    except Exception as error:  # whatever a downloader raises is the reason for this one video
        if is_defect(error, reader="yt_dlp"):
            raise
        if is_full_disk(error):
            raise StoreError(f"{video.path}: cannot be written ({one_line(error)}); make room, start again") from error
        why = f"{url}: cannot be fetched ({one_line(error)}); try again with --retry-failed"
        raise MediaError(why, kind="cannot be fetched") from error
    prefix = video.path.name + "."
    names = sorted(name for name in os.listdir(video.path.parent) if name.startswith(prefix))
    for name in names:
        if is_video_name(name) and name.count(".") == 1:
            path = video.path.parent / name
            beside = Sidecars(path.parent, is_video_name)
            found = SourceVideo.with_found(video.video_id, path, beside, language, attributes=video.attributes)
            words = found if video.transcript is None else video
            named = replace(video, path=path, attributes=found.attributes)
            return replace(named, transcript=words.transcript, others=words.others)
    why = "the downloader left no video"
    raise MediaError(f"{url}: {why} ({', '.join(names) or 'nothing'}); try again later", kind=why)


def youtube_dl(language: str = "en", min_height: int = 720) -> Downloader:
    """A downloader through yt-dlp: the smallest video stream of at least `min_height` lines, subtitles (automatic ones
    too), and the ``.info.json`` with category, channel and licence.

    Audio is not fetched: the corpus has none, and no streams have to be joined.

    Args:
        language: of the subtitles, or ``any``.
        min_height: lines; if no stream has as many, the largest is taken.

    Raises:
        MissingDependency: yt-dlp is not installed.
    """
    package = require("yt_dlp", extra="fetch")

    def download(url: str, stem: Path) -> None:
        settings = {
            "outtmpl": str(stem).replace("%", "%%") + ".%(ext)s",
            "format": f"wv*[height>={min_height}]/bv*/b",
            "writeinfojson": True,
            "writesubtitles": True,
            "writeautomaticsub": True,
            "subtitleslangs": ["all" if language == "any" else f"{language}.*"],
            "subtitlesformat": "vtt/best",
            "noplaylist": True,
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "logger": _Quiet(),
        }
        with package.YoutubeDL(settings) as loader:
            loader.download([url])

    return download


class _Quiet:
    """A logger that prints nothing; errors are raised as well."""

    def debug(self, message: str) -> None:
        pass

    info = warning = error = debug

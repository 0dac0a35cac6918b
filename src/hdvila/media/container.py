"""Opens video files and chooses the stream to read; the errors of PyAV become `MediaError` here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from hdvila.errors import MediaError, reason_of
from hdvila.media.headers import is_animated_webp, is_protected_mp4, is_scrambled, read_head
from hdvila.processes import usable_cores

_SUFFIXES = frozenset(
    ".3gp .asf .avi .flv .gif .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .vob .webm .wmv".split()  # noqa: SIM905
)
_TEXT_FORMATS = {"tty", "ansi"}  # FFmpeg renders plain text files as video
_MAX_THREADS = 4
# Before version 19 PyAV rejects metadata that is not UTF-8 unless this is set; later it has no such option.
_LENIENT = {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}


def is_video_name(name: str) -> bool:
    """Whether a file in a folder counts as a video, by the ending of its name."""
    return os.path.splitext(name)[1].strip().lower() in _SUFFIXES


@contextmanager
def media_errors(path: str | os.PathLike[str], doing: str = "read") -> Iterator[None]:
    """Turn every error of PyAV and the system inside into a `MediaError` that names the file and the cause."""
    try:
        yield
    except av.error.FFmpegError as error:
        what = f"cannot be {doing} as a video"
        raise MediaError(f"{path}: {what}: {_cause(error)}; {_advice(error)}", kind=what) from error
    except (OSError, UnicodeError) as error:
        what = f"cannot be {doing}"
        why = f"{path}: {what}: {_cause(error)}; check the path and its permissions"
        raise MediaError(why, kind=what) from error


def check_file(path: str | os.PathLike[str], kind: str = "a video") -> None:
    """Check that `path` is a file with content.

    Raises:
        MediaError: it is missing, empty, a folder, a device or a pipe.
    """
    file = Path(path)
    if file.is_dir():
        raise MediaError(f"{path}: is a folder, not {kind} file; name a file inside it")
    if not file.is_file():
        why = "is a device or a pipe" if file.exists() else "there is no such file"
        raise MediaError(f"{path}: {why}; name {kind} file")
    if file.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty (0 bytes); fetch or render it again")


def open_container(path: str | os.PathLike[str]) -> Any:
    """Open `path` for reading.

    Only local files are opened: a playlist that points to the network is refused.

    Raises:
        MediaError: the file is missing, empty, a folder, or not in a known video format.
    """
    check_file(path)
    file = Path(path)
    with media_errors(path):
        try:
            container = open_local(file)
        except av.error.InvalidDataError:
            if is_protected_mp4(read_head(file)):
                raise encrypted_error(path) from None
            raise
    if set(container.format.name.split(",")) & _TEXT_FORMATS:
        container.close()
        raise MediaError(f"{path}: is a text file, not a video; name a video file")
    return container


def open_local(path: Path) -> Any:
    """Open a file with PyAV, without access to the network.

    Raises:
        av.error.FFmpegError, OSError: it cannot be opened.
    """
    # The path is absolute because FFmpeg reads "a:b.mp4" as protocol "a".
    return av.open(str(path.absolute()), options={"protocol_whitelist": "file,crypto"}, **_LENIENT)


def language_of(stream: Any) -> str | None:
    """The language tag of a stream as valid Unicode, or None."""
    return stream.language and str(stream.language).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def video_stream(container: Any, path: str | os.PathLike[str], threads: int | None = None) -> Any:
    """Choose the video stream to read: the default stream, else the largest, else the first.

    Cover images of audio files do not count. `threads`: of the decoder; None: one per core, at most four.

    Raises:
        MediaError: the file has no video stream.
    """
    attached = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if s.codec_context is not None and not s.disposition & attached]
    if not streams:
        kinds = ", ".join(sorted({s.type for s in container.streams if s.type != "video"})) or "no stream at all"
        why = f"{path}: has no video (it holds {kinds}); name a file with a video stream"
        raise MediaError(why, kind="has no video")
    default = av.stream.Disposition.default
    stream = max(streams, key=lambda s: (bool(s.disposition & default), s.width * s.height, -s.index))
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads or min(_MAX_THREADS, usable_cores())
    return stream


def encrypted_error(path: str | os.PathLike[str]) -> MediaError:
    """The error for a video under copy protection."""
    what = "its frames are encrypted"
    return MediaError(
        f"{path}: {what} (copy protection, DRM), and only the player of its shop has the key; "
        "another download will not help: use a copy without protection",
        kind=what,
    )


def undecodable_error(path: str | os.PathLike[str]) -> MediaError:
    """The error for a file that gives no frame, with the cause if its header tells it."""
    head = read_head(path)
    if is_animated_webp(head):
        what = "is an animated WebP, which FFmpeg cannot decode"
        name = "" if Path(path).suffix.lower() == ".webp" else f", despite its name ({Path(path).suffix})"
        return MediaError(f"{path}: {what}{name}; convert it to MP4 or GIF", kind=what)
    if is_scrambled(head):
        return encrypted_error(path)
    what = "none of its frames can be decoded"
    return MediaError(f"{path}: {what}: it is damaged; fetch it again", kind=what)


def _cause(error: BaseException) -> str:
    text = reason_of(error)
    return str(text)[:1].lower() + str(text)[1:]


def _advice(error: av.error.FFmpegError) -> str:
    if isinstance(error, av.error.InvalidDataError | av.error.EOFError):
        return "it is damaged, cut off before its index, or not a video at all: fetch it again"
    return "check that the file plays elsewhere"

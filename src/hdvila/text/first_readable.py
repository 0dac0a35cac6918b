"""Read the first readable of several subtitle files, and say why the ones before it were not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdvila.errors import TranscriptError
from hdvila.text.formats.embedded import NO_WORDS_INSIDE
from hdvila.text.sidecars import MAY_BE_METADATA, subtitle_suffix
from hdvila.text.transcript import read_transcript
from hdvila.types import Transcript


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that was tried and skipped, with the reason."""

    file: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """The transcript of a video, the file it was read from, and the files that were tried before."""

    transcript: Transcript
    file: Path
    passed_over: tuple[PassedOver, ...] = ()


def first_readable(
    files: Sequence[Path],
    language: str | None = None,
    unwanted: Callable[[Transcript], str | None] = lambda transcript: None,
) -> Found:
    """Read the first of the files that holds timed words.

    A file that turns out to be metadata about the video is not listed as passed over: it is not a broken
    transcript.

    Args:
        files: subtitle files, or a video to read its own subtitle track, in the order to try; at least one.
        language: the wanted track (see `read_transcript`).
        unwanted: returns why a transcript should be skipped, or None to accept it.

    Raises:
        TranscriptError: none can be read; the message gives the reason for each, `kind` is that of the first.
    """
    failed: list[tuple[Path, TranscriptError]] = []
    for file in files:
        try:
            transcript = read_transcript(file, language=language)
            if (why := unwanted(transcript)) is not None:
                raise TranscriptError(f"{file}: {why}")
            skipped = [PassedOver(path, _bare(path, error)) for path, error in failed if not _is_metadata(path, error)]
            return Found(transcript, file, tuple(skipped))
        except TranscriptError as error:
            failed.append((file, error))
    raise _all_failed(failed)


def _all_failed(failed: Sequence[tuple[Path, TranscriptError]]) -> TranscriptError:
    if len(failed) == 1:
        return failed[0][1]
    faulty = [
        (file, error) for file, error in failed if not _is_metadata(file, error) and error.kind not in NO_WORDS_INSIDE
    ]
    (where, first), *others = faulty or [failed[-1]]
    more = "".join(f"; {file.name}: {_bare(file, error)}" for file, error in others)
    return TranscriptError(f"{first}{more}", kind=first.kind or _bare(where, first).split(";")[0])


def _bare(file: Path, error: TranscriptError) -> str:
    return str(error).removeprefix(f"{file}: ")


def _is_metadata(file: Path, error: TranscriptError) -> bool:
    """Whether the file is intact but holds something other than subtitles."""
    return subtitle_suffix(file.name) in MAY_BE_METADATA and "damaged" not in str(error)

"""Of several files that may hold the words of a video, the first that does; and why the ones before it do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdvila.errors import TranscriptError
from hdvila.text.formats.embedded import NO_WORDS_INSIDE
from hdvila.text.sidecars import MAY_BE_FACTS, subtitle_suffix
from hdvila.text.transcript import read_transcript
from hdvila.types import Transcript


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that was tried and not taken, and why."""

    file: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """The words of a video, the file that they stand in, and those that were tried before it."""

    transcript: Transcript
    file: Path
    passed_over: tuple[PassedOver, ...] = ()


def first_readable(
    files: Sequence[Path],
    language: str | None = None,
    unwanted: Callable[[Transcript], str | None] = lambda transcript: None,
) -> Found:
    """Read the first of the files that holds timed words.

    A file of facts about the video, which holds none, is not told of: it is no transcript that went wrong.

    Args:
        files: subtitle files, and a video for its own track, in the order in which they are tried; at least one.
        language: of the track (see `read_transcript`).
        unwanted: why a transcript is not wanted, or None.

    Raises:
        TranscriptError: none can be read; gives the reason of each. The kind is that of the first.
    """
    failed: list[tuple[Path, TranscriptError]] = []
    for file in files:
        try:
            transcript = read_transcript(file, language=language)
            if (why := unwanted(transcript)) is not None:
                raise TranscriptError(f"{file}: {why}")
            told = [PassedOver(path, _bare(path, error)) for path, error in failed if not _is_facts(path, error)]
            return Found(transcript, file, tuple(told))
        except TranscriptError as error:
            failed.append((file, error))
    raise _all_failed(failed)


def _all_failed(failed: Sequence[tuple[Path, TranscriptError]]) -> TranscriptError:
    if len(failed) == 1:
        return failed[0][1]
    faulty = [
        (file, error) for file, error in failed if not _is_facts(file, error) and error.kind not in NO_WORDS_INSIDE
    ]
    (where, first), *others = faulty or [failed[-1]]
    more = "".join(f"; {file.name}: {_bare(file, error)}" for file, error in others)
    return TranscriptError(f"{first}{more}", kind=first.kind or _bare(where, first).split(";")[0])


def _bare(file: Path, error: TranscriptError) -> str:
    return str(error).removeprefix(f"{file}: ")


def _is_facts(file: Path, error: TranscriptError) -> bool:
    """Whether it is whole, and about something else."""
    return subtitle_suffix(file.name) in MAY_BE_FACTS and "damaged" not in str(error)

"""The words of a video of a source: of the best of the files that may hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import TranscriptError, some_of
from hdvila.text.first_readable import first_readable
from hdvila.types import Transcript


def words_of(
    video: SourceVideo, track: str | None, unwanted: Callable[[Transcript], str | None] = lambda transcript: None
) -> tuple[Transcript, SourceVideo]:
    """The words, and the video with the file that they stand in alone, and with what was tried before it.

    Args:
        video: as `hdvila.corpus.collect` gives it.
        track: the language of the subtitle track to take where the video has several.
        unwanted: why a transcript is not wanted, or None.

    Raises:
        TranscriptError: there are none that can be read and are wanted; gives the reason for each file.
    """
    try:
        found = first_readable(video.spoken, track, unwanted)
    except TranscriptError as error:
        if not video.unclaimed:
            raise
        names = some_of(video.unclaimed)
        hint = f"{names} beside it: the name does not say that it is of this video, call it {video.path.stem}.en.srt"
        raise TranscriptError(f"{error}; {hint}", kind=error.kind) from error
    transcript = None if found.file == video.path else found.file
    taken = replace(video, transcript=transcript, others=(), passed_over=found.passed_over)
    return found.transcript, replace(taken, notes=found.transcript.notes)

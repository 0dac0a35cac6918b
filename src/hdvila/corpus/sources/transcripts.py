"""The words of videos: in the best of their subtitle files, in all files of a folder, or from a speech model."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hdvila.corpus.failures import Attempt, Failure
from hdvila.corpus.sources.video import SourceVideo, as_text
from hdvila.errors import StoreError, TranscriptError, UsageError, some_of
from hdvila.files import replacing
from hdvila.progress import SILENT, Reporter
from hdvila.text import read_transcript
from hdvila.text.first_readable import first_readable
from hdvila.text.transcribe import SpeechModel, transcribe
from hdvila.types import Transcript


def words_of(
    video: SourceVideo, track: str | None, unwanted: Callable[[Transcript], str | None] = lambda transcript: None
) -> tuple[Transcript, SourceVideo]:
    """The words of a video, and the video with the one file that holds them and the files that were tried before.

    Args:
        video: as `hdvila.corpus.collect` gives it.
        track: the language of the subtitle track to take if the video has several.
        unwanted: gives the reason why a transcript is not wanted, or None.

    Raises:
        TranscriptError: no file can be read and is wanted; gives the reason for each file.
    """
    try:
        found = first_readable(video.spoken, track, unwanted)
    except TranscriptError as error:
        if not video.unclaimed:
            raise
        names = some_of(video.unclaimed)
        hint = (
            f"{names} beside it: the name does not say that it belongs to this video; call it {video.path.stem}.en.srt"
        )
        raise TranscriptError(f"{error}; {hint}", kind=error.kind) from error
    transcript = None if found.file == video.path else found.file
    taken = replace(video, transcript=transcript, others=(), passed_over=found.passed_over)
    return found.transcript, replace(taken, notes=found.transcript.notes)


def read_transcripts(
    folder: str | os.PathLike[str], *, language: str | None = None
) -> Iterator[tuple[str, Transcript | Failure]]:
    """Yield (name relative to the folder, transcript or failure) of every file in a folder and its subfolders.

    Hidden files are skipped; links to folders are not followed.

    Args:
        folder: subtitle files and videos.
        language: see `hdvila.text.read_transcript`.

    Raises:
        UsageError: the folder does not exist.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{folder}: there is no such folder; name a folder of subtitle files")
    for file in sorted(_files(root)):
        name = as_text(file.relative_to(root).as_posix())
        yield name, _read(SourceVideo(name, file, None, root=root), language)


def transcribe_videos(
    videos: Sequence[SourceVideo], model: SpeechModel, language: str | None = None, reporter: Reporter = SILENT
) -> tuple[list[SourceVideo], list[Failure]]:
    """Write ``<stem>.json`` beside each video that has no subtitles, in Whisper's form with word times.

    If that file exists already, it is ``<stem>.<language>.json``, or else ``<stem>.whisper.json``.

    Args:
        videos: as `hdvila.corpus.collect` gives them; those with readable subtitles, beside them or inside, are left
            alone.
        model: see `hdvila.text.transcribe.load_speech_model`.
        language: what is spoken; None: the model detects it.
        reporter: shows progress, a step per video.

    Returns:
        The videos that have subtitles now, in their order, and the reasons why others have none.

    Raises:
        StoreError: a file cannot be written.
    """
    heard, failures = [], []
    with reporter.task("transcribing videos", total=len(videos)) as bar:
        for video in videos:
            outcome = _with_words(video, language) or _transcribe(video, model, language)
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                heard.append(outcome)
            bar.advance()
    return heard, failures


def _read(file: SourceVideo, language: str | None) -> Transcript | Failure:
    with Attempt(file, "transcript") as attempt:
        return read_transcript(file.path, language=language)
    return attempt.failure


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def _with_words(video: SourceVideo, language: str | None) -> SourceVideo | None:
    """The video with the file of its words, or None where it has none."""
    with suppress(TranscriptError):
        return words_of(video, language)[1]
    return None


def _transcribe(video: SourceVideo, model: SpeechModel, language: str | None) -> SourceVideo | Failure:
    with Attempt(video, "transcript") as attempt:
        said = transcribe(video.path, model, language)
        names = [".json", *([f".{said.language}.json"] if said.language else []), ".whisper.json"]
        free = [file for name in names if not (file := video.path.with_suffix(name)).exists()]
        target = free[0] if free else video.path.with_suffix(names[-1])
        _write(target, said)
        return replace(video, transcript=target, others=())
    return attempt.failure


def _write(target: Path, said: Transcript) -> None:
    words = [{"word": word.text, "start": word.start, "end": word.end} for word in said.words]
    with replacing(target, kind=StoreError) as partial:
        partial.write_text(
            json.dumps({"language": said.language, "words": words}, ensure_ascii=False), encoding="utf-8"
        )

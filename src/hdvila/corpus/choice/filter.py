"""Which videos are fit: their words can be read and are of the wanted language, and their frames last to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from hdvila.corpus.choice.near_duplicates import LookAlikes, looks_like
from hdvila.corpus.failures import Attempt, Failure, died_on
from hdvila.corpus.ledger import FilteredVideos
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.transcripts import words_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import UsageError, require
from hdvila.media import VideoInfo, probe
from hdvila.processes import Died, in_order, usable_cores
from hdvila.progress import SILENT, Reporter
from hdvila.types import Transcript

ANY = "any"
_LOST = 1.0  # seconds without a frame at the end from which on a video counts as cut short
_CLEAR = 0.9  # certainty from which on the language of a text counts
_ENOUGH = 3000  # characters that are read, from three places
_DEFAULTS = CorpusOptions()


def filter_videos(
    videos: Sequence[SourceVideo],
    options: CorpusOptions = _DEFAULTS,
    *,
    look_alikes: LookAlikes | None = None,
    journal: Path | None = None,
    reporter: Reporter = SILENT,
) -> tuple[list[SourceVideo], list[Failure]]:
    """Keep the videos that are fit, with their durations, in their order; the others come with their reasons.

    Args:
        videos: to check.
        options: `min_height`, `language` and `workers` are used.
        look_alikes: videos whose near-duplicates are left out.
        journal: a file of the videos that passed (`hdvila.corpus.ledger.FilteredVideos`), by which a killed run
            continues; None: nothing is remembered.
        reporter: shows progress, a step per video.

    Raises:
        UsageError: the language is not known.
        MissingDependency: lingua is not installed, and a language is asked for.
        StoreError: the journal cannot be written.
    """
    check_language(options.language)
    memory = FilteredVideos(journal, _terms(options, look_alikes)) if journal else None
    known = {video.video_id: memory.recall(video) if memory else None for video in videos}
    todo = [video for video in videos if known[video.video_id] is None]
    fit = {video.video_id: known[video.video_id] or video for video in videos}
    failures = []
    work = partial(check, options=options, look_alikes=look_alikes)
    with reporter.task("filtering videos", total=len(videos), done=len(videos) - len(todo)) as bar:
        for video, result in in_order(work, todo, options.workers or usable_cores()):
            outcome = died_on(video, "filter", result) if isinstance(result, Died) else result
            if isinstance(outcome, Failure):
                del fit[video.video_id]
                failures.append(outcome)
            else:
                fit[video.video_id] = outcome
                if memory:
                    memory.add(video, outcome)
            bar.advance(note=f"{len(failures)} unfit" if failures else "")
    return list(fit.values()), failures


def remember_durations(
    videos: Sequence[SourceVideo], options: CorpusOptions, look_alikes: LookAlikes | None, journal: Path
) -> list[SourceVideo]:
    """The videos with their durations where the journal has them, and without elsewhere."""
    memory = FilteredVideos(journal, _terms(options, look_alikes))
    known = ((video, memory.recall(video)) for video in videos)
    return [replace(video, duration=past.duration if past else None) for video, past in known]


def check(video: SourceVideo, options: CorpusOptions, look_alikes: LookAlikes | None = None) -> SourceVideo | Failure:
    """Check one video: its words, its language, its size, its end, and its likeness to excluded videos.

    Raises:
        MissingDependency: an optional package is not installed.
    """
    with Attempt(video, "filter") as attempt:
        if not video.path.is_file():
            attempt.refuse("there is no such file; bring it back, or take the video out of the list")
        if not video.path.stat().st_size:
            attempt.refuse("the file is empty (0 bytes); fetch the video again", kind="the file is empty")
        attempt.step = "transcript"
        _, video = words_of(video, options.track, partial(_unwanted, video, options.language))
        attempt.step = "filter"
        info = probe(video.path, verify_tail=True)
        if wrong := unfit(info, options):
            attempt.refuse(wrong[0], kind=wrong[1])
        attempt.step = "exclude"
        if look_alikes is not None and (like := look_alikes.match(video.path)):
            return looks_like(video, like)
        return replace(video, duration=info.duration)
    return attempt.failure


def unfit(info: VideoInfo, options: CorpusOptions) -> tuple[str, str] | None:
    """Why a video that can be read is not wanted, and the kind of the reason (see `Failure`); or None."""
    if info.damage:
        return f"{info.damage}; fetch it again", "the file is damaged"
    if (lost := info.undecodable_tail or 0) > _LOST:
        why = "its end has no frame that can be decoded"
        return f"{why} (the last {lost:.1f} s); fetch it again", why
    if min(info.height, info.width) < options.min_height:
        why = f"the short side is below the {options.min_height} asked for"
        return f"{info.width}x{info.height} pixels, {why}; --min-height takes smaller ones too", why
    return None


def check_language(wanted: str) -> None:
    """Check that a language can be detected.

    Raises:
        UsageError: it is not the code of a known language.
        MissingDependency: lingua is not installed.
    """
    if wanted == ANY:
        return
    lingua = require("lingua", extra="corpus")
    known = sorted(language.iso_code_639_1.name.lower() for language in lingua.Language.all())
    if wanted not in known:
        raise UsageError(f"language {wanted!r} is not known; give one of {', '.join(known)}, or {ANY!r}")


def unwanted_language(text: str, declared: str | None, wanted: str) -> str | None:
    """Why the language is not the wanted one, or None.

    The text counts first. If it is too short to be clear, the declared language counts; if there is none, the video is
    kept.

    Args:
        text: the transcript.
        declared: the language that the file or manifest gives, such as ``en-GB``.
        wanted: ISO 639-1 code, or ``any``.

    Raises:
        MissingDependency: lingua is not installed.
    """
    if wanted == ANY:
        return None
    best = _detector().compute_language_confidence_values(_sample(text))[0]
    if best.value >= _CLEAR:
        found = best.language.iso_code_639_1.name.lower()
        return None if found == wanted else f"the words are in language {found!r}, not the wanted {wanted!r}"
    if declared and _primary(declared) != wanted and len(_primary(declared)) == 2:
        return f"it is marked as language {declared!r}, not the wanted {wanted!r}, and too short to detect another"
    return None


def _terms(options: CorpusOptions, look_alikes: LookAlikes | None) -> str:
    return f"{options.language} {options.min_height} {look_alikes.digest if look_alikes else ''}"


def _unwanted(video: SourceVideo, language: str, transcript: Transcript) -> str | None:
    return unwanted_language(transcript.text, transcript.language or video.attributes.get("language"), language)


@cache
def _detector() -> Any:
    """Of trigrams only: on more than a sentence as good as the large model, in a tenth of its memory."""
    builder = require("lingua", extra="corpus").LanguageDetectorBuilder
    return builder.from_all_languages().with_low_accuracy_mode().build()


def _sample(text: str) -> str:
    part = _ENOUGH // 3
    if len(text) <= _ENOUGH:
        return text
    middle = (len(text) - part) // 2
    return " ".join([text[:part], text[middle : middle + part], text[-part:]])


def _primary(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()

"""Step two: which videos are fit: their words can be read, are of the wanted language, and the pictures last."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from hdvila.corpus.choice.journal import Journal
from hdvila.corpus.choice.languages import check_language, unwanted_language
from hdvila.corpus.choice.near_duplicates import LookAlikes, looks_like
from hdvila.corpus.failures import Attempt, Failure, died_on
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.sources.words import words_of
from hdvila.media import VideoInfo, probe
from hdvila.processes import Died, in_order, usable_cores
from hdvila.progress import SILENT, Reporter
from hdvila.types import Transcript

_LOST = 1.0  # seconds without a picture at the end from which on a video counts as broken off
_DEFAULTS = CorpusOptions()


def filter_videos(
    videos: Sequence[SourceVideo],
    options: CorpusOptions = _DEFAULTS,
    *,
    look_alikes: LookAlikes | None = None,
    journal: Path | None = None,
    reporter: Reporter = SILENT,
) -> tuple[list[SourceVideo], list[Failure]]:
    """Keep the videos that are fit, with their durations, in their order; the others are listed with their reasons.

    Args:
        videos: to look at.
        options: `min_height`, `language` and `workers` count here.
        look_alikes: videos that nothing may be a near-duplicate of.
        journal: a file that remembers who passed, so that a job that was killed goes on; None: nobody remembers.
        reporter: hears of each video.

    Raises:
        UsageError: the language is not known.
        MissingDependency: lingua is not installed, and a language is asked for.
        StoreError: the journal cannot be written.
    """
    check_language(options.language)
    with Journal(journal, _terms(options, look_alikes)) if journal else nullcontext() as memory:
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
                        memory.passed(video, outcome)
                bar.advance(note=f"{len(failures)} unfit" if failures else "")
    return list(fit.values()), failures


def remember_durations(
    videos: Sequence[SourceVideo], options: CorpusOptions, look_alikes: LookAlikes | None, journal: Path
) -> list[SourceVideo]:
    """The videos with the durations that the journal remembers, as far as it does."""
    with Journal(journal, _terms(options, look_alikes)) as memory:
        known = ((video, memory.recall(video)) for video in videos)
        return [replace(video, duration=past.duration if past else None) for video, past in known]


def _terms(options: CorpusOptions, look_alikes: LookAlikes | None) -> str:
    return f"{options.language} {options.min_height} {look_alikes.digest if look_alikes else ''}"


def check(video: SourceVideo, options: CorpusOptions, look_alikes: LookAlikes | None = None) -> SourceVideo | Failure:
    """Look at one video: its words, its language, its size, its end, and what it looks like.

    Raises:
        MissingDependency: an optional package is needed: that is no fault of the video.
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


def _unwanted(video: SourceVideo, language: str, transcript: Transcript) -> str | None:
    return unwanted_language(transcript.text, transcript.language or video.attributes.get("language"), language)


def unfit(info: VideoInfo, options: CorpusOptions) -> tuple[str, str] | None:
    """Why a video that can be read is not wanted, with the kind of it (see `Failure`), or None."""
    if info.damage:
        return f"{info.damage}; fetch it again", "the file is damaged"
    if (lost := info.undecodable_tail or 0) > _LOST:
        why = "its end holds no picture that can be decoded"
        return f"{why} (the last {lost:.1f} s); fetch it again", why
    if min(info.height, info.width) < options.min_height:
        why = f"the short side is below the {options.min_height} asked for"
        return f"{info.width}x{info.height} pixels, {why}; --min-height takes smaller ones too", why
    return None

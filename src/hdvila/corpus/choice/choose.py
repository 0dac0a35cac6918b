"""Which videos of a source go into a corpus, and which of the corpus should not be there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdvila.corpus.choice.balance import CategoryHours, balance
from hdvila.corpus.choice.exclude import ExcludedIds, exclude
from hdvila.corpus.choice.filter import filter_videos, remember_durations
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.corpus.failures import Failure
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sources.fetch import Downloader, fetch, youtube_dl
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.stored import Stored, changed, contaminated
from hdvila.progress import SILENT, Reporter

_JOURNAL = ".filtered.jsonl"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done with the videos of a source.

    Attributes:
        fresh: to be cut, in the order of the source.
        stored: in the corpus already.
        changed: of these, as failures: the source has another file under their ids.
        failures: why the others are not cut.
        contaminated: videos of the corpus, from whatever source, that are excluded now.
        categories: hours before and after the balance, where one was asked for.
    """

    fresh: tuple[SourceVideo, ...]
    stored: tuple[SourceVideo, ...]
    changed: tuple[Failure, ...]
    failures: tuple[Failure, ...]
    contaminated: tuple[Failure, ...]
    categories: tuple[CategoryHours, ...]


def choose(
    videos: Sequence[SourceVideo],
    corpus: Path,
    known: Stored,
    options: CorpusOptions,
    download: Downloader | None = None,
    reporter: Reporter = SILENT,
) -> Choice:
    """Exclude, fetch, filter and balance the videos that a corpus does not have; look over those that it has.

    Raises:
        UsageError: a list of excluded videos cannot be read, or the language is not known.
        MissingDependency: an optional package is needed for what is asked.
        StoreError: the corpus cannot be read, or the disk is full.
    """
    journal = corpus / _JOURNAL
    ids = ExcludedIds(options.exclude)
    look_alikes = LookAlikes.of(options.exclude_like, reporter) if options.exclude_like else None
    stored = [video for video in videos if video.video_id in known]
    stored = remember_durations(stored, options, look_alikes, journal)
    compared = {video.video_id for video in stored if video.duration is not None}
    wrong = contaminated(corpus, known, ids, look_alikes, compared, reporter)
    fresh, failures = exclude([video for video in videos if video.video_id not in known], ids)
    if options.downloads is not None:
        download = download or youtube_dl(options.language, options.min_height)
        fresh, lost = fetch(fresh, download, language=options.track, reporter=reporter)
        failures += lost
    fresh, lost = filter_videos(fresh, options, look_alikes=look_alikes, journal=journal, reporter=reporter)
    failures += lost
    categories: list[CategoryHours] = []
    if options.hours_per_category is not None:
        kept, lost, categories = balance([*stored, *fresh], options.hours_per_category, options.seed, known)
        failures += [failure for failure in lost if failure.video not in known]
        fresh = [video for video in kept if video.video_id not in known]
    other = changed(stored, known)
    return Choice(tuple(fresh), tuple(stored), tuple(other), tuple(failures), tuple(wrong), tuple(categories))

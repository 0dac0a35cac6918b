"""From transcribed videos to training clips."""

from hdvila.corpus.build import BuildReport, build_corpus
from hdvila.corpus.choice.balance import CategoryHours, balance
from hdvila.corpus.choice.exclude import ExcludedIds, exclude
from hdvila.corpus.choice.filter import filter_videos
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.corpus.failures import Failure, StepSummary
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.sentences import Sentences
from hdvila.corpus.sources.collect import collect, write_videos
from hdvila.corpus.sources.fetch import fetch
from hdvila.corpus.sources.hd_vila_100m import write_hd_vila_100m
from hdvila.corpus.sources.video import SourceVideo

__all__ = [
    "BuildReport",
    "CategoryHours",
    "CorpusOptions",
    "ExcludedIds",
    "Failure",
    "LookAlikes",
    "Sentences",
    "SourceVideo",
    "StepSummary",
    "balance",
    "build_corpus",
    "collect",
    "exclude",
    "fetch",
    "filter_videos",
    "write_hd_vila_100m",
    "write_videos",
]

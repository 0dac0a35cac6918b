"""From transcribed videos to training clips."""

from hdvila.corpus.balance import CategoryHours, balance
from hdvila.corpus.build import BuildReport, build_corpus
from hdvila.corpus.collect import SourceVideo, collect, write_videos
from hdvila.corpus.exclude import ExcludedIds, exclude
from hdvila.corpus.failures import Failure, StepSummary
from hdvila.corpus.fetch import fetch
from hdvila.corpus.filter import filter_videos
from hdvila.corpus.hd_vila_100m import write_hd_vila_100m
from hdvila.corpus.near_duplicates import LookAlikes
from hdvila.corpus.options import CorpusOptions

__all__ = [
    "BuildReport",
    "CategoryHours",
    "CorpusOptions",
    "ExcludedIds",
    "Failure",
    "LookAlikes",
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

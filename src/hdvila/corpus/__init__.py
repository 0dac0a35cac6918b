"""From transcribed videos to training clips."""

from hdvila.corpus.build import BuildReport, build_corpus
from hdvila.corpus.choice.balance import CategoryHours, balance
from hdvila.corpus.choice.exclude import ExcludedIds, exclude
from hdvila.corpus.choice.filter import filter_videos
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.corpus.clips import ClipPlan, plan_clips
from hdvila.corpus.cluster import on_cluster
from hdvila.corpus.cut import cut_videos, plan_video
from hdvila.corpus.describe import describe
from hdvila.corpus.failures import Failure, Sentences, StepSummary
from hdvila.corpus.options import CorpusOptions
from hdvila.corpus.preview import show
from hdvila.corpus.reshape import Reshaped, filter_corpus, merge_corpora, split_corpus
from hdvila.corpus.sources.collect import collect, write_videos
from hdvila.corpus.sources.fetch import fetch
from hdvila.corpus.sources.hd_vila_100m import write_hd_vila_100m
from hdvila.corpus.sources.transcripts import read_transcripts, transcribe_videos
from hdvila.corpus.sources.video import SourceVideo
from hdvila.text import read_transcript, split_sentences

__all__ = [
    "BuildReport",
    "CategoryHours",
    "ClipPlan",
    "CorpusOptions",
    "ExcludedIds",
    "Failure",
    "LookAlikes",
    "Reshaped",
    "Sentences",
    "SourceVideo",
    "StepSummary",
    "balance",
    "build_corpus",
    "collect",
    "cut_videos",
    "describe",
    "exclude",
    "fetch",
    "filter_corpus",
    "filter_videos",
    "merge_corpora",
    "on_cluster",
    "plan_clips",
    "plan_video",
    "read_transcript",
    "read_transcripts",
    "show",
    "split_corpus",
    "split_sentences",
    "transcribe_videos",
    "write_hd_vila_100m",
    "write_videos",
]

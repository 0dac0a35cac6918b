"""Describing a corpus: numbers, report, data card, datasheet and Croissant file."""

from hdvila.corpus.describe.describe import describe
from hdvila.corpus.describe.similarity import Scorer, Scores, score_clips

__all__ = ["Scorer", "Scores", "describe", "score_clips"]

"""What is in a corpus: numbers, a report, a datasheet, a dataset card and a Croissant file."""

from hdvila.corpus.describe.describe import describe
from hdvila.corpus.describe.similarity import Scorer, Scores, score_clips

__all__ = ["Scorer", "Scores", "describe", "score_clips"]

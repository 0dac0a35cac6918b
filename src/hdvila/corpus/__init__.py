"""From transcribed videos to training clips."""

from hdvila.corpus.build import BuildReport, build_corpus
from hdvila.corpus.failures import Failure
from hdvila.corpus.options import CorpusOptions

__all__ = ["BuildReport", "CorpusOptions", "Failure", "build_corpus"]

"""The corpus on disk: tar shards with both resolutions of every clip, and Parquet tables over them."""

from hdvila.store.layout import Rates
from hdvila.store.reader import Corpus
from hdvila.store.writer import CorpusWriter

__all__ = ["Corpus", "CorpusWriter", "Rates"]

"""The corpus on disk: tar shards with named streams of frames and tracks, and an index that opens shard by shard."""

from hdvila.store.contents import upgrade_corpus
from hdvila.store.layout import Stream, Track
from hdvila.store.reader import Corpus
from hdvila.store.track_writer import TrackWriter
from hdvila.store.tracks import Features
from hdvila.store.writer import CorpusWriter

__all__ = ["Corpus", "CorpusWriter", "Features", "Stream", "Track", "TrackWriter", "upgrade_corpus"]

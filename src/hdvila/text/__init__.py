"""Transcripts, sentences, tokens."""

from hdvila.text.first_readable import first_readable
from hdvila.text.sentences.align import align
from hdvila.text.sentences.local_restorer import find_restorer, load_restorer
from hdvila.text.sentences.split import split_sentences
from hdvila.text.sidecars import Sidecars
from hdvila.text.tokenizer import Tokenizer
from hdvila.text.transcript import read_transcript

__all__ = [
    "Sidecars",
    "Tokenizer",
    "align",
    "find_restorer",
    "first_readable",
    "load_restorer",
    "read_transcript",
    "split_sentences",
]

"""Transcripts, sentences, tokens."""

from hdvila.text.sentences.local_restorer import find_restorer, load_restorer
from hdvila.text.sentences.split import split_sentences
from hdvila.text.tokenizer import Tokenizer
from hdvila.text.transcript import find_sidecar, find_transcript, read_transcript

__all__ = [
    "Tokenizer",
    "find_restorer",
    "find_sidecar",
    "find_transcript",
    "load_restorer",
    "read_transcript",
    "split_sentences",
]

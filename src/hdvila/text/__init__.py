"""Transcripts, sentences, tokens."""

from hdvila.text.local_restorer import load_restorer
from hdvila.text.sentences import split_sentences
from hdvila.text.tokenizer import Tokenizer
from hdvila.text.transcript import find_sidecar, find_transcript, read_transcript

__all__ = ["Tokenizer", "find_sidecar", "find_transcript", "load_restorer", "read_transcript", "split_sentences"]

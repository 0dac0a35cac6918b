"""Transcripts, sentences and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hdvila.lazy import offered

if TYPE_CHECKING:
    from hdvila.text.sentences.align import align as align
    from hdvila.text.sentences.local_restorer import find_restorer as find_restorer
    from hdvila.text.sentences.local_restorer import load_restorer as load_restorer
    from hdvila.text.sentences.split import split_sentences as split_sentences
    from hdvila.text.sidecars import Sidecars as Sidecars
    from hdvila.text.tokenizer import Tokenizer as Tokenizer
    from hdvila.text.transcript import read_transcript as read_transcript

_OFFERS = {
    "Sidecars": "sidecars",
    "Tokenizer": "tokenizer",
    "align": "sentences.align",
    "find_restorer": "sentences.local_restorer",
    "load_restorer": "sentences.local_restorer",
    "read_transcript": "transcript",
    "split_sentences": "sentences.split",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

"""Loads models by name or path (`load_model`, `find_model`), with a `Processor` that turns files into model inputs."""

from hdvila.hub.identity import Identifiable, file_hashes, same_vectors, vectors_fingerprint
from hdvila.hub.load import (
    build_model,
    check_keywords,
    check_model_settings,
    find_model,
    list_models,
    load_model,
)
from hdvila.hub.processor import TOKENIZER, Processor, answers_of, place_of_words
from hdvila.nn.checkpoint import LoadReport, check_finite
from hdvila.nn.device import (
    SLOW,
    Precision,
    WantedPrecision,
    computing,
    fast_precision,
    pick_device,
    precision_of,
    settle_precision,
    wanted_precision,
)
from hdvila.nn.pretrained import evaluating, read_note

__all__ = [
    "SLOW",
    "TOKENIZER",
    "Identifiable",
    "LoadReport",
    "Precision",
    "Processor",
    "WantedPrecision",
    "answers_of",
    "build_model",
    "check_finite",
    "check_keywords",
    "check_model_settings",
    "computing",
    "evaluating",
    "fast_precision",
    "file_hashes",
    "find_model",
    "list_models",
    "load_model",
    "pick_device",
    "place_of_words",
    "precision_of",
    "read_note",
    "same_vectors",
    "settle_precision",
    "vectors_fingerprint",
    "wanted_precision",
]

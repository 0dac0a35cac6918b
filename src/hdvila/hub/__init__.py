"""Names and paths to models, and what stands between files and models: `load_model`, `find_model`, `Processor`."""

from hdvila.hub.identity import identify
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
    "find_model",
    "identify",
    "list_models",
    "load_model",
    "pick_device",
    "place_of_words",
    "precision_of",
    "read_note",
    "settle_precision",
    "wanted_precision",
]

"""Names and paths to models, and what stands between files and models: `load_model`, `find_model`, `Processor`."""

from hdvila.hub.device import pick_device
from hdvila.hub.identity import identify
from hdvila.hub.load import build_model, check_keywords, find_model, list_models, load_model
from hdvila.hub.processor import TOKENIZER, Processor, answers_of, evaluation_view, place_of_words
from hdvila.nn.checkpoint import LoadReport, check_finite
from hdvila.nn.pretrained import evaluating, read_note

__all__ = [
    "TOKENIZER",
    "LoadReport",
    "Processor",
    "answers_of",
    "build_model",
    "check_finite",
    "check_keywords",
    "evaluating",
    "evaluation_view",
    "find_model",
    "identify",
    "list_models",
    "load_model",
    "pick_device",
    "place_of_words",
    "read_note",
]

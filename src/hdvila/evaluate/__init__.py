"""Numbers of a model, each with the protocol, the gallery and the chance level that give it a meaning."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "Evaluated": "evaluation",
    "WAYS": "ways",
    "benchmark_test": "clip_test",
    "corpus_test": "clip_test",
    "evaluate": "evaluation",
    "evaluate_checkpoint": "evaluation",
    "evaluate_masked_words": "masked_words",
    "evaluate_retrieval": "retrieval",
    "get_protocol": "protocols",
    "read_split": "protocols",
    "register_protocol": "protocols",
    "retrieval_metrics": "metrics.rank",
    "tabulate": "report.results",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

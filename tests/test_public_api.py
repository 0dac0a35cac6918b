"""The names that are promised to users, and how they are called, are those of tests/goldens/public_api.txt."""

from __future__ import annotations

import difflib
import importlib
import inspect
from pathlib import Path
from typing import Any

import hdvila

GOLDEN = Path(__file__).parent / "goldens" / "public_api.txt"
PROMISED = (  # beside `hdvila.__all__`: what README and docs call, and what is agreed with users
    "hdvila.evaluate.evaluate_retrieval",
    "hdvila.evaluate.register_protocol",
    "hdvila.evaluate.retrieval_metrics",
    "hdvila.media.Video.at",
    "hdvila.media.Video.frames",
    "hdvila.media.Video.walk",
    "hdvila.media.VideoInfo",
    "hdvila.media.open_video",
    "hdvila.models.HDVILA.aggregate",
    "hdvila.models.HDVILA.answer_logits",
    "hdvila.models.HDVILA.embed_text",
    "hdvila.models.HDVILA.embed_video",
    "hdvila.models.HDVILA.encode_text",
    "hdvila.models.HDVILA.encode_video",
    "hdvila.models.HDVILA.masked_language_logits",
    "hdvila.models.HDVILA.save_pretrained",
    "hdvila.models.HDVILA.score_texts",
    "hdvila.models.HDVILAConfig",
    "hdvila.recipes.get_recipe",
    "hdvila.recipes.register_recipe",
    "hdvila.search.Library.files",
    "hdvila.search.Library.forget",
    "hdvila.search.Library.index",
    "hdvila.search.Library.prune",
    "hdvila.search.Library.search",
    "hdvila.store.Corpus",
    "hdvila.store.Corpus.frames",
    "hdvila.store.CorpusWriter",
    "hdvila.store.CorpusWriter.add",
    "hdvila.text.tokenizer.Tokenizer.load",
    "hdvila.train.train",
)


def snapshot() -> str:
    """A name and its parameters a line."""
    names = [f"hdvila.{name}" for name in hdvila.__all__ if name != "__version__"]
    return "".join(f"{name}{_parameters(_find(name))}\n" for name in sorted({*names, *PROMISED}))


def _find(name: str) -> Any:
    """A dotted name, of which the first parts are modules."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            value = getattr(value, part)
        return value
    raise AssertionError(name)


def _parameters(value: Any) -> str:
    """Names, kinds and plain defaults; annotations may become more exact at any time."""
    if inspect.isclass(value) and issubclass(value, Exception):
        return ""
    parameters = inspect.signature(value).parameters.values()
    plain = [one.replace(annotation=one.empty, default=_default(one)) for one in parameters]
    return str(inspect.Signature(plain))


def _default(parameter: inspect.Parameter) -> Any:
    plain = parameter.default is parameter.empty or isinstance(parameter.default, _PLAIN)
    return parameter.default if plain else _Some()


class _Some:
    def __repr__(self) -> str:
        return "..."


_PLAIN = (int, float, str, bool, tuple, type(None))


def test_promised_names_are_called_as_before() -> None:
    before, now = GOLDEN.read_text(encoding="utf-8"), snapshot()
    changed = "\n".join(
        difflib.unified_diff(before.splitlines(), now.splitlines(), "promised", "now", lineterm="", n=1)
    )
    assert before == now, (
        f"{changed}\n\nUsers call these names. If the change is meant, and old calls still work or CHANGELOG.md says "
        "what to write instead, renew the list: python tests/test_public_api.py"
    )


if __name__ == "__main__":
    GOLDEN.write_text(snapshot(), encoding="utf-8")

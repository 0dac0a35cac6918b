"""Which streams of a store a run reads, where the store lacks those that the recipe's system prefers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hdvila.data.settings import DataSettings
from hdvila.data.source import STORE, inputs_for, open_corpus, prepare_command, stream_rates, streams_read
from hdvila.errors import UsageError
from hdvila.models.inputs import Inputs
from hdvila.models.registry import get_system
from hdvila.progress import SILENT, Reporter
from hdvila.train.recipe import Recipe

__all__ = ["on_stored_streams"]


def on_stored_streams(recipe: Recipe, reporter: Reporter = SILENT) -> Recipe:
    """The recipe with inputs that its stores and corpora can serve.

    Where a store lacks the stream that a system reads unless told otherwise, the system may take another
    (`hdvila.models.inputs.Inputs.at_rates`), such as ClipBERT the ``hr`` of a store that was made for HD-VILA. A stream
    that the recipe names itself is not replaced. Data that are not here are left to whoever opens them.

    Args:
        reporter: receives a note about each stream that is taken instead.

    Raises:
        UsageError: a store lacks the streams; names the command that makes one which has them.
        StoreError: a store cannot be read.
    """
    own = _on_stored(recipe, recipe.data, "", reporter)
    others = [_on_stored(recipe, one.data, f"also.{number}.", reporter) for number, one in enumerate(recipe.also)]
    also = tuple(replace(one, data=data) for one, data in zip(recipe.also, others, strict=True))
    return replace(recipe, data=own, also=also)


def _on_stored(recipe: Recipe, data: DataSettings, prefix: str, reporter: Reporter) -> DataSettings:
    place = _place(data)
    if place is None:
        return data
    source = open_corpus(place)
    inputs = inputs_for(data.preprocess, source)
    if inputs is data.preprocess:
        return data
    rates = stream_rates(source)
    lacking = _names(data.preprocess)
    system = get_system(recipe.model.system)
    if inputs is None or lacking != _names(system.default_inputs(recipe.model)):
        raise UsageError(
            f"{place}: holds {_with_rates(rates)}, and {recipe.name} reads {lacking}: "
            f"{_way_out(data, prefix, system.name)}"
        )
    reporter.note(f"{place}: holds {_with_rates(rates)}, so clips are read from {_names(inputs)}, not {lacking}")
    return replace(data, preprocess=inputs)


def _place(data: DataSettings) -> str | None:
    """The store or corpus that is named, if it is there."""
    place = data.corpus
    if data.benchmark is not None:
        place = str(Path(data.benchmark.folder) / data.benchmark.store) if data.benchmark.folder else ""
    return place if place and ("://" in place or Path(place).is_dir()) else None


def _way_out(data: DataSettings, prefix: str, system: str) -> str:
    if data.benchmark is None:
        return "learn from a corpus that has it, or name one of these streams"
    store = f"{STORE}-{system}"
    command = prepare_command(data.benchmark.protocol, Path(data.benchmark.folder), store, system)
    return f"make a store that has it with {command}, and add --set {prefix}data.benchmark.store={store}"


def _names(inputs: Inputs) -> str:
    return " and ".join(sorted(streams_read(inputs)))


def _with_rates(rates: Mapping[str, float]) -> str:
    return " and ".join(f"{fps:g} {name}" for name, fps in rates.items()) + " frames a second"

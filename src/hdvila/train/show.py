"""The settings of a recipe as a run will use them, in groups, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hdvila.data.loader import BatchShare
from hdvila.evaluate.protocols import get_protocol
from hdvila.hub import settle_precision
from hdvila.models.registry import get_system
from hdvila.settings import flatten
from hdvila.train.plan import clips_to_learn_from
from hdvila.train.recipe import Recipe
from hdvila.train.streams import on_stored_streams

__all__ = ["Group", "settings_of", "show"]

_GROUPS = {
    "run": "",
    "task": "task.",
    "optimiser": "optim.",
    "schedule": "schedule.",
    "validation": "validate",
    "as official code": "compat.",
    "what of a clip is seen": "data.preprocess.",
    "benchmark": "data.benchmark",
    "data": "data.",
    "initial weights": "start.",
    "model": "model.",
    "further sources": "also.",
}
"""Title to the beginning of its keys; the longest that fits has a key, and "run" those without a dot."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of related settings.

    Attributes:
        settings: by the key that ``--set`` takes, as a run will use them.
        follows: what follows from them, in words.
    """

    title: str
    settings: dict[str, Any]
    follows: dict[str, str]


def show(recipe: Recipe) -> list[Group]:
    """All settings of a recipe but its name.

    Raises:
        UsageError: the batch cannot be split for `recipe.processes`, or has more clips than there are.
        StoreError: the corpus or benchmark that the recipe names cannot be read.
    """
    recipe = on_stored_streams(recipe)
    by_title: dict[str, dict[str, Any]] = {title: {} for title in _GROUPS}
    for key, value in settings_of(recipe).items():
        by_title[_title(key)][key] = value
    follows: dict[str, dict[str, str]] = {title: {} for title in _GROUPS}
    for title, what, words in _what_follows(recipe):
        follows[title][what] = words
    found = (Group(title, settings, follows[title]) for title, settings in by_title.items())
    return [one for one in found if one.settings or one.follows]


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """By the key that ``--set`` takes; a part's rate that is left to the common one is that one."""
    values = {key: value for key, value in flatten(recipe).items() if key != "name" and not key.endswith(".type")}
    for part, (lr, decay) in recipe.optim.of_parts().items():
        if part != "transformer":
            values |= {f"optim.{part}_lr": lr, f"optim.{part}_weight_decay": decay}
    return values


def _title(key: str) -> str:
    if "." not in key and key != "validate":
        return "run"
    fitting = (title for title, start in _GROUPS.items() if key.startswith(start))
    return max(fitting, key=lambda title: len(_GROUPS[title]))


def _what_follows(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    """(group, what, words)."""
    share = BatchShare(recipe.batch_size, 0, recipe.processes, recipe.accumulate)
    times = ((recipe.processes, "processes"), (share.block, "clips"), (recipe.accumulate, "micro-batches"))
    yield "run", "a step as planned", " x ".join(f"{count} {what}" for count, what in times)
    if learned := clips_to_learn_from(recipe):
        yield "run", "epochs", f"{recipe.epochs(learned):.4g} of {learned} {_examples(recipe)}"
    if recipe.precision == "auto":
        yield "run", "precision here", settle_precision(recipe.precision)
    yield "task", "kind", type(recipe.task).__name__
    if recipe.negatives:
        yield "task", "negatives of each pair", f"{recipe.negatives}"
    never = get_system(recipe.model.system).never_trained(recipe.model)
    if frozen := "; ".join(filter(None, (recipe.task.frozen, never, ", ".join(recipe.freeze)))):
        yield "task", "frozen", frozen
    yield "optimiser", "kind", f"AdamW, decay {'after' if recipe.compat.decay_after_update else 'before'} the update"
    yield "optimiser", "not decayed", f"what has {', '.join(get_system(recipe.model.system).never_decayed)} in its name"
    if recipe.schedule.decay != "constant":
        yield "schedule", "warm-up", f"{int(recipe.schedule.warmup * recipe.steps)} steps"
    if recipe.schedule.milestones:
        yield "schedule", "milestones", "epochs; each halves the rate, the last one twice"
    yield "validation", "measured on", _measured_on(recipe)
    yield "validation", "the run leaves", _left(recipe)
    for what, words in recipe.data.preprocess.in_words():
        yield "what of a clip is seen", what, words
    if recipe.data.benchmark is not None:
        answered = recipe.model.trained_for == "open_answers"
        if answered and not recipe.data.benchmark.answers:
            yield "benchmark", "answers", _answers(recipe)
    if not recipe.data.tokenizer:
        yield "data", "words", "those of the initial weights, else learned from the texts"
    for number, (one, part) in enumerate(zip(recipe.also, recipe.shares[1:], strict=True)):
        yield "further sources", f"also.{number}", f"{type(one.task).__name__} in {part:.3g} of the steps"
    if not (recipe.start.model or recipe.start.named()):
        yield "initial weights", "all parts", "at random, as none are named"


def _examples(recipe: Recipe) -> str:
    benchmark = recipe.data.benchmark
    if benchmark is not None and get_protocol(benchmark.protocol).task in ("retrieval", "captions"):
        return "clips, a caption of each drawn every time"
    return "examples"


def _measured_on(recipe: Recipe) -> str:
    validate, benchmark = recipe.validate, recipe.data.benchmark
    if validate is None:
        return "nothing; all there is to learn from is learned from"
    if benchmark is None:
        return "a tenth of the clips, at most 1,000, by whole videos, which are not learned from"
    if validate.on == "official-test":
        return "the test itself, as the released code has it"
    if "validation" in get_protocol(benchmark.protocol).files:
        return "the benchmark's validation split"
    return "a tenth of the training videos, which are not learned from"


def _left(recipe: Recipe) -> str:
    return "the best model" if recipe.validate is not None and recipe.validate.keep == "best" else "the last model"


def _answers(recipe: Recipe) -> str:
    assert recipe.data.benchmark is not None
    if get_protocol(recipe.data.benchmark.protocol).task == "count":
        return "the numbers 0 to 10"
    both = recipe.data.benchmark.answers_from == "train+validation"
    return f"the {recipe.model.num_answers} most frequent of training{' and validation' if both else ''}"

"""Named runs: functions that return a `Recipe`. Their docstrings have four lines: what, command, cost, expectation."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from hdvila.errors import UsageError
from hdvila.recipes import miniature_downstream, question_answering, retrieval
from hdvila.recipes.clipbert import miniature as clipbert_miniature
from hdvila.recipes.clipbert import pretraining as clipbert_pretraining
from hdvila.recipes.clipbert import question_answering as clipbert_questions
from hdvila.recipes.clipbert import retrieval as clipbert_retrieval
from hdvila.recipes.from_file import is_recipe_file, recipe_from_file
from hdvila.recipes.hdvila import (
    hdvila_stage1,
    hdvila_stage1_high_resolution,
    hdvila_stage1_low_resolution,
    hdvila_stage1_official,
    hdvila_stage2,
    hdvila_stage2_high_resolution,
    hdvila_stage2_low_resolution,
    hdvila_stage2_official,
)
from hdvila.recipes.miniature import miniature_stage1, miniature_stage2
from hdvila.recipes.small import hdvila_small_stage1, hdvila_small_stage2
from hdvila.train.recipe import Recipe

RECIPES: dict[str, Callable[[], Recipe]] = {
    "miniature-stage1": miniature_stage1,
    "miniature-stage2": miniature_stage2,
    "miniature-msrvtt-retrieval": miniature_downstream.miniature_msrvtt_retrieval,
    "miniature-msrvtt-retrieval-7k": miniature_downstream.miniature_msrvtt_retrieval_7k,
    "miniature-didemo-retrieval": miniature_downstream.miniature_didemo_retrieval,
    "miniature-activitynet-retrieval": miniature_downstream.miniature_activitynet_retrieval,
    "miniature-lsmdc-retrieval": miniature_downstream.miniature_lsmdc_retrieval,
    "miniature-youcook2-retrieval": miniature_downstream.miniature_youcook2_retrieval,
    "miniature-msvd-qa": miniature_downstream.miniature_msvd_qa,
    "miniature-msrvtt-qa": miniature_downstream.miniature_msrvtt_qa,
    "miniature-tgif-action": miniature_downstream.miniature_tgif_action,
    "miniature-tgif-transition": miniature_downstream.miniature_tgif_transition,
    "miniature-tgif-frameqa": miniature_downstream.miniature_tgif_frameqa,
    "miniature-tgif-count": miniature_downstream.miniature_tgif_count,
    "hdvila-small-stage1": hdvila_small_stage1,
    "hdvila-small-stage2": hdvila_small_stage2,
    "hdvila-stage1": hdvila_stage1,
    "hdvila-stage2": hdvila_stage2,
    "hdvila-stage1-official": hdvila_stage1_official,
    "hdvila-stage2-official": hdvila_stage2_official,
    "hdvila-stage1-low-resolution": hdvila_stage1_low_resolution,
    "hdvila-stage1-high-resolution": hdvila_stage1_high_resolution,
    "hdvila-stage2-low-resolution": hdvila_stage2_low_resolution,
    "hdvila-stage2-high-resolution": hdvila_stage2_high_resolution,
    "msrvtt-retrieval": retrieval.msrvtt_retrieval,
    "msrvtt-retrieval-official": retrieval.msrvtt_retrieval_official,
    "msrvtt-retrieval-7k": retrieval.msrvtt_retrieval_7k,
    "didemo-retrieval": retrieval.didemo_retrieval,
    "didemo-retrieval-official": retrieval.didemo_retrieval_official,
    "lsmdc-retrieval": retrieval.lsmdc_retrieval,
    "lsmdc-retrieval-official": retrieval.lsmdc_retrieval_official,
    "activitynet-retrieval": retrieval.activitynet_retrieval,
    "activitynet-retrieval-official": retrieval.activitynet_retrieval_official,
    "youcook2-retrieval": retrieval.youcook2_retrieval,
    "msrvtt-qa": question_answering.msrvtt_qa,
    "msvd-qa": question_answering.msvd_qa,
    "tgif-action": question_answering.tgif_action,
    "tgif-action-official": question_answering.tgif_action_official,
    "tgif-transition": question_answering.tgif_transition,
    "tgif-transition-official": question_answering.tgif_transition_official,
    "tgif-frameqa": question_answering.tgif_frameqa,
    "tgif-frameqa-official": question_answering.tgif_frameqa_official,
    "tgif-count": question_answering.tgif_count,
    "miniature-clipbert-pretraining": clipbert_miniature.miniature_clipbert_pretraining,
    "miniature-clipbert-retrieval": clipbert_miniature.miniature_clipbert_retrieval,
    "miniature-clipbert-questions": clipbert_miniature.miniature_clipbert_questions,
    "miniature-clipbert-frameqa": clipbert_miniature.miniature_clipbert_frameqa,
    "miniature-clipbert-action": clipbert_miniature.miniature_clipbert_action,
    "clipbert-pretraining": clipbert_pretraining.clipbert_pretraining,
    "clipbert-pretraining-official": clipbert_pretraining.clipbert_pretraining_official,
    "clipbert-msrvtt-retrieval": clipbert_retrieval.clipbert_msrvtt_retrieval,
    "clipbert-msrvtt-retrieval-4x1": clipbert_retrieval.clipbert_msrvtt_retrieval_4x1,
    "clipbert-msrvtt-retrieval-9k": clipbert_retrieval.clipbert_msrvtt_retrieval_9k,
    "clipbert-msrvtt-retrieval-official": clipbert_retrieval.clipbert_msrvtt_retrieval_official,
    "clipbert-didemo-retrieval": clipbert_retrieval.clipbert_didemo_retrieval,
    "clipbert-didemo-retrieval-official": clipbert_retrieval.clipbert_didemo_retrieval_official,
    "clipbert-activitynet-retrieval": clipbert_retrieval.clipbert_activitynet_retrieval,
    "clipbert-activitynet-retrieval-official": clipbert_retrieval.clipbert_activitynet_retrieval_official,
    "clipbert-msrvtt-qa": clipbert_questions.clipbert_msrvtt_qa,
    "clipbert-msrvtt-qa-4x1": clipbert_questions.clipbert_msrvtt_qa_4x1,
    "clipbert-msrvtt-qa-official": clipbert_questions.clipbert_msrvtt_qa_official,
    "clipbert-tgif-action": clipbert_questions.clipbert_tgif_action,
    "clipbert-tgif-action-official": clipbert_questions.clipbert_tgif_action_official,
    "clipbert-tgif-transition": clipbert_questions.clipbert_tgif_transition,
    "clipbert-tgif-transition-official": clipbert_questions.clipbert_tgif_transition_official,
    "clipbert-tgif-frameqa": clipbert_questions.clipbert_tgif_frameqa,
    "clipbert-tgif-frameqa-official": clipbert_questions.clipbert_tgif_frameqa_official,
    "clipbert-tgif-count": clipbert_questions.clipbert_tgif_count,
    "clipbert-vqa": clipbert_questions.clipbert_vqa,
    "clipbert-vqa-official": clipbert_questions.clipbert_vqa_official,
}


def register_recipe(make: Callable[[], Recipe]) -> Callable[[], Recipe]:
    """Register your own recipe by its name, for this process; also usable as a decorator.

    Args:
        make: a function that returns the recipe. Its docstring has up to four lines: what it is, the command, the cost
            and what to expect.

    Returns:
        `make`.

    Raises:
        UsageError: it does not return a recipe, or another recipe has its name.
    """
    if not callable(make):
        raise UsageError(
            f"register_recipe: a {type(make).__name__} is not a function: give one that returns the recipe"
        )
    recipe = make()
    if not isinstance(recipe, Recipe):
        raise UsageError(f"register_recipe: {make!r} returns a {type(recipe).__name__}: it must return a Recipe")
    if RECIPES.get(recipe.name, make) is not make:
        raise UsageError(f"there is already a recipe {recipe.name!r}: choose another name")
    RECIPES[recipe.name] = make
    return make


def get_recipe(name: str) -> Recipe:
    """The recipe of this name, or of a Python file, ``FILE.py`` or ``FILE.py:NAME`` (`recipe_from_file`).

    Raises:
        UsageError: there is none; suggests the nearest names.
    """
    if is_recipe_file(name):
        return recipe_from_file(name)
    if name not in RECIPES:
        near = get_close_matches(name, RECIPES, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(RECIPES)}"
        raise UsageError(f"there is no recipe {name!r}: {hint}")
    return RECIPES[name]()


def describe(name: str) -> list[str]:
    """The four lines of a recipe's docstring: what, command, cost, expectation; '' for missing ones."""
    lines = [line.strip() for line in (RECIPES[name].__doc__ or "").strip().splitlines()]
    return [*filter(None, lines), "", "", "", ""][:4]

"""ClipBERT's recipes are Table 10 of its paper, or the released configurations."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hdvila.models.clipbert.inputs import SparseClips
from hdvila.recipes import RECIPES, get_recipe
from hdvila.tasks.matching import Matching
from hdvila.tasks.pretrain_image_text import PretrainImageText
from hdvila.tasks.soft_answers import SoftAnswers
from hdvila.tasks.video_qa import VideoQA
from hdvila.train.compat import Compat
from hdvila.train.initial_weights import fine_tunes

EXAMPLES = {"msrvtt-retrieval": 7010 * 20, "didemo-retrieval": 8395, "activitynet-retrieval": 10009}


@pytest.mark.parametrize(
    ("name", "seen", "text_length", "batch", "accumulate", "gpus", "epochs", "lr"),
    [
        ("msrvtt-retrieval", (8, 2, 1.0, 448), 20, 16, 1, 8, 20, 5e-5),
        ("msrvtt-retrieval-4x1", (4, 1, 1.0, 448), 20, 16, 1, 8, 20, 5e-5),
        ("msrvtt-retrieval-official", (8, 2, 1.0, 448), 20, 16, 1, 4, 20, 5e-5),
        ("didemo-retrieval", (8, 2, 1.0, 448), 100, 8, 4, 8, 20, 5e-5),
        ("didemo-retrieval-official", (8, 2, 1.0, 448), 100, 8, 4, 4, 20, 5e-5),
        ("activitynet-retrieval", (4, 2, 2.0, 448), 100, 16, 2, 8, 80, 5e-5),
        ("tgif-action", (1, 1, 1.0, 448), 25, 32, 1, 8, 55, 1e-4),
        ("tgif-transition", (1, 1, 1.0, 448), 25, 32, 1, 8, 15, 1e-4),
        ("tgif-frameqa", (1, 1, 1.0, 448), 25, 32, 1, 8, 15, 1e-4),
        ("tgif-frameqa-official", (1, 1, 1.0, 768), 25, 16, 1, 4, 15, 5e-5),
        ("msrvtt-qa", (8, 2, 1.0, 448), 100, 16, 1, 4, 10, 5e-5),
        ("msrvtt-qa-4x1", (4, 1, 1.0, 448), 100, 16, 1, 4, 10, 5e-5),
    ],
)
def test_fine_tuning_is_table_10_or_the_release(
    name: str, seen: tuple[float, ...], text_length: int, batch: int, accumulate: int, gpus: int, epochs: int, lr: float
) -> None:
    recipe = get_recipe(f"clipbert-{name}")
    see = recipe.data.preprocess
    assert isinstance(see, SparseClips)
    assert (see.clips, see.frames, see.seconds, see.size) == seen
    assert recipe.data.text_length == text_length
    whole = batch * accumulate * gpus
    assert (recipe.batch_size, recipe.accumulate, recipe.processes) == (whole, accumulate, gpus)
    paper = name.removesuffix("-official").removesuffix("-4x1")
    examples = EXAMPLES.get(paper, recipe.data.clips)
    assert recipe.steps == math.ceil(epochs * examples / whole)
    assert (recipe.optim.lr, recipe.optim.weight_decay, recipe.optim.betas) == (lr, 1e-3, (0.9, 0.98))
    assert (recipe.optim.clip_norm, recipe.schedule.decay, recipe.schedule.warmup, recipe.seed) == (
        5.0,
        "linear",
        0.1,
        42,
    )
    retrieval, consensus = (
        paper.endswith("retrieval"),
        "mean" if name.startswith("tgif") and name.endswith("-official") else "logsumexp",
    )
    assert recipe.task == (Matching(consensus=consensus) if retrieval else VideoQA(consensus=consensus))
    assert recipe.data.negatives == (1 if retrieval else 0)


def test_didemo_has_the_steps_of_the_release() -> None:
    assert [get_recipe(f"clipbert-didemo-retrieval{end}").steps for end in ("", "-official")] == [656, 1312]


def test_quirks_are_off_unless_the_release_is_reproduced() -> None:
    for name in (name for name in RECIPES if name.startswith(("clipbert-", "miniature-clipbert-"))):
        official = name.endswith("-official")
        wanted = Compat(official, official, official, official)
        assert get_recipe(name).compat == wanted, name


def test_the_papers_plain_recipes_and_the_releases_see_the_same_but_gifs() -> None:
    for name in (name for name in RECIPES if name.startswith("clipbert-") and name.endswith("-official")):
        paper, official = get_recipe(name.removesuffix("-official")), get_recipe(name)
        see = paper.data.preprocess
        assert isinstance(see, SparseClips)
        wanted = replace(see, size=768) if "tgif" in name else see
        assert official.data.preprocess == wanted, name


def test_pre_training_is_the_papers_or_the_releases() -> None:
    for name, text_length, batch, gpus in (("", 20, 32, 8), ("-official", 30, 64 * 2, 4)):
        recipe = get_recipe(f"clipbert-pretraining{name}")
        assert [one.data.benchmark and one.data.benchmark.protocol for one in recipe.ingredients] == [
            "coco-captions",
            "visual-genome",
        ]
        assert recipe.shares == [0.5, 0.5]
        for one in recipe.ingredients:
            assert one.task == PretrainImageText(mask_share=0.15, wrong_share=0.5)
            assert (one.data.text_length, one.data.negatives, one.data.preprocess) == (text_length, 1, SparseClips(768))
        assert (recipe.batch_size, recipe.processes) == (batch * gpus, gpus)
        assert recipe.steps == 40 * 5_600_000 // (batch * gpus)
        assert (recipe.optim.lr, recipe.schedule.decay) == (5e-5, "linear")


def test_vqa_is_the_papers_or_the_releases() -> None:
    paper, official = get_recipe("clipbert-vqa"), get_recipe("clipbert-vqa-official")
    assert (paper.optim.lr, paper.optim.clip_norm, paper.batch_size) == (5e-5, 2.0, 256)
    assert official.optim.lr == 1e-4
    assert (paper.steps, official.steps) == (math.ceil(13 * 443_757 / 256), math.ceil(5 * 443_757 / 256))
    assert paper.task == SoftAnswers()
    assert paper.model.num_answers == 3129


def test_to_learn_from_captions_of_images_is_no_fine_tuning() -> None:
    names = ("clipbert-pretraining", "miniature-clipbert-pretraining", "clipbert-msrvtt-retrieval", "clipbert-vqa")
    assert [fine_tunes(get_recipe(name)) for name in names] == [False, False, True, True]

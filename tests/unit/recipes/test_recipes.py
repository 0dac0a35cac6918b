"""Every recipe is complete, described in four lines, and can be planned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hdvila.annotations.merge import split_off
from hdvila.annotations.records import Annotations, BenchmarkVideo
from hdvila.data.order import Order
from hdvila.errors import UsageError
from hdvila.evaluate.protocols import PROTOCOLS, get_protocol
from hdvila.models.hdvila.benchmarks import SHOWN
from hdvila.recipes import RECIPES, describe, get_recipe
from hdvila.settings import changed_keys, flatten, override
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.tasks.video_qa import VideoQA
from hdvila.train.plan import plan
from hdvila.train.recipe import Recipe


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_complete(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.name == name
    what, command, cost, expect = describe(name)
    assert what
    assert command.startswith("Command: ")
    assert cost.startswith("Cost: ")
    assert expect.startswith("Expect: ")
    changed = override(recipe, ["steps=7", f"batch_size={recipe.batch_size * 2}", "seed=3", "checkpoint_every=2"])
    assert (changed.steps, changed.seed, changed.checkpoint_every) == (7, 3, 2)


def test_the_paper_trains_1024_clips_a_step_at_full_size() -> None:
    for name in ("hdvila-stage1", "hdvila-stage2"):
        recipe = get_recipe(name)
        assert recipe.batch_size == 1024
        see = recipe.data.preprocess
        assert (see.height, see.width, see.segments, see.neighbours, recipe.data.text_length) == (640, 1024, 2, 3, 50)
        assert (recipe.optim.lr, recipe.optim.weight_decay, recipe.optim.clip_norm) == (5e-5, 1e-3, 5.0)
        assert recipe.model.hidden_size == 1024
    assert get_recipe("hdvila-stage1").task == PretrainStage1(temperature=0.05)
    assert get_recipe("hdvila-stage2").task == PretrainStage2(consensus_over="logits")
    official = get_recipe("hdvila-stage2-official").task
    assert official == PretrainStage2(consensus_over="hidden", official_dropout_in_frozen_parts=True)
    assert (official.mask_share, official.consensus) == (0.15, "logsumexp")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "epochs", "gpus", "accumulate", "seconds"),
    [
        ("hdvila-stage1", 7, 128, 1, 6.0),
        ("hdvila-stage2", 4, 32, 2, 6.0),
        ("hdvila-stage1-official", 10, 128, 1, 4.8),
        ("hdvila-stage2-official", 10, 32, 2, 4.8),
    ],
)
def test_pre_training_is_the_papers_or_the_codes(
    name: str, epochs: int, gpus: int, accumulate: int, seconds: float
) -> None:
    """Two segments span about 6 s in the paper; in the code 12 frames of a video's own 30 a second lie between two."""
    recipe = get_recipe(name)
    see = recipe.data.preprocess
    assert see.segments * 2 * see.neighbours * see.rate / see.fps == pytest.approx(seconds)
    assert recipe.steps == epochs * (103_000_000 // 1024)
    assert (recipe.processes, recipe.accumulate, recipe.seed) == (gpus, accumulate, 24)
    assert (recipe.schedule.decay, recipe.schedule.warmup, recipe.precision) == ("linear", 0.1, "bfloat16")


def test_all_pre_training_at_full_size_is_measured_and_leaves_the_last_model() -> None:
    for name in RECIPES:
        recipe = get_recipe(name)
        if recipe.data.benchmark is None and not name.startswith("miniature-"):
            keep = "best" if "small" in name else "last"
            assert recipe.validate is not None, name
            assert (recipe.validate.on, recipe.validate.keep) == ("validation", keep), name


def test_the_two_resolutions_together_see_what_the_whole_sees() -> None:
    for stage in ("hdvila-stage1", "hdvila-stage2"):
        parts = [get_recipe(f"{stage}-{part}-resolution") for part in ("low", "high")]
        assert sum(part.steps for part in parts) == get_recipe(stage).steps
        assert parts[0].data.preprocess.height < parts[1].data.preprocess.height
        assert parts[0].model == parts[1].model


def test_an_unknown_recipe_names_its_neighbours() -> None:
    with pytest.raises(UsageError, match=r"no recipe 'miniatur-stage1': did you mean miniature-stage1"):
        get_recipe("miniatur-stage1")


def rates(recipe: Recipe) -> tuple[float, ...]:
    """Learning rates, then weight decays, of transformers, convolutions and hybrid transformer."""
    parts = recipe.optim.of_parts().values()
    return (*(lr for lr, _ in parts), *(decay for _, decay in parts))


ALL_5E6 = (5e-6,) * 3
STEPS_MSRVTT = ("multi_step", 0.01, (32, 64, 128, 256))
STEPS_LONG = ("multi_step", 0.1, (8, 16, 32, 64))
STEPS_LSMDC = ("multi_step", 0.01, (4, 8, 16))
STEPS_TGIF = ("multi_step", 0.1, (10, 20, 30, 40, 50, 60, 70))
STEPS_FRAME = ("multi_step", 0.1, (10, 15, 20, 25, 30, 35))
LINEAR = ("linear", 0.1, ())


@pytest.mark.parametrize(
    # segments (training, test), frames; batch, GPUs; epochs; rates and decays; schedule; dropout
    ("name", "segments", "frames", "batch", "gpus", "epochs", "expected", "schedule", "dropout"),
    [
        ("msrvtt-retrieval", (2, 4), 11, 256, 32, 200, (*(1e-5,) * 3, 1e-4, 1e-4, 1e-3), STEPS_MSRVTT, 0.1),
        ("msrvtt-retrieval-7k", (2, 4), 11, 256, 32, 200, (*(1e-5,) * 3, 1e-4, 1e-4, 1e-3), STEPS_MSRVTT, 0.1),
        ("msrvtt-retrieval-official", (2, 4), 7, 256, 32, 200, (1e-5, 1e-5, 5e-6, 1e-4, 1e-4, 1e-3), STEPS_MSRVTT, 0.1),
        ("didemo-retrieval", (4, 8), 11, 64, 16, 100, (*ALL_5E6, 1e-3, 0.1, 0.1), STEPS_LONG, 0.1),
        ("lsmdc-retrieval", (2, 4), 11, 64, 8, 20, (*ALL_5E6, 1e-3, 1e-3, 1e-3), STEPS_LSMDC, 0.1),
        ("activitynet-retrieval", (4, 8), 13, 64, 16, 100, (*ALL_5E6, 1e-3, 1e-3, 1e-3), STEPS_LONG, 0.1),
        ("msrvtt-qa", (1, 8), 7, 512, 8, 20, (*(1e-5,) * 3, *(0.3,) * 3), LINEAR, 0.1),
        ("tgif-action", (1, 8), 7, 384, 8, 80, (*(5e-5,) * 3, *(0.05,) * 3), STEPS_TGIF, 0.1),
        ("tgif-action-official", (1, 8), 7, 384, 8, 80, (*(5e-5,) * 3, *(0.1,) * 3), STEPS_TGIF, 0.1),
        ("tgif-transition", (1, 8), 7, 384, 8, 80, (*(5e-5,) * 3, *(0.05,) * 3), STEPS_TGIF, 0.3),
        ("tgif-transition-official", (1, 8), 7, 384, 8, 80, (*(5e-5,) * 3, *(0.1,) * 3), STEPS_TGIF, 0.1),
        ("tgif-frameqa", (1, 8), 11, 448, 8, 40, (*(4e-5,) * 3, *(0.3,) * 3), STEPS_FRAME, 0.1),
        ("tgif-frameqa-official", (1, 8), 7, 448, 8, 40, (*(4e-5,) * 3, *(0.3,) * 3), STEPS_FRAME, 0.1),
    ],
)
def test_fine_tuning_is_the_papers_or_the_codes(
    name: str, segments: tuple[int, int], frames: int, batch: int, gpus: int, epochs: int,
    expected: tuple[float, ...], schedule: tuple[str, float, tuple[int, ...]], dropout: float,
) -> None:  # fmt: skip
    """Tables 3 to 6 and 11 of the second version, and what it does not tell from the released configurations."""
    recipe = get_recipe(name)
    see, benchmark = recipe.data.preprocess, recipe.data.benchmark
    assert benchmark is not None
    assert (see.segments, benchmark.segments) == segments
    assert (2 * see.neighbours + 1, recipe.batch_size, recipe.processes) == (frames, batch, gpus)
    assert recipe.steps == epochs * (recipe.data.clips // batch)
    assert rates(recipe) == expected
    assert (recipe.schedule.decay, recipe.schedule.warmup, recipe.schedule.milestones) == schedule
    retrieval, tgif = name.partition("-official")[0].endswith(("retrieval", "7k")), name.startswith("tgif")
    assert (recipe.model.dropout, recipe.precision, recipe.seed) == (dropout, "bfloat16", 24 if retrieval else 66)
    assert recipe.data.text_length == (50 if retrieval else 30 if tgif else 100)
    assert (see.height, see.width) == ((768, 768) if tgif else (640, 1024))
    assert recipe.task == (PretrainStage1(0.08, weight=1.0) if retrieval else VideoQA("mean" if tgif else "logsumexp"))


def test_which_model_a_fine_tuning_leaves_and_what_it_learns_from() -> None:
    """The paper: the best on the validation set, or the last where there is none; the code: the best on the test."""
    for name in ("msrvtt-retrieval", "msrvtt-retrieval-7k", "activitynet-retrieval"):
        recipe = get_recipe(name)
        assert recipe.data.benchmark is not None
        assert (recipe.validate, recipe.data.clips) == (None, get_protocol(recipe.data.benchmark.protocol).train_size)
    for name in ("didemo-retrieval", "lsmdc-retrieval", "msrvtt-qa", "tgif-action", "tgif-frameqa"):
        validate = get_recipe(name).validate
        assert validate is not None
        assert (validate.on, validate.keep) == ("validation", "best")
    for name in ("msrvtt", "didemo", "lsmdc", "activitynet"):
        plain, official = get_recipe(f"{name}-retrieval"), get_recipe(f"{name}-retrieval-official")
        assert official.validate is not None
        assert official.validate.on == "official-test"
        assert (plain.steps, plain.data.clips) == (official.steps, official.data.clips)


def test_an_official_recipe_is_there_only_where_it_differs() -> None:
    free = {"name", "processes"}
    for name in (name for name in RECIPES if name.endswith("-official")):
        plain, official = (flatten(get_recipe(one)) for one in (name.removesuffix("-official"), name))
        assert set(changed_keys(plain, official)) - free, name


def test_which_answers_make_the_vocabulary() -> None:
    sizes = {}
    for name in ("msrvtt-qa", "msvd-qa", "tgif-frameqa", "miniature-msrvtt-qa"):
        recipe = get_recipe(name)
        assert recipe.data.benchmark is not None
        sizes[name] = recipe.model.num_answers, recipe.data.benchmark.answers_from
    assert sizes == {
        "msrvtt-qa": (1500, "train+validation"),
        "msvd-qa": (1500, "train+validation"),
        "tgif-frameqa": (1540, "train"),
        "miniature-msrvtt-qa": (100, "train"),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "epochs"),
    [
        ("msrvtt-retrieval", 200),
        ("msrvtt-retrieval-official", 200),
        ("msrvtt-retrieval-7k", 200),
        ("didemo-retrieval", 100),
        ("lsmdc-retrieval", 20),
        ("activitynet-retrieval", 100),
        ("youcook2-retrieval", 20),
        ("msrvtt-qa", 20),
        ("tgif-action", 80),
        ("tgif-transition", 80),
        ("tgif-frameqa", 40),
        ("tgif-count", 80),
    ],
)
def test_the_published_epochs_are_those_of_what_is_left_to_learn_from(name: str, epochs: int) -> None:
    recipe = get_recipe(name)
    assert recipe.data.benchmark is not None
    protocol = get_protocol(recipe.data.benchmark.protocol)
    learned = Annotations(tuple(BenchmarkVideo(f"v{number}") for number in range(protocol.train_size)))
    validated = recipe.validate is not None and recipe.validate.on == "validation"
    if validated and "validation" not in protocol.files:
        learned, _ = split_off(learned)
    order = Order(len(learned.videos), recipe.batch_size, recipe.seed)
    assert recipe.steps / order.steps_per_epoch == pytest.approx(epochs, rel=0.02)
    planned = plan(recipe).epochs
    assert planned == pytest.approx(epochs, rel=0.04)  # which counts the clips of an unfinished batch as well


@pytest.mark.parametrize("name", ["msrvtt-retrieval", "tgif-frameqa"])
def test_a_test_by_the_released_configuration_has_the_frames_of_its_training(name: str) -> None:
    trained = get_recipe(f"{name}-official").data
    assert trained.benchmark is not None
    shown = SHOWN[trained.benchmark.protocol]
    assert shown.official == replace(trained.preprocess, segments=trained.benchmark.segments, flip=0.0)
    assert shown.official != shown.test


def test_every_protocol_that_can_be_trained_on_has_a_recipe_and_every_plain_recipe_a_miniature_twin() -> None:
    tuned = {
        name: recipe.data.benchmark.protocol
        for name in RECIPES
        if (recipe := get_recipe(name)).data.benchmark is not None
    }
    plain = {name: protocol for name, protocol in tuned.items() if not name.startswith("miniature-")}
    # docs/miniature.md: the first two are answered by a model of another recipe
    also = {one.data.benchmark.protocol for name in RECIPES for one in get_recipe(name).also if one.data.benchmark}
    assert set(PROTOCOLS) - set(plain.values()) - also == {"msrvtt-full", "msrvtt-mc"}
    for name, protocol in plain.items():
        if not name.endswith("-official") and not name.startswith("clipbert-"):  # those share their twins' protocols
            assert tuned[f"miniature-{name}"] == protocol


def test_youcook2_looks_as_on_msrvtt_and_learns_as_on_lsmdc() -> None:
    recipe, msrvtt, lsmdc = (get_recipe(f"{name}-retrieval") for name in ("youcook2", "msrvtt", "lsmdc"))
    assert recipe.data.preprocess == msrvtt.data.preprocess != lsmdc.data.preprocess
    assert (recipe.optim, recipe.schedule, recipe.batch_size) == (lsmdc.optim, lsmdc.schedule, lsmdc.batch_size)
    assert "segments and frames as on MSR-VTT, trained as on LSMDC" in describe("youcook2-retrieval")[0]
    assert "segments and frames are those of MSR-VTT" in SHOWN["youcook2"].differences[0]


def test_only_what_is_chosen_on_the_test_says_so() -> None:
    """The released code chooses so."""
    for name in RECIPES:
        validate = get_recipe(name).validate
        on_test = validate is not None and validate.on == "official-test"
        assert ("chosen on the test" in describe(name)[3]) == on_test, name


def test_the_official_schedule_skips_a_power_at_the_last_milestone_of_tgif() -> None:
    recipe = get_recipe("tgif-action-official")
    late = [recipe.schedule.rate(1.0, 10**6, recipe.steps, epoch) for epoch in (10, 69, 70, 79)]
    assert late == [0.5, 0.5**6, 0.5**8, 0.5**8]


def test_dropout_of_transitions_is_the_papers_or_the_codes() -> None:
    assert get_recipe("tgif-transition").model.dropout == 0.3
    assert get_recipe("tgif-transition-official").model.dropout == 0.1


def test_no_recipe_chooses_on_the_test_unless_it_says_so() -> None:
    for name in RECIPES:
        validate = get_recipe(name).validate
        assert validate is None or validate.on == "validation" or name.endswith("-official"), name


def test_one_pair_at_a_time_is_refused_with_the_way_out() -> None:
    recipe = get_recipe("miniature-stage1")
    with pytest.raises(UsageError, match=r"one pair at a time .* set chunk=1 and accumulate=1"):
        override(recipe, ["batch_size=8", "accumulate=8"])
    with pytest.raises(UsageError, match="set batch_size=2 or more"):
        override(recipe, ["batch_size=1"])
    assert override(recipe, ["batch_size=8", "accumulate=4"]).negatives == 1
    assert override(recipe, ["batch_size=8", "chunk=1"]).negatives == 7
    assert override(get_recipe("miniature-stage2"), ["batch_size=8", "accumulate=8"]).negatives == 0


def test_a_task_of_ones_own_is_trained_and_named_and_only_a_task() -> None:
    class Mine(PretrainStage1):
        pass

    recipe = replace(get_recipe("miniature-stage1"), task=Mine(temperature=0.1))
    assert (flatten(recipe)["task.type"], flatten(recipe)["task.temperature"]) == ("Mine", 0.1)
    assert override(recipe, ["task.temperature=0.2"]).task == Mine(temperature=0.2)
    with pytest.raises(UsageError, match=r"task='stage1' is not a hdvila\.tasks\.Task"):
        replace(recipe, task="stage1")  # type: ignore[arg-type]


def test_validation_is_switched_off_by_none() -> None:
    recipe = get_recipe("hdvila-small-stage1")
    assert recipe.validate is not None
    assert override(recipe, ["validate=none"]).validate is None
    with pytest.raises(UsageError, match=r"validate=none switches off what validate\.every sets"):
        override(recipe, ["validate=none", "validate.every=3"])
    with pytest.raises(UsageError, match="data is a group of settings"):
        override(recipe, ["data=none"])

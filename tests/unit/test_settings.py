"""One converter for every typed configuration: from JSON, from texts, with errors that help."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

import pytest

from hdvila.errors import UsageError
from hdvila.settings import as_text, changed_keys, defaults, flatten, from_json, given, override, pairs


class Row(TypedDict):
    who: str
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Optim:
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    milestones: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.lr <= 0:
            raise UsageError(f"optim.lr={self.lr}: choose more than 0")


@dataclass(frozen=True, slots=True)
class Masking:
    share: float = 0.15


@dataclass(frozen=True, slots=True)
class Ranking:
    temperature: float = 0.05


@dataclass(frozen=True, slots=True)
class Run:
    name: str
    steps: int
    task: Ranking | Masking = field(default_factory=Ranking)
    optim: Optim = field(default_factory=Optim)
    warm: Optim | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    limit: int | None = None
    fast: bool = False
    rows: tuple[Row, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)


RUN = Run("toy", 10)
LEAST = {"name": "toy", "steps": 10}


def test_plain_values_become_the_dataclass() -> None:
    values = LEAST | {
        "task": {"share": 0.3}, "optim": {"betas": [0, 0.5], "milestones": [3, 4]}, "warm": {"lr": 1}, "limit": 3,
        "rows": [{"who": "us", "values": {"r1": 1}}], "notes": {"any": [None, {"thing": 1}]},
    }  # fmt: skip
    run = from_json(Run, values, "the run")
    assert (run.task, run.optim, run.warm) == (Masking(0.3), Optim(betas=(0, 0.5), milestones=(3, 4)), Optim(lr=1))
    assert (run.rows, run.notes) == (({"who": "us", "values": {"r1": 1}},), {"any": [None, {"thing": 1}]})
    assert from_json(Run, LEAST | {"warm": None, "limit": None}, "the run") == RUN


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"step": 5}, "the run has no setting 'step': did you mean 'steps'?"),
        ({"zzz": 5}, "the run has no setting 'zzz': it has name, steps, task"),
        ({"optim": {"lrr": 1}}, "the run has no setting 'optim.lrr': did you mean 'optim.lr'?"),
        ({"steps": "5"}, "steps='5' is not a whole number"),
        ({"steps": True}, "steps=True is not a whole number"),
        ({"steps": 5.0}, "steps=5.0 is not a whole number"),
        ({"fast": 1}, "fast=1 is not true or false"),
        ({"limit": "none"}, "limit='none' is not a whole number or none"),
        ({"optim": {"lr": "fast"}}, "optim.lr='fast' is not a number"),
        ({"optim": {"betas": [0.9]}}, "optim.betas=[0.9] is not 2 numbers, such as 1,2"),
        ({"optim": {"milestones": "34"}}, "optim.milestones='34' is not a list of whole numbers, such as 1,2"),
        ({"optim": 5}, "optim=5 is not a group of lr, betas, milestones"),
        ({"warm": {"lr": None}}, "warm.lr=None is not a number"),
        ({"precision": "fp8"}, "precision='fp8' is not one of float32, bfloat16"),
        ({"rows": [{"who": "x", "values": {"r1": "?"}}]}, "rows[0].values.r1='?' is not a number"),
        ({"rows": [{"who": "x"}]}, "the run lacks rows[0].values"),
        ({"rows": {"who": "x"}}, "rows={'who': 'x'} is not a list of values"),
        ({"notes": [1]}, "notes=[1] is not a group"),
        ({"optim": {"lr": 0}}, "optim.lr=0: choose more than 0"),
    ],
)
def test_wrong_plain_values_say_key_value_and_what_is_wanted(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_json(Run, LEAST | values, "the run")
    assert str(caught.value).startswith(said)


def test_what_must_be_given_is_named() -> None:
    with pytest.raises(UsageError, match="the run lacks name, steps"):
        from_json(Run, {"limit": 3}, "the run")


def test_keys_of_a_later_version_are_left_out_where_that_is_asked_for() -> None:
    newer = LEAST | {"colour": "red", "optim": {"lr": 1, "more": 2}}
    assert from_json(Run, newer, "the run", unknown="drop") == Run("toy", 10, optim=Optim(lr=1))


def test_a_part_of_the_settings_is_checked_and_nothing_is_filled_in() -> None:
    assert given(Run, {"limit": 3, "optim": {"lr": 1}}, "the run") == {"limit": 3, "optim": Optim(lr=1)}
    with pytest.raises(UsageError, match="it has no setting 'device': it has name"):
        given(Run, {"device": "cpu"}, "it")


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("steps=5", "steps", 5),
        ("name=/a=b", "name", "/a=b"),
        ("optim.lr=2", "optim.lr", 2.0),
        ("limit=3", "limit", 3),
        ("limit=none", "limit", None),
        ("fast=true", "fast", True),
        ("precision=bfloat16", "precision", "bfloat16"),
        ("optim.betas=0.5,0.95", "optim.betas", [0.5, 0.95]),
        ("optim.milestones= 4, 8", "optim.milestones", [4, 8]),
        ("optim.milestones=", "optim.milestones", []),
        ("task.temperature=0.07", "task.temperature", 0.07),
        ("warm.lr=1", "warm.lr", 1.0),
    ],
)
def test_texts_take_the_kind_of_their_setting(change: str, key: str, value: object) -> None:
    changed = flatten(override(RUN, [change]))
    assert changed[key] == value
    assert type(changed[key]) is type(value)
    again = override(RUN, {key: as_text(value)})
    assert flatten(again) == changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("step=5", "the run toy has no setting 'step': did you mean 'steps'"),
        ("lr=1", "the run toy has no setting 'lr': did you mean 'optim.lr'"),
        ("task.share=0.1", "the run toy has no setting 'task.share'"),
        ("steps.more=1", "the run toy has no setting 'steps.more'"),
        ("steps=ten", "steps='ten' is not a whole number"),
        ("optim.lr=fast", "optim.lr='fast' is not a number"),
        ("fast=maybe", "fast='maybe' is not true or false"),
        ("limit=x", "limit='x' is not a whole number or none"),
        ("precision=fp8", "precision='fp8' is not one of float32, bfloat16"),
        ("optim.betas=0.9", "optim.betas='0.9' is not 2 numbers, such as 1,2"),
        ("optim=1", "optim is a group of settings, not a value: set one of optim.lr, optim.betas, optim.milestones"),
        ("optim.lr=0", "optim.lr=0.0: choose more than 0"),
        ("steps", "--set 'steps' has no value: write --set KEY=VALUE"),
        ("=5", "--set '=5' has no value: write --set KEY=VALUE"),
    ],
)
def test_wrong_texts_say_key_value_and_what_is_wanted(change: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        override(RUN, [change])
    assert str(caught.value).startswith(said)


def test_an_optional_group_is_switched_on_and_off() -> None:
    on = override(RUN, ["warm.milestones=1"])
    assert (on.warm, override(on, ["warm=none"]).warm) == (Optim(milestones=(1,)), None)
    with pytest.raises(UsageError, match=r"warm=none switches off what warm\.lr sets"):
        override(on, ["warm=none", "warm.lr=3"])
    with pytest.raises(UsageError, match="optim is a group of settings"):
        override(on, ["optim=none"])


def test_flat_settings_name_the_kind_of_a_group_that_may_be_of_several() -> None:
    assert flatten(RUN) | {"task.type": "Masking"} == flatten(override(RUN, [])) | {"task.type": "Masking"}
    assert (flatten(RUN)["task.type"], flatten(RUN)["warm"], flatten(RUN)["optim.betas"]) == (
        "Ranking",
        None,
        [0.9, 0.98],
    )
    assert changed_keys(flatten(RUN), flatten(Run("toy", 10, task=Masking()))) == [
        "task.share", "task.temperature", "task.type",
    ]  # fmt: skip


def test_defaults_are_what_nobody_has_to_give() -> None:
    own = defaults(override(RUN, ["limit=3", "optim.lr=1"]))
    assert (own["limit"], own["optim.lr"], own["optim.betas"]) == (None, 1e-3, [0.9, 0.98])
    assert not {"name", "steps"} & own.keys()


def test_of_equal_keys_the_last_counts() -> None:
    assert pairs(["a=1", " b = 2 ", "a=3"]) == {"a": "3", "b": "2"}

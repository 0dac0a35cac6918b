"""The frame-selection study: what each choice sees, that a finished run is not repeated, and its table and plot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.errors import UsageError
from hdvila.lab.frame_selection import study
from hdvila.lab.frame_selection.study import ALL_CHOICES, WORLDS, FrameChoice, Result, run_study
from hdvila.lab.frame_selection.tables import as_markdown, draw
from hdvila.lab.rows import add_rows, read_rows
from hdvila.models.hdvila.sampling import hybrid_indices
from hdvila.recipes import get_recipe


def test_a_frame_alone_is_the_middle_frame_of_the_hybrid() -> None:
    chosen = {}
    for frames in (FrameChoice(1, 0), FrameChoice(0, 10), FrameChoice(1, 10)):
        seen = study._recipe(frames, seed=0, steps=1).data.preprocess
        middle, others = hybrid_indices(43, seen.sampling, every=seen.hr_every)
        chosen[frames.name] = (middle.tolist(), others.tolist())
        assert (seen.reads_high, seen.reads_low) == (frames.high > 0, frames.low > 0)
    assert len({str(frames) for frames in chosen.values()}) == 1


def test_worlds_differ_in_detail_and_time_only() -> None:
    kinds = {
        (config.shares.phrase, config.shares.object, config.shares.colour, config.shares.place, config.actions)
        for config, _ in WORLDS.values()
    }
    assert len(kinds) == 1


def test_a_killed_study_goes_on_and_ends_in_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TEST_VIDEOS", 1), ("GALLERY", 5)):
        monkeypatch.setattr(study, name, value)
    monkeypatch.setitem(WORLDS, "balanced", (WORLDS["balanced"][0], (FrameChoice(1, 0), FrameChoice(1, 2))))
    recipe = replace(get_recipe("miniature-stage1"), batch_size=4)
    monkeypatch.setattr(study, "get_recipe", lambda name: recipe)
    trained: list[Path] = []
    real = study.train

    def counting(recipe, into, reporter, corpus):  # type: ignore[no-untyped-def]
        trained.append(into)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return real(recipe, into, reporter, corpus=corpus)

    monkeypatch.setattr(study, "train", counting)
    with pytest.raises(KeyboardInterrupt):
        run_study(tmp_path, seeds=[0], steps=2, worlds=["balanced"], videos=2, workers=1)
    assert [result.frames for result in read_rows(tmp_path, Result)] == ["1 HR + 0 LR"]
    results = run_study(tmp_path, seeds=[0], steps=2, worlds=["balanced"], videos=2, workers=1)
    assert [result.frames for result in results] == ["1 HR + 0 LR", "1 HR + 2 LR"]
    assert len(trained) == 3
    assert read_rows(tmp_path, Result) == results
    for other in ({"steps": 3}, {"videos": 3}):
        with pytest.raises(UsageError, match=f"{next(iter(other))}.*choose another folder"):
            run_study(tmp_path, **{"seeds": [0], "steps": 2, "worlds": ["balanced"], "videos": 2} | other)
    copied = tmp_path / "copied"
    copied.mkdir()
    add_rows(copied, results)
    with pytest.raises(UsageError, match=r"balanced, 1 HR \+ 0 LR after 2 steps, not 3"):
        run_study(copied, steps=3)
    assert all(0 <= result.r1 <= result.r10 <= 1 and result.steps == 2 for result in results)


def test_the_table_holds_means_and_spread_and_the_plot_is_drawn(tmp_path: Path) -> None:
    results = [
        Result("balanced", frames.name, seed, 600, r1, 0.5, 9.0, 1.0, {"texture": 0.4 + r1})
        for frames in ALL_CHOICES
        for seed, r1 in enumerate((0.1, 0.2, 0.3))
    ]
    table = as_markdown(results)
    assert table.count("| **20.0 %** | 10.0 | 10.0, 20.0, 30.0 |") == len(ALL_CHOICES)
    assert "| 1 HR + 10 LR | 60 % |" in table
    draw(results, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"

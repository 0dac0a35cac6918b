"""Rows of the reproduction: what the tables say, and which findings they call agreement."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from hdvila.errors import UsageError
from hdvila.lab.frame_selection.study import Result
from hdvila.lab.frame_selection.tables import as_markdown
from hdvila.lab.reproduction.findings import Finding, findings
from hdvila.lab.reproduction.page import draw, fill
from hdvila.lab.reproduction.rows import Row
from hdvila.lab.reproduction.tables import sections
from hdvila.lab.rows import add_rows, read_rows


def row(task: str, start: str, seed: int, score: float, look: str = "", segments: int = 0, **kinds: float) -> Row:
    return Row(task, start, seed, look, segments, score, score - 0.05, score + 0.05, 0.2, kinds, 10, 1.0, "float32")


ROWS = [
    *(row("TGIF action", "none", seed, 0.2 + seed / 100) for seed in range(3)),
    *(row("TGIF action", "stage one", seed, 0.6 + seed / 100) for seed in range(3)),
    *(row("TGIF action", "stage two", seed, 0.6 + (seed - 1) / 50) for seed in range(3)),
    *(row("TGIF action", "stage two", seed, 0.21, look="shuffled") for seed in range(3)),
    row("TGIF frame", "stage two", 0, 0.5, pattern=0.8, object=0.3),
    row("TGIF frame", "stage two", 0, 0.3, look="no detail", pattern=0.1, object=0.3),
    row("MSR-VTT", "stage one", 0, 0.2),
    row("MSR-VTT", "one category", 0, 0.3),
    row("DiDeMo", "stage one", 0, 0.1, segments=1),
    row("DiDeMo", "stage one", 0, 0.4, segments=4),
    row("DiDeMo", "stage one", 0, 0.5),
]


def test_a_difference_counts_when_chance_would_rarely_show_it() -> None:
    verdicts = {finding.claim: finding.verdict for finding in findings(ROWS)}
    assert verdicts["TGIF action: pre-training helps"] == "agrees"
    assert verdicts["TGIF action: stage two is the better start"] == "no clear difference"
    assert verdicts["MSR-VTT: fifteen categories teach more than one"] == "one seed says nothing"
    assert verdicts["DiDeMo: 8 segments at the test beat 1"] == "one seed says nothing"
    assert "MSR-VTT: pre-training helps" not in verdicts, "one side of it was not run"


def test_findings_say_what_an_answer_rests_on_and_whether_it_is_halfway() -> None:
    found = {finding.claim: finding for finding in findings(ROWS)}
    halfway = found["TGIF action from stage two: more than halfway from blind to perfect"]
    assert (halfway.better, halfway.worse) == pytest.approx((0.6, 0.6)), "blind is 0.2"
    assert halfway.verdict == "no clear difference"
    assert found["TGIF action from stage one: more than halfway from blind to perfect"].by_seed == pytest.approx(
        (0.0, 0.01, 0.02)
    )
    assert found["TGIF action from stage two: falls when frames are shuffled"].verdict == "agrees"
    assert found["TGIF frame from stage two: falls without detail in HR"].by_seed == pytest.approx((0.2,))
    assert {finding.whose for claim, finding in found.items() if "falls" in claim or "halfway" in claim} == {"ours"}
    assert found["TGIF action: pre-training helps"].whose == "ours", "no table of the paper has a model without it"
    assert found["MSR-VTT: fifteen categories teach more than one"].whose == "paper"


def test_findings_of_the_frame_study_stand_beside_the_others() -> None:
    def result(frames: str, seed: int, r1: float) -> Result:
        return Result("balanced", frames, seed, 10, r1, 1.0, 2.0, 0.5, {})

    frames = [result("1 HR + 10 LR", 0, 0.5), result("1 HR + 10 LR", 1, 0.6), result("1 HR + 0 LR", 1, 0.2)]
    found = {finding.claim: finding for finding in findings(ROWS, frames)}
    assert found["frames, balanced world: one HR and ten LR beat one HR frame alone"].by_seed == pytest.approx((0.4,))
    assert not [claim for claim in found if "ten LR frames alone" in claim], "one side of it was not run"
    assert (
        "| paper | frames, balanced world: one HR and ten LR beat one HR frame alone | 60.0 against 20.0 | +40.0 |"
        in (sections(ROWS, frames)["findings"])
    )


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ((0.10, 0.11, 0.09), "agrees"),
        ((-0.10, -0.11, -0.09), "the other way round"),
        ((0.05, 0.20, 0.10), "no clear difference"),  # every seed shows it, t is 2.65
        ((0.10, 0.20), "no clear difference"),
        ((0.10, 0.11), "agrees"),
        ((0.10,), "one seed says nothing"),
        ((0.0, 0.0, 0.0), "no clear difference"),
    ],
)
def test_verdicts_are_those_of_a_one_sided_t_test(differences: tuple[float, ...], verdict: str) -> None:
    assert Finding("ours", "claim", 0.5, 0.4, differences).verdict == verdict


def test_tables_show_mean_and_spread() -> None:
    tables = sections(ROWS)
    assert "| TGIF action | 20.0 | 21.0 ± 1.0 | 61.0 ± 1.0 | 60.0 ± 2.0 | 84.3 (v1: 84.0) |" in tables["tasks"]
    assert "| TGIF action from stage two | 60.0 ± 2.0 | 21.0 ± 0.0 |" in tables["rests"]
    assert "| … pattern | 80.0 |  |  | 10.0 |" in tables["rests"]
    assert "| DiDeMo | 10.0 |  | 40.0 | 50.0 | R@1 28.8 (v1: 26.0) with 8; it prints no others |" in tables["segments"]
    assert "| one category | 30.0 |  | one category (HowTo), 720p | 3.3 / 8.2 / 13.5 / 113 |" in tables["data"]
    assert "| task | chance or most frequent answer |" in tables["tasks"]
    assert re.findall(r"^\| (\w.+?) \|", tables["tasks"], re.MULTILINE)[1:] == [
        "MSR-VTT",
        "DiDeMo",
        "TGIF action",
        "TGIF frame",
    ], "the plan's order"
    assert tables["state"] == "The tables show 19 tests of 13 models, with 3 seeds and 10 steps of fine-tuning."
    longer = sections([*ROWS, replace(ROWS[0], seed=3, steps=25)])["state"]
    assert longer.endswith("and 10 to 25 steps of fine-tuning.")


def test_a_line_that_is_cut_is_named(tmp_path: Path) -> None:
    lines = [json.dumps(asdict(row)) for row in ROWS[:3]]
    (tmp_path / "results.jsonl").write_text("\n".join([*lines[:2], lines[2][:40]]))
    with pytest.raises(UsageError, match=r"results.jsonl, line 3: is not a row of a test .* tests that model again"):
        read_rows(tmp_path, Row)
    (tmp_path / "results.jsonl").write_text("\n".join(lines))
    add_rows(tmp_path, ROWS[3:5])
    assert read_rows(tmp_path, Row) == ROWS[:5], "also after a file without a last line feed"


def test_the_page_of_the_repository_is_what_the_code_prints(tmp_path: Path) -> None:
    docs = Path(__file__).parents[4] / "docs"
    for name, kept in (("reproduction", tmp_path), ("frame_selection", tmp_path / "frames")):
        kept.mkdir(exist_ok=True)
        (kept / "results.jsonl").write_bytes((docs / "results" / f"{name}.jsonl").read_bytes())
    frames = read_rows(tmp_path / "frames", Result)
    page = (docs / "reproduction.md").read_text(encoding="utf-8")
    for name, table in (sections(read_rows(tmp_path, Row), frames) | {"frames": as_markdown(frames)}).items():
        shown = page.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- end of {name} -->")[0]
        assert re.sub(r"!\[.*?\]\(.*?\)", "", shown).strip() == table.strip(), name


def test_a_page_keeps_what_people_wrote(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- tasks -->\nold\n<!-- end of tasks -->\nafter \\1\n")
    for _ in range(2):
        fill(page, {"tasks": "| new \\1 |\n"}, {})
        assert page.read_text() == "before\n<!-- tasks -->\n\n| new \\1 |\n\n<!-- end of tasks -->\nafter \\1\n"
    with pytest.raises(UsageError, match="end of data"):
        fill(page, {"data": ""}, {})
    with pytest.raises(UsageError, match="no such page"):
        fill(tmp_path / "other.md", {}, {})


def test_the_plot_is_a_picture_and_comes_to_stand_beside_the_page(tmp_path: Path) -> None:
    draw(ROWS, tmp_path / "tasks.png")
    assert (tmp_path / "tasks.png").read_bytes().startswith(b"\x89PNG")
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text("<!-- tasks -->\n<!-- end of tasks -->\n")
    fill(page, {"tasks": "| table |"}, {"tasks": tmp_path / "tasks.png"})
    picture, table = re.findall(r"!\[.+\]\((.+)\)\n\n(.+)", page.read_text())[0]
    assert (page.parent / picture).read_bytes() == (tmp_path / "tasks.png").read_bytes()
    assert table == "| table |"


def test_the_page_of_the_project_has_a_place_for_every_table(tmp_path: Path) -> None:
    page = tmp_path / "reproduction.md"
    page.write_text((Path(__file__).parents[4] / "docs" / "reproduction.md").read_text())
    fill(page, sections(ROWS) | {"frames": "| f |"}, {})
    assert "19 tests of 13 models" in page.read_text()

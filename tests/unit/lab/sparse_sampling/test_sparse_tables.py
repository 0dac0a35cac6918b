"""The tables of the study of sparse sampling: each row beside the paper's, and the page as the code prints it."""

from __future__ import annotations

import re
from pathlib import Path

from hdvila.lab.rows import read_rows
from hdvila.lab.sparse_sampling.plan import ROWS, TASKS, SparseTuning, fine_tunings, numbers_of_test_clips
from hdvila.lab.sparse_sampling.tables import sections
from hdvila.lab.sparse_sampling.training import SamplingRow

DOCS = Path(__file__).parents[4] / "docs"


def row(task: str, model: SparseTuning, seed: int, clips: int, score: float) -> SamplingRow:
    return SamplingRow(task, model.name, seed, clips, score, 0.0, 1.0, 0.5, 0.6, 3.0, 10, 1.0)


def test_a_model_that_stands_in_several_tables_is_trained_once() -> None:
    models = fine_tunings()
    names = [model.name for model in models]
    assert len(names) == len(set(names)) < len(ROWS)
    base = SparseTuning()
    assert {one.table for one in ROWS if one.model == base and one.test_clips} == {
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "figure 4",
    }
    assert numbers_of_test_clips(base) == [1, 2, 4, 8, 16]


def test_figures_stand_beside_the_papers() -> None:
    rows = [row(task, SparseTuning(), seed, 1, 0.2 + seed / 10) for task in TASKS for seed in range(3)]
    tables = sections(rows)
    assert "| 192 (paper: 448) | 30.0 ± 10.0 | 60.0 | 3.0 | 30.0 ± 10.0 | 3 | 10.2 / 28.6 / 40.5 / 17; 35.73 |" in (
        tables["table-1"].replace("60.0 ± 0.0", "60.0")
    )
    assert "| ImageNet; BERT |  |  |  |  |  | 7.2 / 23.3 / 35.6 / 21; 35.01 |" in tables["table-5"]
    assert tables["state"].startswith("The tables show 6 tests of 6 models, with up to 3 seeds")


def test_the_page_is_what_the_code_prints(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_bytes((DOCS / "results" / "sparse_sampling.jsonl").read_bytes())
    page = (DOCS / "clipbert.md").read_text(encoding="utf-8")
    for name, table in sections(read_rows(tmp_path, SamplingRow)).items():
        shown = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", page, re.DOTALL)
        assert shown is not None, name
        assert shown[1].strip() == table.strip(), name

"""Subtitle files as people have them, each with its right answer (tests/odd/subtitles/cases.json): `words`, or one of
`also`; what `allow` names may happen instead: the file is refused with a reason, words are left out and a line on
stderr says so, something was guessed and a line says that.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hdvila.cli.main import main

ODD = Path(__file__).parents[1] / "odd" / "subtitles"
CASES: list[dict[str, Any]] = json.loads((ODD / "cases.json").read_text(encoding="utf-8"))


def bare(text: str) -> list[str]:
    """Words without brackets and marks around them."""
    return [word for part in text.split() if (word := re.sub(r"[^\w\u200c\u200d]", "", part))]


def is_part(few: list[str], all_of_them: list[str]) -> bool:
    rest = iter(all_of_them)
    return all(word in rest for word in few)


def test_every_file_has_its_case() -> None:
    assert {case["file"] for case in CASES} == {file.name for file in ODD.iterdir()} - {"cases.json"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["file"])
def test_odd_files_say_what_was_said(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    file, allow = ODD / case["file"], case["allow"]
    status = main(["corpus", "transcript", str(file), "--words", "--json"])
    out, err = capsys.readouterr()
    if status:
        assert "refused" in allow, err
        assert status == 1
        assert re.fullmatch(rf"hdvila: {re.escape(str(file))}: .{{10,}}\n", err)
        return
    records = [json.loads(line) for line in out.splitlines()]
    starts = [record["start"] for record in records]
    assert all(a <= b for a, b in pairwise(starts))
    said = bare(" ".join(record["word"] for record in records))
    right = [bare(text) for text in (case["words"], *case["also"])]
    if case["check"] == "cut":
        assert "left out" in err
        assert is_part(said, right[0])
    elif said not in right:
        assert "said" in allow, said
        assert "left out" in err
        assert is_part(said, right[0])
    if case["check"] == "told" or "told" in allow:
        assert err.startswith(f"{file}: ")
    for at, seconds in case["times"]:
        assert starts[at] == pytest.approx(seconds, abs=0.05)

"""The published rows: those that the papers print, all of them, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from hdvila.evaluate.protocols import PROTOCOLS, Published
from hdvila.lab.frame_selection.study import ALL_CHOICES
from hdvila.lab.published import DATA, FRAMES
from hdvila.lab.reproduction.tables import SEEN
from hdvila.recipes import RECIPES
from tests.shared import SHARED, needs

GOLDEN = json.loads((Path(__file__).parents[2] / "goldens" / "paper_tables.json").read_text())
PAPER = SHARED / "reference" / "paper_tables.md"
ORDER = ("accuracy", "test_standard", "mean_squared_error", "r1", "r5", "r10", "r50", "median_rank")
Figures = dict[str, tuple[float, ...]]


def shown() -> Iterator[tuple[str, Published]]:
    """Every published row with where it stands."""
    for name, protocol in PROTOCOLS.items():
        yield from ((name, row) for row in protocol.published)
    yield from (("study of data", row) for row in DATA.values())
    yield from (("study of frames", row) for pair in FRAMES.values() for row in pair)


def numbers(row: Published) -> tuple[float, ...]:
    """As a table prints them, without the cells that it leaves empty."""
    assert set(row.values) <= set(ORDER)
    plain = ("median_rank", "mean_squared_error")
    return tuple(round(row.values[name] * (1 if name in plain else 100), 4) for name in ORDER if name in row.values)


def typed(paper: str, table: str) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    for place, rows in GOLDEN[paper][table].items():
        yield from ((place, who, tuple(cell for cell in cells if cell is not None)) for who, cells in rows.items())


def test_every_printed_row_stands_somewhere_and_no_other_does() -> None:
    expected = {
        (paper, table, *row) for paper, tables in GOLDEN.items() for table in tables for row in typed(paper, table)
    }
    found = set()
    for place, row in shown():
        paper, table, who = row.source, "", row.who
        if told := re.fullmatch(r"HD-VILA v([12]), Table (\d+)", row.source):
            version, table = told.groups()
            paper = "HD-VILA"
            if place == "study of frames":  # v1 has no Table 8 of v2, so this is its last
                who, table = (f"{who} (v1)", "9") if version == "1" else (who, table)
            assert (version == "1") == who.endswith("(v1)"), row
        elif row.source not in GOLDEN:
            paper = "elsewhere"
        found.add((paper, table, place, who, numbers(row)))
    assert found - expected == set(), "a row that the tables do not have"
    assert expected - found == set(), "a row that is missing"


def test_a_row_says_what_it_was_trained_on_where_that_is_not_one_for_all() -> None:
    """The rows of Table 3 learned from different splits; some are no fair comparison by the paper's own words."""
    for row in PROTOCOLS["msrvtt-1ka"].published:
        if row.source.endswith("Table 3") and "zero-shot" not in row.who:
            trained = re.match(r"trained on (9,000|7,010) videos|training split not told", row.setting)
            assert trained, row
            assert (trained[1] == "7,010") == (row.who == "ClipBERT")
            assert (trained[1] == "9,000") == row.who.startswith("HD-VILA")
    apart = {name for name, row in shown() if row.setting.endswith("special losses, more features")}
    assert apart == {"msrvtt-1ka", "lsmdc", "activitynet-val1"}
    for _, row in shown():
        assert ("set apart" in row.setting) == (row.who in ("MMT", "Support Set")), row
    for name, protocol in PROTOCOLS.items():
        methods = [row.who for row in protocol.published]
        assert len(set(methods)) == len(methods), name


def test_the_studies_have_a_row_of_the_paper_for_each_of_theirs() -> None:
    assert [frames.name for frames in ALL_CHOICES] == list(FRAMES)
    assert sorted(there for _, there in SEEN.values()) == sorted(DATA)


def test_recipes_promise_the_numbers_of_the_table() -> None:
    promised = re.compile(r"Expect: (?:R@1|accuracy) ([\d.]+)\b.*? on ([\w-]+).*?\(the paper's")
    told = {name: promised.search(" ".join((make.__doc__ or "").split())) for name, make in RECIPES.items()}
    found = {name: (one[2], float(one[1])) for name, one in told.items() if one and one[2] in PROTOCOLS}
    clipbert = {name for name in found if name.startswith("clipbert-")}
    assert len(found) - len(clipbert) == 9, "every task of HD-VILA's paper with a recipe of its own"
    assert len(clipbert) == 9, "every task of ClipBERT's paper with a video, and the smaller recipes"
    for name, (protocol, percent) in found.items():
        who = ("HD-VILA", "HD-VILA, 504K steps")
        if name in clipbert:
            who = ("ClipBERT, 4 x 1",) if name.endswith("4x1") else ("ClipBERT",)
            protocol = "msrvtt-1ka-7k" if protocol == "msrvtt-1ka" else protocol
        best = next(row for row in PROTOCOLS[protocol].published if row.who in who)
        assert percent == numbers(best)[0], name


# --- the golden against the reference, where that is there


def cells(line: str) -> list[str]:
    return [cell.strip().strip("*") for cell in line.strip().strip("|").split("|")]


def figures(*texts: str) -> tuple[float, ...]:
    return tuple(float(text) for text in texts if text not in ("-", ""))


def section(text: str, head: str) -> list[str]:
    """The lines from that heading to the next."""
    begin = text.index(f"**{head}")
    end = text.find("\n**", begin + 2)
    return text[begin:end].splitlines()


def sides(lines: list[str], widths: tuple[int, ...], gap: int) -> list[Figures]:
    """Tables that stand beside one another, as many numbers in a row as `widths` say, `gap` empty cells between."""
    found: list[Figures] = [{} for _ in widths]
    last = ["HD-VILA"] * len(widths)
    for line in lines:
        row = cells(line)
        if not line.startswith("|") or set(row) <= {"---", ""} or "R1" in row or "MSRVTT-QA" in row:
            continue
        at = 0
        for side, width in enumerate(widths):
            who, values = re.sub(r" \(.*\)", "", row[at]), row[at + 1 : at + 1 + width]
            if who == "v1":
                who = f"{last[side]} (v1)"
            elif who:
                last[side] = who
            if who:
                found[side][who] = figures(*values)
            at += 1 + width + gap
    return found


def reference(text: str) -> Iterator[tuple[str, Figures]]:
    """Every table of HD-VILA that the golden has, once for each place."""
    qa, mc, tgif = sides(section(text, "Table 2,"), (1, 1, 3), 0)
    yield "msrvtt-qa", qa
    yield "msrvtt-mc", mc
    for number, task in enumerate(("action", "transition", "frameqa")):
        yield f"tgif-{task}", {who: (values[number],) for who, values in tgif.items()}
    found: Figures = {}
    for line in section(text, "Table 3,"):
        if not line.startswith("|") or len(set(cells(line)[1:]) & {"R1", "---"}):
            continue
        name, *values = cells(line)
        kind = ", zero-shot" if "zero-shot" in name else ""
        who = re.sub(r"\*?zero-shot\*?|\*|\(.*\)", "", name).strip() + kind
        found[who] = figures(*values)
        if first := re.search(r"\(v1(?::| prints) ([\d./]+)\)", name):
            found[f"{who} (v1)"] = figures(*first[1].split("/"))
    yield "msrvtt-1ka", found
    yield from zip(
        ("didemo", "lsmdc", "activitynet-val1"), sides(section(text, "Tables 4-6,"), (4, 4, 4), 1), strict=True
    )
    names = {
        "category HowTo only, 720p": "one category (HowTo), 720p",
        "balanced, 720p\\": "balanced, 360p enlarged to 720p",
    }
    (seen,) = sides(section(text, "Table 7,"), (4,), 0)
    yield "study of data", {names.get(who, who): values for who, values in seen.items()}
    frames = "\n".join(section(text, "Table 9"))
    rows = re.findall(r"^\| (\d) \| (\d+) \| ([\d./]+) \| ([\d./]+) \|", frames, re.MULTILINE)
    yield (
        "study of frames",
        {
            f"{high} HR + {low} LR{kind}": figures(*values.split("/"))
            for high, low, *both in rows
            for kind, values in zip(("", " (v1)"), both, strict=True)
        },
    )
    steps = {"HD-VILA-100M": "HD-VILA, 145K steps", "HowTo100M": "HD-VILA on HowTo100M, 145K steps"}
    inline = re.findall(r"(\S+) ([\d.]+(?:/[\d.]+){3})", " ".join(section(text, "Table 8")))
    yield "msrvtt-1ka, 8", {steps[who]: figures(*values.split("/")) for who, values in inline}
    twelve = " ".join(section(text, "Table 12"))
    titles = {
        "HowTo100M paper": "HowTo100M",
        "HD-VILA on HowTo100M, 145K:": "HD-VILA on HowTo100M, 145K steps",
        "on HD-VILA-100M, 145K:": "HD-VILA, 145K steps",
        "on HD-VILA-100M, 504K:": "HD-VILA, 504K steps",
    }
    yield (
        "youcook2",
        {
            who: figures(*re.findall(rf"{re.escape(title)} ([\d./]+\d)", twelve)[0].split("/"))
            for title, who in titles.items()
        },
    )
    assert len(re.findall(r"[\d.]+(?:/[\d.]+){3}", twelve)) == len(titles)


@needs(PAPER)
def test_the_typed_figures_are_those_of_the_papers() -> None:
    places = {place: {who: row for at, who, row in rows if at == place} for place, rows in _by_place().items()}
    for name, rows in reference(PAPER.read_text(encoding="utf-8").split("\n# 2. ")[0]):
        assert rows == places.pop(name), name
    assert list(places) == ["msrvtt-1ka-7k"], "a table that the reference does not have"


def _by_place() -> dict[str, list[tuple[str, str, tuple[float, ...]]]]:
    found: dict[str, list[tuple[str, str, tuple[float, ...]]]] = {}
    for table in GOLDEN["HD-VILA"]:
        for place, who, row in typed("HD-VILA", table):
            name = f"{place}, 8" if table == "8" else place
            found.setdefault(name, []).append((name, who, row))
    return found

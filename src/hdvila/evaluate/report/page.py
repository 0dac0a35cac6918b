"""The report of an evaluation as one self-contained page: no script, no outside file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from hdvila.annotations.records import Annotations
from hdvila.data.source import open_corpus
from hdvila.evaluate.checkpoint import Evaluated
from hdvila.evaluate.forms import CHANCE
from hdvila.evaluate.matching import match_similarity
from hdvila.evaluate.metrics.rank import TieRule
from hdvila.evaluate.predictions import Similarity
from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.record import Record
from hdvila.evaluate.report.pictures import Pictures
from hdvila.evaluate.report.questions import Answered, look_at_answers
from hdvila.evaluate.report.retrieval import Found, look_at_retrieval
from hdvila.evaluate.results import beside_published, title_of
from hdvila.media.preprocess import Preprocess
from hdvila.pages import render, write_text
from hdvila.progress import SILENT, Reporter

__all__ = ["write_report"]

_COLUMNS = 9  # of numbers with their intervals, on a page of 1280 pixels


def write_report(done: Evaluated, path: Path, *, seed: int = 0, reporter: Reporter = SILENT) -> None:
    """Write the page: the record, examples of right and wrong answers with their pictures, and where it fails.

    It grows to two or three MB, however large the test is. It names videos as the benchmark does and no folder of this
    machine. The same evaluation and seed give the same page.

    Args:
        done: what `evaluate_checkpoint` gave.
        path: the HTML file, replaced if it is there; its folder is made.
        seed: of the choice of examples.

    Raises:
        StoreError: a video cannot be read.
        MissingDependency: jinja2 is not installed.
        OSError: the file cannot be written.
    """
    record = done.record
    assert record.recipe is not None  # `evaluate_checkpoint` has written it
    preprocess = Preprocess.from_dict(record.recipe["preprocess"])
    with reporter.task("drawing the report"):
        pictures = Pictures(open_corpus(done.store), done.numbers, preprocess)
        seen = _look(done, pictures, seed)
    protocol = get_protocol(record.protocol)
    header, ours, *others = beside_published(record)
    html = render(
        "hdvila.evaluate.report",
        "page.html.j2",
        record=record,
        protocol=protocol,
        preprocess=preprocess,
        sampling=record.recipe["sampling"],
        training={name: _local(value) for name, value in (record.recipe["training"] or {}).items()},
        title=title_of(record),
        tables=_parted(
            header, [ours, *(row for row in others if row[0] == CHANCE), *(row for row in others if row[0] != CHANCE)]
        ),
        spacing=pictures.spacing(),
        figures=_figures(record),
        seed=seed,
        retrieval=seen if isinstance(seen, Found) else None,
        answered=seen if isinstance(seen, Answered) else None,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, html)


def _parted(header: list[str], rows: Sequence[list[str]]) -> list[tuple[list[str], list[list[str]]]]:
    """A table as several that fit the page, each with the first column and some of the others, and with those rows that
    say something there; the last column, what is to be known of a row, stands in the first table only."""
    parts = []
    for first in range(1, len(header) - 1, _COLUMNS):
        some = slice(first, min(first + _COLUMNS, len(header) - 1))
        shown = [[row[0], *row[some], row[-1] if first == 1 else ""] for row in rows if first == 1 or any(row[some])]
        parts.append(([header[0], *header[some]], shown))
    return parts


def _look(done: Evaluated, pictures: Pictures, seed: int) -> Found | Answered:
    said = done.predicted.predictions
    annotations = _with_names(done.annotations, get_protocol(done.record.protocol).groups)
    if isinstance(said, Similarity):
        matched = match_similarity(annotations, said, allow_missing=True)
        return look_at_retrieval(matched, cast(TieRule, done.record.tie_rule), pictures, seed)
    guesses = done.predicted.guesses
    return look_at_answers(done.record.task, annotations, guesses, done.vocabulary, pictures, seed)


def _with_names(annotations: Annotations, names: Sequence[str]) -> Annotations:
    """Divisions of the benchmark by their names; a number that has none is called a category."""

    def name(group: str) -> str:
        if not group.isdecimal():
            return group
        known = not annotations.synthetic and int(group) < len(names)
        return names[int(group)] if known else f"category {group}"

    return replace(annotations, videos=tuple(replace(one, group=name(one.group)) for one in annotations.videos))


def _figures(record: Record) -> list[tuple[str, str, tuple[str, str] | None]]:
    """The numbers at the top: number, what it is, the ends of its interval."""
    if record.text_to_video and record.video_to_text:
        forth, back = record.text_to_video, record.video_to_text
        return [
            _figure("R@1, text to video", forth["r1"], forth["intervals"]["r1"], _percent),
            _figure("R@10, text to video", forth["r10"], forth["intervals"]["r10"], _percent),
            _figure("median rank", forth["median_rank"], forth["intervals"]["median_rank"], _rank),
            _figure("R@1, video to text", back["r1"], back["intervals"]["r1"], _percent),
            (_percent(record.chance), f"chance, 1 of {record.gallery:,}", None),
        ]
    intervals = record.intervals or {}
    shown = [_figure("accuracy", record.accuracy or 0.0, intervals.get("accuracy"), _percent)]
    if record.mean_squared_error is None:
        shown.append((_percent(record.chance), "chance", None))
    else:
        error, interval = record.mean_squared_error, intervals.get("mean_squared_error")
        shown.insert(0, _figure("squared error", error, interval, "{:.2f}".format))
        shown.append((f"{record.chance:.2f}", "squared error by chance", None))
    if record.most_frequent is not None:
        shown.append((_percent(record.most_frequent), "always the most frequent answer", None))
    if record.out_of_vocabulary is not None:
        lost = record.out_of_vocabulary["questions"]
        shown.append((f"{lost:,}", "questions whose answer is outside the vocabulary", None))
    return shown


def _figure(
    what: str, value: float, interval: tuple[float, float] | None, shown: Callable[[float], str]
) -> tuple[str, str, tuple[str, str] | None]:
    return shown(value), what, interval and (shown(interval[0]), shown(interval[1]))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.01 or not share else f"{100 * share:.2g} %"


def _rank(rank: float) -> str:
    return f"{round(rank, 1):g}"


def _local(value: Any) -> Any:
    """A setting of the training; of a path only its last name."""
    return Path(value).name if isinstance(value, str) else value

"""Write the report of an evaluation as one self-contained HTML page, without scripts or outside files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from hdvila.annotations.records import Annotations
from hdvila.errors import UsageError
from hdvila.evaluate.align_predictions import align_similarity
from hdvila.evaluate.clip_test import ClipTest
from hdvila.evaluate.evaluation import Evaluated
from hdvila.evaluate.metrics.rank import TieRule
from hdvila.evaluate.predictions import Similarity
from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.record import Record
from hdvila.evaluate.report.previews import VideoPreviews
from hdvila.evaluate.report.questions import QuestionSummary, summarise_questions
from hdvila.evaluate.report.results import comparison_cells, reranking_in_words, table_title
from hdvila.evaluate.report.retrieval import RetrievalSummary, summarise_retrieval
from hdvila.evaluate.report.tables import CHANCE
from hdvila.pages import render, write_text
from hdvila.progress import SILENT, Reporter

__all__ = ["check_report", "write_report"]

_COLUMNS = 9  # of numbers with their intervals, on a page of 1280 pixels


def check_report(test: ClipTest, path: Path) -> None:
    """Make sure, before any other work, that a page of a test has something to show.

    Raises:
        UsageError: the answers of the test are secret.
    """
    if test.annotations.hidden:
        raise UsageError(
            f"{path}: a page shows right and wrong answers, and those of the {test.split} of {test.protocol.name} are "
            "secret: leave --report out, or choose --split validation"
        )


def write_report(done: Evaluated, path: Path, *, seed: int = 0, reporter: Reporter = SILENT) -> None:
    """Write the page: the record, examples of right and wrong answers with frames, and the worst failures.

    The page has two or three MB at most, however large the test is. It names videos as the benchmark does,
    and no folder of this machine. The same evaluation and seed give the same page.

    Args:
        done: the result of `evaluate_checkpoint`.
        path: the HTML file, replaced if it exists; its folder is created.
        seed: of the choice of examples.
        reporter: shows progress.

    Raises:
        UsageError: the answers of the test are secret, so there is nothing to show.
        StoreError: a video cannot be read.
        MissingDependency: jinja2 is not installed.
        OSError: the file cannot be written.
    """
    check_report(done.test, path)
    record = done.record
    assert record.recipe is not None  # set by `evaluate_checkpoint`
    with reporter.task("drawing the report"):
        previews = VideoPreviews(done.test.source, done.test.numbers, done.inputs)
        summary = _summarise(done, previews, seed)
    protocol = get_protocol(record.protocol)
    header, *rows = comparison_cells(record)
    own = 1 if record.before_reranking is None else 2
    ours, others = rows[:own], rows[own:]
    html = render(
        "hdvila.evaluate.report",
        "page.html.j2",
        record=record,
        protocol=protocol,
        inputs=done.inputs,
        differences=(*done.differences, *protocol.differences),
        sampling=record.recipe["sampling"],
        training={name: _local(value) for name, value in (record.recipe["training"] or {}).items()},
        title=table_title(record),
        tables=_split_columns(
            header, [*ours, *(row for row in others if row[0] == CHANCE), *(row for row in others if row[0] != CHANCE)]
        ),
        own_rows=own,
        reranking=reranking_in_words(record),
        spacing=previews.frame_spacing(),
        figures=_figures(record),
        seed=seed,
        retrieval=summary if isinstance(summary, RetrievalSummary) else None,
        answered=summary if isinstance(summary, QuestionSummary) else None,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, html)


def _split_columns(header: list[str], rows: Sequence[list[str]]) -> list[tuple[list[str], list[list[str]]]]:
    """Split a table into several that fit the page.

    Each has the first column, some of the others, and the rows with numbers there. The last column, source or
    setting, is in the first table only.
    """
    parts = []
    for first in range(1, len(header) - 1, _COLUMNS):
        some = slice(first, min(first + _COLUMNS, len(header) - 1))
        shown = [[row[0], *row[some], row[-1] if first == 1 else ""] for row in rows if first == 1 or any(row[some])]
        parts.append(([header[0], *header[some]], shown))
    return parts


def _summarise(done: Evaluated, previews: VideoPreviews, seed: int) -> RetrievalSummary | QuestionSummary:
    predictions = done.predicted.predictions
    annotations = _name_groups(done.test.annotations, get_protocol(done.record.protocol).groups)
    if isinstance(predictions, Similarity):
        aligned = align_similarity(annotations, predictions, allow_missing=True)
        return summarise_retrieval(aligned, cast(TieRule, done.record.tie_rule), previews, seed)
    answers = done.predicted.answers
    return summarise_questions(done.record.task, annotations, answers, done.vocabulary, previews, seed)


def _name_groups(annotations: Annotations, names: Sequence[str]) -> Annotations:
    """Replace the benchmark's category numbers by names, or by "category N" where there is none."""

    def name(group: str) -> str:
        if not group.isdecimal():
            return group
        known = not annotations.synthetic and int(group) < len(names)
        return names[int(group)] if known else f"category {group}"

    return replace(annotations, videos=tuple(replace(one, group=name(one.group)) for one in annotations.videos))


def _figures(record: Record) -> list[tuple[str, str, tuple[str, str] | None]]:
    """The figures at the top of the page: value, label, ends of the interval."""
    if record.text_to_video and record.video_to_text:
        forth, back = record.text_to_video, record.video_to_text
        shown = [
            _figure("R@1, text to video", forth["r1"], forth["intervals"]["r1"], _percent),
            _figure("R@10, text to video", forth["r10"], forth["intervals"]["r10"], _percent),
            _figure("median rank", forth["median_rank"], forth["intervals"]["median_rank"], _rank),
            _figure("R@1, video to text", back["r1"], back["intervals"]["r1"], _percent),
            (_percent(record.chance), f"chance, 1 of {record.gallery:,}", None),
        ]
        if (plain := record.before_reranking) is not None:
            for place, way, what in ((1, "text_to_video", "text to video"), (5, "video_to_text", "video to text")):
                ranks = plain[way]  # type: ignore[literal-required]
                label = f"R@1, {what}, before re-ranking"
                shown.insert(place, _figure(label, ranks["r1"], ranks["intervals"]["r1"], _percent))
        return shown
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
    """A setting of the training; of a path only the last part, so that no folder of this machine is named."""
    return Path(value).name if isinstance(value, str) else value

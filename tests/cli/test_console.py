"""The terminal's manners: one line for an expected error, exit statuses, sparse progress, results that stay JSON."""

from __future__ import annotations

import errno
import io
import json
import re
import sqlite3
import sys
from pathlib import Path

import pytest
import typer

from hdvila.cli import console, tables
from hdvila.cli.main import main
from hdvila.cli.reporters import PlainReporter, RichReporter
from hdvila.errors import CheckpointError, LibraryError, UsageError


def because(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (UsageError("wrong key 'lr'"), 2, "wrong key 'lr'"),
        (typer.BadParameter("no such thing"), 2, "no such thing; see hdvila --help"),
        (CheckpointError("two\nlines"), 1, "two lines"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), 1, "Permission denied: /a/b"),
        (OSError(errno.ENOSPC, "No space left on device", "/a/b"), 1, "no room left to write"),
        (OSError(errno.EFBIG, "File too large"), 1, "no room left to write"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), 1, "no room left to write"),
        (because(LibraryError("cannot"), sqlite3.OperationalError("database or disk is full")), 1, "no room left"),
    ],
)
def test_an_expected_error_is_one_line(
    error: BaseException, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert console.status_of(error) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert words in said.err


def test_debug_shows_where_it_came_from(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HDVILA_DEBUG", "1")
    assert console.status_of(LibraryError("locked")) == 1
    assert "LibraryError: locked" in capsys.readouterr().err


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        console.status_of(ZeroDivisionError("division by zero"))


def test_results_are_json_whatever_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    console.emit({"file": "a\n\udcff\u2713.mp4", "score": 0.5}, json=True)
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert json.loads(line) == {"file": "a\n\udcff\u2713.mp4", "score": 0.5}
    with pytest.raises(ValueError, match="JSON"):
        console.emit({"score": float("nan")}, json=True)


def test_progress_in_a_file_is_sparse_and_tells_what_is_left() -> None:
    out, now = io.StringIO(), [0.0]
    with PlainReporter(out, interval=5, clock=lambda: now[0]).task("cutting", total=100) as bar:
        for _ in range(100):
            now[0] += 0.25
            bar.advance(note="x.mp4")
    assert out.getvalue().splitlines() == [
        "cutting: 20/100, 0:20 left, x.mp4",
        "cutting: 40/100, 0:15 left, x.mp4",
        "cutting: 60/100, 0:10 left, x.mp4",
        "cutting: 80/100, 0:05 left, x.mp4",
        "cutting: 100/100, 0:00 left, x.mp4",
        "cutting: done, 100 in 0:25",
    ]


def test_a_short_job_says_nothing_in_a_file_and_an_unknown_total_is_no_division() -> None:
    out, now = io.StringIO(), [0.0]
    reporter = PlainReporter(out, interval=5, clock=lambda: now[0])
    with reporter.task("short", total=0) as bar:
        bar.advance(0)
    assert out.getvalue() == ""
    with reporter.task("long", done=3) as bar:
        now[0] += 6
        bar.advance()
    assert out.getvalue().splitlines() == ["long: 4", "long: done, 4 in 0:06"]


def test_many_jobs_at_once_still_share_the_pace() -> None:
    out, now = io.StringIO(), [0.0]
    reporter = PlainReporter(out, interval=5, clock=lambda: now[0])
    with reporter.task("outer", total=10) as outer, reporter.task("inner", total=10) as inner:
        for _ in range(10):
            now[0] += 1
            outer.advance()
            inner.advance()
    assert len([line for line in out.getvalue().splitlines() if "done" not in line]) == 2


def test_bars_can_be_nested_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    reporter = RichReporter()
    with reporter.task("outer [/odd]", total=2) as outer:
        with reporter.task("inner [/odd]") as inner:
            inner.advance(note="[bold")
        reporter.note("left out: [x].mp4")
        outer.advance(2, note="[bold")
    with reporter.task("again", total=1) as bar:
        bar.advance()
    assert "left out: [x].mp4" in screen.getvalue()
    assert "outer [/odd]" in screen.getvalue()


def test_a_bar_within_another_goes_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    reporter = RichReporter()
    with reporter.task("outer", total=2):
        for number in range(3):
            with reporter.task(f"inner {number}"):
                pass
        assert reporter._progress is not None
        assert [task.description for task in reporter._progress.tasks] == ["outer"]


def test_the_bar_ends_when_the_job_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    reporter = RichReporter()
    with pytest.raises(LibraryError), reporter.task("job", total=2):
        raise LibraryError("locked")
    assert reporter._progress is None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def seen(self) -> str:
        """What is written on it, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.getvalue())


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_fits_the_terminal_and_is_plain_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    columns = {"": "right", "file": "left", "text": "left"}
    rows = [["1", "[b]a" + "x" * 90 + ".mp4", "Some words. " * 9], ["10", "b.mp4", ""]]
    records = [{"rank": 1}, {"rank": 10}]
    tables.emit_table(records, False, columns, rows)
    plain = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in plain] == ["1", "10"]
    assert plain[0].index("[b]a") == plain[1].index("b.mp4")
    tables.emit_table(records, True, columns, rows)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == records
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", str(width))
    tables.emit_table(records, False, columns, rows)
    shown = screen.seen()
    assert all(len(line) <= width for line in shown.splitlines())
    assert "[b]" in shown
    assert "".join(shown.split()).count("x") == 91
    tables.emit_table([], False, columns, [])
    assert screen.seen() == shown


def test_markdown_is_drawn_at_a_terminal_and_stays_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = "| method | R@1 |\n|---|---|\n| " + "a long name " * 12 + "| 44.1 |\n"
    tables.emit_markdown(table)
    assert capsys.readouterr().out == table
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "80")
    tables.emit_markdown(table)
    shown = screen.seen()
    assert "|---|" not in shown
    assert "44.1" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    tables.emit_markdown(table, asked=True)
    assert screen.seen() == shown + table


def test_a_path_is_shown_from_here_where_that_is_shorter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert console.short(tmp_path / "a" / "b" / "c.mp4") == "c.mp4"
    assert console.short("/c.mp4") == "/c.mp4"


def test_a_name_is_one_line_of_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["a\nb\x1b[31m.mp4", "\u65e5\u672c.mp4"]
    rows = [[console.short(f"/x/{name}"), "text"] for name in names]
    tables.emit_table([{}] * len(rows), False, {"file": "left", "text": "left"}, rows)
    assert capsys.readouterr().out == "/x/a\\nb\\x1b[31m.mp4  text\n/x/\u65e5\u672c.mp4          text\n"


def test_a_group_alone_prints_its_help_and_words_with_a_dash_are_told_their_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["library"]) == 0
    said = capsys.readouterr()
    assert "prune" in said.out
    assert said.err == ""
    assert main(["search", "-dog"]) == 2
    assert "behind --" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "package"),
    [
        (["corpus", "build", "talks", "--into", "NEW"], "jinja2"),
        (["miniature", "study", "--into", "NEW"], "lightning_fabric"),
        (["miniature", "reproduction", "--into", "NEW"], "jinja2"),
    ],
)
def test_a_missing_extra_is_told_before_the_work(
    words: list[str], package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    assert main(words) == 1
    assert f"the package '{package}' is not installed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

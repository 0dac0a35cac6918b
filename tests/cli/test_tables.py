"""Tables that are wider than the terminal."""

from __future__ import annotations

from hdvila.cli.tables import fitting

TABLE = """\
| Method | R@1 | R@5 | V2T R@1 | Source or setting |
| --- | ---: | ---: | ---: | --- |
| ours \\| mine | 44.1 [40.0, 48.2] | 70.0 [66.1, 73.9] | 43.0 [38.9, 47.1] |  |
| HD-VILA | 35.6 | 65.3 |  | HD-VILA v2, Table 3; trained on 9,000 videos |
| chance | 0.10 |  |  |  |""".splitlines()


def test_a_table_that_fits_or_holds_words_stays_whole() -> None:
    assert fitting(TABLE, 200) == ["\n".join(TABLE)]
    words = [line.replace("---:", "---") for line in TABLE]
    assert fitting(words, 40) == ["\n".join(words)]


def test_a_wide_table_comes_in_parts_with_the_rows_that_say_something() -> None:
    first, second = fitting(TABLE, 90)
    assert first.splitlines() == [
        "| Method | R@1 | Source or setting |",
        "| --- | ---: | --- |",
        "| ours \\| mine | 44.1 [40.0, 48.2] |  |",
        "| HD-VILA | 35.6 | HD-VILA v2, Table 3; trained on 9,000 videos |",
        "| chance | 0.10 |  |",
    ]
    assert second.splitlines() == [
        "| Method | R@5 | V2T R@1 |",
        "| --- | ---: | ---: |",
        "| ours \\| mine | 70.0 [66.1, 73.9] | 43.0 [38.9, 47.1] |",
        "| HD-VILA | 65.3 |  |",
    ]

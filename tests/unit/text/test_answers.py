"""A vocabulary of answers: whose rows, in which order, and which files are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.errors import UsageError
from hdvila.text.answers import AnswerVocabulary


@given(st.lists(st.text(), min_size=1), st.integers(1, 5))
def test_the_most_frequent_answers_come_first_and_the_alphabet_decides(given: list[str], count: int) -> None:
    words = AnswerVocabulary.most_frequent(given, count).words
    assert len(words) == min(count, len(set(given)))
    order = [(-given.count(word), word) for word in words]
    assert order == sorted(order)
    assert max((given.count(word) for word in set(given) - set(words)), default=0) <= given.count(words[-1])
    assert AnswerVocabulary.most_frequent(reversed(given), count).words == words


@given(st.lists(st.text(), min_size=1, unique=True))
def test_it_is_read_as_it_was_saved(words: list[str]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        AnswerVocabulary(tuple(words)).save(Path(folder))
        assert AnswerVocabulary.load(folder).words == tuple(words)


def test_rows_decide_the_order(tmp_path: Path) -> None:
    (tmp_path / "ans2label.json").write_text(json.dumps({"dog": 1, "cat": 0}))
    answers = AnswerVocabulary.load(tmp_path / "ans2label.json")
    assert (answers.words, answers.rows["dog"], len(answers)) == (("cat", "dog"), 1, 2)


@pytest.mark.parametrize("content", ["[1]", '{"a": 1}', '{"a": 0, "b": 0}', '{"a": "0"}', "{}", "no json"])
def test_what_is_no_vocabulary_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text(content)
    with pytest.raises(UsageError, match=r"JSON|vocabulary"):
        AnswerVocabulary.load(tmp_path)


def test_an_answer_has_one_row() -> None:
    with pytest.raises(UsageError, match="'a' occurs 2 times"):
        AnswerVocabulary(("a", "b", "a"))
    with pytest.raises(UsageError, match="no such file"):
        AnswerVocabulary.load("nowhere.json")

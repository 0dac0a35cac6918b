"""The vocabulary beside a stranger's questions: taken if it alone has all that was answered."""

from __future__ import annotations

from pathlib import Path

from hdvila.evaluate.predictions import find_vocabulary


def test_the_vocabulary_beside_an_annotation_file(tmp_path: Path) -> None:
    questions = tmp_path / "val.jsonl"
    assert find_vocabulary(questions, {"accept"}) == (None, [])
    vocabulary = tmp_path / "train_ans2label.json"
    vocabulary.write_text('{"accept": 0, "question": 1}')
    (tmp_path / "a_ans2label.json").mkdir()
    words, notes = find_vocabulary(questions, {"accept"})
    assert words == ("accept", "question")
    assert notes[0].startswith("train_ans2label.json, which lies beside the questions, is taken")
    words, notes = find_vocabulary(questions, {"accept", "refuse"})
    assert words is None
    assert notes[0].endswith("none of train_ans2label.json has all their answers")
    (tmp_path / "second_ans2label.json").write_text('{"accept": 0}')
    words, notes = find_vocabulary(questions, {"accept"})
    assert words is None
    assert notes[0].endswith("several of second_ans2label.json, train_ans2label.json have all their answers")
    for content in ("[1]", "{}", '{"a": "b"}'):
        vocabulary.write_text(content)
        words, notes = find_vocabulary(questions, {"accept"})
        assert words == ("accept",)  # of the other file
        assert "not taken for a vocabulary" in notes[0]
        assert "train_ans2label.json: is not an answer vocabulary" in notes[0]

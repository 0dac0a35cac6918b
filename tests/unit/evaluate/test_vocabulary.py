"""The vocabulary beside a stranger's questions: taken if it alone has all that was answered."""

from __future__ import annotations

from pathlib import Path

from hdvila.evaluate.vocabulary import vocabulary_beside


def test_the_vocabulary_beside_an_annotation_file(tmp_path: Path) -> None:
    questions = tmp_path / "val.jsonl"
    assert vocabulary_beside(questions, {"accept"}) == (None, [])
    vocabulary = tmp_path / "train_ans2label.json"
    vocabulary.write_text('{"accept": 0, "question": 1}')
    (tmp_path / "a_ans2label.json").mkdir()
    words, notes = vocabulary_beside(questions, {"accept"})
    assert words == ("accept", "question")
    assert notes[0].startswith("train_ans2label.json, which stands beside the questions, is taken")
    words, notes = vocabulary_beside(questions, {"accept", "refuse"})
    assert words is None
    assert notes[0].endswith("of train_ans2label.json they answer with words that it lacks")
    (tmp_path / "second_ans2label.json").write_text('{"accept": 0}')
    words, notes = vocabulary_beside(questions, {"accept"})
    assert words is None
    assert notes[0].endswith("of second_ans2label.json, train_ans2label.json several have all that is answered")
    for content in ("[1]", "{}", '{"a": "b"}'):
        vocabulary.write_text(content)
        words, notes = vocabulary_beside(questions, {"accept"})
        assert words == ("accept",)  # of the other file
        assert "not taken for a vocabulary" in notes[0]
        assert "train_ans2label.json: is not a vocabulary" in notes[0]

"""The JSON lines of the official HD-VILA code (its own form, whichever the benchmark).

| task | keys |
|---|---|
| retrieval | clip_id, text (a string, or a list of captions), num_frame (where frames are stored as pictures) |
| open questions | question, answer (a word), gif_name or video_id, answer_type |
| multiple choice | question, answer (a number from 0), gif_name or video_id, options (5) |
| multiple choice of captions | qid, clip_name, options (5), answer |

Where `text` is a list the official code draws one caption at random, in evaluation too; here each of them is a query.
"""

from __future__ import annotations

from pathlib import Path

from hdvila.annotations.gather import counted, gather
from hdvila.annotations.recognise import refuse, refuse_other_ids
from hdvila.annotations.records import Annotations, Caption, Part, Question
from hdvila.annotations.tables import Row, fields_of, read_rows

__all__ = ["choice_of", "read_questions", "read_retrieval"]

_VIDEO = ("gif_name", "video_id", "clip_name")


def read_retrieval(path: Path, own: str) -> Annotations:
    """Captions and their videos. `clip_id` may be a path, whose last part names the video, as in the official code.

    All data sets share this form; `own` is the one wanted, and a list whose videos are called as in another is refused.
    A query's id is the number of its line from 0; of several captions on a line the later ones have ``/1``, ``/2``.

    Raises:
        UsageError: another file, or a broken line.
    """
    if not {"clip_id", "text"} <= fields_of(path):
        raise refuse(path, "a retrieval jsonl with clip_id and text")
    captions, lists = [], 0
    for number, row in enumerate(read_rows(path)):
        video_id = row.text("clip_id").rsplit("/", 1)[-1]
        texts = row.get("text")
        lists += isinstance(texts, list)
        for place, text in enumerate(texts if isinstance(texts, list) else [texts]):
            one = Row(row.where, {"text": text})
            captions.append(Caption(f"{number}/{place}" if place else str(number), video_id, one.text("text")))
    refuse_other_ids(path, (caption.video_id for caption in captions), own)
    note = counted(lists, "line has a list of captions, each a query", "lines have a list of captions, each a query")
    return gather(path, (Part(caption.video_id) for caption in captions), captions, notes=[note])


def read_questions(path: Path) -> Annotations:
    """Questions, open or with options. The id is `qid`, or the number of the line from 0.

    Raises:
        UsageError: another file, or a broken line.
    """
    names = fields_of(path)
    if "answer" not in names or not names & {"question", "options"} or not names & set(_VIDEO):
        raise refuse(path, "a jsonl of questions and answers")
    questions = [_question(number, row) for number, row in enumerate(read_rows(path))]
    return gather(path, (Part(question.video_id) for question in questions), questions=questions)


def _question(number: int, row: Row) -> Question:
    video = next((name for name in _VIDEO if name in row.values), _VIDEO[0])
    question = row.text("question") if "question" in row.values else ""
    options: tuple[str, ...] = ()
    answer: int | str = ""
    if "options" in row.values:
        options = options_of(row)
        answer = choice_of(row, options)
    else:
        answer = row.text("answer")
    return Question(
        question_id=row.text("qid") if "qid" in row.values else str(number),
        video_id=row.text(video),
        question=question,
        answer=answer,
        options=options,
        kind=row.text("answer_type") if "answer_type" in row.values else "",
    )


def options_of(row: Row) -> tuple[str, ...]:
    """The field `options` of a record: at least two texts."""
    options = row.get("options")
    if not isinstance(options, list) or len(options) < 2:
        raise row.refuse(f"'options' is {options!r:.60}, where a list of texts must stand")
    return tuple(Row(row.where, {"option": option}).text("option") for option in options)


def choice_of(row: Row, options: tuple[str, ...]) -> int:
    """The field `answer` of a record: the number of one of its options."""
    answer = int(row.number("answer", int))
    if not 0 <= answer < len(options):
        raise row.refuse(f"the answer is {answer}, but the options are numbered 0..{len(options) - 1}")
    return answer

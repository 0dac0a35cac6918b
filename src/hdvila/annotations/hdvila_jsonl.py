"""JSON lines as the official codes of HD-VILA and ClipBERT have them, the same for every benchmark.

| task | keys |
|---|---|
| retrieval (HD-VILA) | clip_id, text (a string, or a list of captions), num_frame (where frames are stored as images) |
| retrieval (ClipBERT) | clip_name, caption, sen_id; a paragraph's sentences are joined |
| open questions | question, answer (a word), gif_name or video_id, answer_type |
| multiple choice | question, answer (a number from 0), gif_name or video_id, options (5) |
| multiple choice of captions | qid, clip_name, options (5), answer |

Ids that are not there are the number of the line. Where `text` is a list, HD-VILA's code draws one caption at
random, also in evaluation; here each caption is a query.
"""

from __future__ import annotations

from pathlib import Path

from hdvila.annotations.detect_format import check_video_ids, wrong_file
from hdvila.annotations.entries import Entry, fields_of, read_entries
from hdvila.annotations.merge import count_note, merge
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Question

__all__ = ["choice_of", "read_questions", "read_retrieval"]

_RETRIEVAL = (("clip_id", "text"), ("clip_name", "caption"))
_VIDEO = ("gif_name", "video_id", "clip_name")


def read_retrieval(path: Path, own: str) -> Annotations:
    """Read captions and their videos.

    The video may be a path whose last part names it, as in HD-VILA's code. A query's id is the
    number of its line from 0; the ids of further captions on the same line end in ``/1``, ``/2``.

    Args:
        path: the file.
        own: the data set that it must belong to; data sets differ only in how they name their videos.

    Raises:
        UsageError: another file, the videos of another data set, or a broken line.
    """
    names = fields_of(path)
    video, words = next((keys for keys in _RETRIEVAL if names >= {*keys}), ("", ""))
    if not video:
        raise wrong_file(path, "a retrieval jsonl with clip_id and text, or clip_name and caption")
    captions, lists = [], 0
    for number, entry in enumerate(read_entries(path)):
        video_id = entry.text(video).rsplit("/", 1)[-1]
        texts = entry.get(words)
        lists += isinstance(texts, list)
        for place, text in enumerate(texts if isinstance(texts, list) else [texts]):
            one = Entry(entry.where, {words: text})
            captions.append(Caption(f"{number}/{place}" if place else str(number), video_id, one.text(words)))
    check_video_ids(path, (caption.video_id for caption in captions), own)
    note = count_note(lists, "line has a list of captions, each a query", "lines have a list of captions, each a query")
    return merge(path, (BenchmarkVideo(caption.video_id) for caption in captions), captions, notes=[note])


def read_questions(path: Path) -> Annotations:
    """Read questions, open or with options. The id is `qid`, or the number of the line from 0.

    Raises:
        UsageError: another file, or a broken line.
    """
    names = fields_of(path)
    if "answer" not in names or not names & {"question", "options"} or not names & set(_VIDEO):
        raise wrong_file(path, "a jsonl of questions and answers")
    questions = [_question(number, entry) for number, entry in enumerate(read_entries(path))]
    return merge(path, (BenchmarkVideo(question.video_id) for question in questions), questions=questions)


def _question(number: int, entry: Entry) -> Question:
    video = next((name for name in _VIDEO if name in entry.values), _VIDEO[0])
    question = entry.text("question") if "question" in entry.values else ""
    options: tuple[str, ...] = ()
    answer: int | str = ""
    if "options" in entry.values:
        options = _options_of(entry)
        answer = choice_of(entry, options)
    else:
        answer = entry.text("answer")
    return Question(
        question_id=entry.text("qid") if "qid" in entry.values else str(number),
        video_id=entry.text(video),
        question=question,
        answer=answer,
        options=options,
        kind=entry.text("answer_type") if "answer_type" in entry.values else "",
    )


def _options_of(entry: Entry) -> tuple[str, ...]:
    """The field `options` of an entry: at least two texts."""
    options = entry.get("options")
    if not isinstance(options, list) or len(options) < 2:
        raise entry.error(f"'options' is {options!r:.60}, but must be a list of texts")
    return tuple(Entry(entry.where, {"option": option}).text("option") for option in options)


def choice_of(entry: Entry, options: tuple[str, ...]) -> int:
    """The field `answer` of an entry: the number of one of its options, from 0."""
    answer = int(entry.number("answer", int))
    if not 0 <= answer < len(options):
        raise entry.error(f"the answer is {answer}, but the options are numbered 0..{len(options) - 1}")
    return answer

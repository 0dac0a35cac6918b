"""MSRVTT-MC (Yu et al. 2018, JSFusion): which of five captions is the video's own?

What is known: 2,990 questions, one for each test video of MSR-VTT; one caption of the video and four drawn at random
from those of other test videos. What is not: which of the 20 captions is the right one, and the draws. So a file that
is built here is the same test by rule and size, and another by its options: numbers on it are near, but not equal, to
those on the file that the papers used. Such annotations are `built`, and a record of them says so in every table.

The file itself is JSON lines: clip_name, options (5), answer (from 0), and qid or none.
"""

from __future__ import annotations

import random
from pathlib import Path

from hdvila.annotations import official
from hdvila.annotations.msrvtt import read_full
from hdvila.annotations.recognise import refuse, refuse_other_ids
from hdvila.annotations.records import Annotations, Question, Split
from hdvila.annotations.tables import fields_of, form
from hdvila.errors import UsageError

__all__ = ["build_multiple_choice", "read"]

OPTIONS = 5


def read(path: Path, split: Split) -> Annotations:
    """The questions of a file, or, from MSR-VTT's own json, questions built by the rule with seed 0.

    Raises:
        UsageError: another file, or a broken record.
    """
    names = fields_of(path)
    if form(path) == ".json" and {"videos", "sentences"} <= names:
        return build_multiple_choice(read_full(path, split))
    if not {"clip_name", "options", "answer"} <= names:
        raise refuse(path, "MSRVTT-MC")
    found = official.read_questions(path)
    refuse_other_ids(path, (part.video_id for part in found.videos), "MSR-VTT")
    return found


def build_multiple_choice(annotations: Annotations, seed: int = 0) -> Annotations:
    """One question a video: a caption of it and four of other videos, all drawn, in drawn order.

    The four are of four different videos, and none reads like a caption of the video asked about. The draws of a video
    depend on the seed and the annotations only.

    Raises:
        UsageError: captions of fewer than five videos, or too few that differ.
    """
    said: dict[str, list[str]] = {}
    for caption in annotations.captions:
        said.setdefault(caption.video_id, []).append(caption.text)
    videos = list(said)
    if len(videos) < OPTIONS:
        raise UsageError(f"multiple choice needs captions of {OPTIONS} videos or more, and there are {len(videos)}")
    questions = []
    for number, video_id in enumerate(videos):
        draw = random.Random(f"{seed}/{video_id}")
        right = draw.choice(said[video_id])
        wrong: dict[str, str] = {}
        for other in draw.sample(videos, len(videos)):
            text = draw.choice(said[other])
            if other != video_id and text not in said[video_id] and text not in wrong.values():
                wrong[other] = text
            if len(wrong) == OPTIONS - 1:
                break
        else:
            raise UsageError(f"video {video_id}: too few captions of other videos differ from its own to choose among")
        answer = draw.randrange(OPTIONS)
        options = list(wrong.values())
        options.insert(answer, right)
        questions.append(Question(str(number), video_id, "", answer, tuple(options)))
    note = f"{len(questions):,} questions were built from captions by rule, with seed {seed}: not the papers' draws"
    return Annotations(annotations.videos, (), tuple(questions), (*annotations.notes, note), built=True)

"""Records of annotations refuse what cannot be meant, by the id that has it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hdvila.annotations.merge import select_videos
from hdvila.annotations.records import Annotations, BenchmarkVideo, MomentQuery, Question, Subtitles
from hdvila.errors import UsageError
from hdvila.types import Cue

VQA = (("two", 1.0), ("2", 0.6), ("several", 0.3))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BenchmarkVideo("a", start=3.0, end=3.0), "video 'a': starts at 3 s and ends at 3 s"),
        (lambda: BenchmarkVideo("a", duration=float("nan")), "video 'a': the duration is nan s"),
        (lambda: BenchmarkVideo("a", media="image", end=2.0), "image 'a': .* an image has no times"),
        (lambda: MomentQuery("q", "a kiss", "v", ((0, 2), (4, 3))), "query 'q': the span 4 to 3 s"),
        (lambda: MomentQuery("q", "a kiss", "v", ((0, float("inf")),)), "query 'q': the span 0 to inf s"),
        (lambda: MomentQuery("q", "a kiss", spans=((0, 2),)), "query 'q': has spans, but no video"),
        (lambda: Subtitles("v", (Cue("Hello.", -1, 2),)), "subtitles of 'v': 'Hello.' is timed -1 to 2 s"),
        (lambda: Question("q", "v", "how many?", 0, ("a", "b"), soft_answers=(("a", 1.0),)), "options"),
        (lambda: Question("q", "v", "how many?", "two", soft_answers=(*VQA, ("two", 0.3))), "more than once"),
        (lambda: Question("q", "v", "how many?", "two", soft_answers=(("two", 1.5),)), "the soft answer 'two' 1.5"),
        (lambda: Question("q", "v", "how many?", "2", soft_answers=VQA), "the answer '2', which is not the soft"),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make()


def test_one_split_holds_images_soft_answers_and_subtitles() -> None:
    image = BenchmarkVideo("coco_9", "COCO_val2014_000000000009", media="image")
    clip = BenchmarkVideo("clip", duration=8.5)
    question = Question("q", "coco_9", "how many?", "two", soft_answers=VQA)
    subtitles = Subtitles("clip", (Cue("Ross : Hi.", 0.5, 1.25), Cue("Hello.", 1.0, 2.0)))
    whole = Annotations((image, clip), questions=(question,), subtitles=(subtitles,))
    images, videos = select_videos(whole, ["coco_9"]), select_videos(whole, ["clip"])
    assert (images.videos, images.questions, images.subtitles) == ((image,), (question,), ())
    assert (videos.videos, videos.questions, videos.subtitles) == ((clip,), (), (subtitles,))
    assert image.stem == "COCO_val2014_000000000009"

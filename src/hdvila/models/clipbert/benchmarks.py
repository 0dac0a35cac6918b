"""How ClipBERT is shown each benchmark: as its paper has it, and as its released configurations have it.

``test`` is the paper's: 16 uniform clips. ``official`` is what the released code does unless told otherwise: one clip.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hdvila.errors import UsageError
from hdvila.media import FrameStream
from hdvila.models.clipbert.inputs import SparseClips
from hdvila.models.clipbert.sampling import Position
from hdvila.models.shown import Sampling, Shown

__all__ = ["SHOWN", "fit", "streams_of", "unsaid"]

_TEST_CLIPS = 16

_RATE = (
    "The official code reads video files at their own rate and finds the two frames of a second 0.97 s apart; in a "
    "store of 6 frames a second they are 0.83 s apart."
)
_SHRUNK = "Frames of a prepared store were shrunk with antialiasing; the official code shrinks the original without it."
_THIRD = (
    "A single test clip is in the middle of the video in the paper; in the official code it starts a third in "
    "(--sampling official)."
)
_FIRST = (
    "A single test clip is in the middle of the video in the paper; in the official code it is the very start "
    "(--sampling official)."
)
_GPUS = "The paper trains on 8 GPUs; the commands of the release use 4 with the same learning rate, so half the batch."
_PARAGRAPHS = "All sentences of a video are one text, which is cut at 100 tokens."
_SCORES = "The official code rounds scores to four decimals before it ranks, so equal scores come in any order."
_MEAN = (
    "The paper combines clips by LogSumExp unless it says otherwise; the configuration of this task names nothing, "
    "and the official code then takes the mean, as the recipe that ends in -official does."
)
_GIF_SIZE = "Frames: 448 pixels in the paper, 768 in the configuration."
_GIF_SCHEDULE = "{epochs}, 32 a GPU, learning rate 1e-4 in the paper; 15 epochs, 16 a GPU, 5e-5 in the configuration."
_TAKEN_OVER = (
    "ClipBERT prints no number on this split; its settings on 7,000 videos are taken over, with what is said of them."
)


def _shown(
    train: SparseClips,
    text_length: int,
    *differences: str,
    position: Position,
    test_clips: int = _TEST_CLIPS,
    official_size: int | None = None,
    consensus: str = "logsumexp",
) -> Shown:
    """`test_clips` of the frames that training sees, and the official code's single clip."""
    one = replace(train, clips=1, position=position, size=official_size or train.size)
    return Shown(
        train,
        replace(train, clips=test_clips),
        text_length,
        consensus,
        official=one,
        differences=differences,
    )


def _gifs(*differences: str, consensus: str = "logsumexp") -> Shown:
    """One frame in training, 16 in the test."""
    train = SparseClips()
    about = (_GIF_SIZE, *differences, _FIRST, _SHRUNK)
    return _shown(train, 25, *about, position="first", official_size=768, consensus=consensus)


_8x2 = SparseClips(clips=8, frames=2)
_MSRVTT = _shown(_8x2, 20, _THIRD, _SCORES, _GPUS, _RATE, _SHRUNK, position="third")

SHOWN: dict[str, Shown] = {
    "msrvtt-1ka-7k": _MSRVTT,
    "msrvtt-1ka": replace(_MSRVTT, differences=(_TAKEN_OVER, *_MSRVTT.differences)),
    "msrvtt-full": replace(_MSRVTT, differences=(_TAKEN_OVER, *_MSRVTT.differences)),
    "didemo": _shown(_8x2, 100, _PARAGRAPHS, _THIRD, _SCORES, _GPUS, _RATE, _SHRUNK, position="third"),
    "activitynet-val1": _shown(
        SparseClips(clips=4, frames=2, seconds=2.0),
        100,
        "The paper says how many seconds a test sees, 40, so 20 clips of 2 s; all else is tested with 16 clips.",
        _PARAGRAPHS,
        _THIRD,
        _SCORES,
        _GPUS,
        _SHRUNK,
        position="third",
        test_clips=20,
    ),
    "msrvtt-qa": _shown(
        _8x2,
        100,
        _FIRST,
        "Vocabulary: 1,500 answers; an answer of the test outside them is wrong, in the official code too.",
        "Several processes of the official code count a few questions twice, to fill their last batch.",
        _RATE,
        _SHRUNK,
        position="first",
    ),
    "msrvtt-mc": replace(
        _MSRVTT,
        differences=(
            "A retrieval model answers without further training: train on msrvtt-1ka-7k or msrvtt-full, whose training "
            "videos are none of this test.",
            *_MSRVTT.differences,
        ),
    ),
    "tgif-action": _gifs(_GIF_SCHEDULE.format(epochs="55 epochs"), _MEAN),
    "tgif-transition": _gifs(_GIF_SCHEDULE.format(epochs="15 epochs"), _MEAN),
    "tgif-frameqa": _gifs(
        _GIF_SCHEDULE.format(epochs="15 epochs"),
        "Users of the released code report accuracies of 56 to 59; the paper has 60.3 with 16 test clips.",
        _MEAN,
    ),
    "tgif-count": _gifs(
        "ClipBERT prints no number on it, and its code has the head for it but no data or configuration; the settings "
        "are those of tgif-action, but the numbers of clips are averaged.",
        consensus="mean",
    ),
    "vqa2": Shown(
        SparseClips(size=768),
        SparseClips(size=768),
        text_length=20,
        differences=(
            "13 epochs, learning rate 5e-5 in the paper; 5 epochs, 1e-4 in the configuration.",
            "The published number is of more data (see the protocol's own differences). The recipes learn from the "
            "training split alone, one question an example, where the released code groups two of an image.",
        ),
    ),
}
"""By the name of a protocol."""


def fit(
    own: SparseClips | None, shown: Shown, sampling: Sampling, *, protocol: str, released_store: str, fine_tuned: bool
) -> SparseClips:
    """The inputs with which a model is evaluated on a benchmark (`hdvila.models.system.System.fit`).

    A fine-tuned model samples as in its own validation. Another model keeps its size, T and clip length and takes the
    benchmark's N_test; a checkpoint file without inputs takes all from the benchmark. ``official`` gives any model the
    official code's single clip.

    Raises:
        UsageError: the benchmark has no such settings, or the store holds frames that no ClipBERT saw.
    """
    if released_store:
        raise UsageError(
            f"--store {released_store} holds frames as another system's released code prepares them, squeezed and "
            "small; ClipBERT reads whole ones: leave --store out"
        )
    if sampling == "zero-shot":
        raise UsageError(f"ClipBERT has no zero-shot settings of its own for {protocol}: leave --sampling out")
    asked = shown.test if sampling == "standard" else shown.official
    if not isinstance(asked, SparseClips):
        raise UsageError(f"ClipBERT has no {sampling} settings for {protocol}: leave --sampling out")
    if own is None:
        return asked
    if sampling == "official":
        return replace(own, clips=asked.clips, position=asked.position)
    return own if fine_tuned else replace(own, clips=asked.clips)


def unsaid(protocol: str, sampling: Sampling) -> str:
    """A warning about a checkpoint file without inputs, if paper and released configuration show it other frames."""
    shown = SHOWN.get(protocol)
    if sampling != "standard" or shown is None:
        return ""
    size, other = (one.size for one in (shown.test, shown.official or shown.test) if isinstance(one, SparseClips))
    if size == other:
        return ""
    return (
        f"the checkpoint does not say on frames of which size it was trained: it is shown {size} pixels, as the paper "
        f"has it for {protocol}; the released configuration has {other} (--sampling official)"
    )


def streams_of(looks: Iterable[SparseClips]) -> dict[str, FrameStream]:
    """What a store must hold for all these inputs, by stream.

    The rate is that of the inputs with the most frames a second, at least `hdvila.models.clipbert.inputs.STORED_FPS`.
    With these lines the longer side of a frame of 4:3 or wider has L pixels or more. Only frames nearer to a square are
    enlarged, and those of videos that are smaller themselves.
    """
    streams: dict[str, FrameStream] = {}
    for one in looks:
        known = streams.get(one.stream, FrameStream(one.stored_fps, one.stored_lines))
        streams[one.stream] = FrameStream(max(known.fps, one.stored_fps), max(known.lines, one.stored_lines))
    return streams

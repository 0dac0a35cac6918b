"""How HD-VILA is shown each benchmark: as its paper has it, and as its released configurations have it.

A store for a benchmark has LR frames at 6 a second, the rate to which the official code brings its videos, and HR
frames at every third of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hdvila.errors import UsageError
from hdvila.media import FrameStream
from hdvila.media.view import ZOOM
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import RATIO
from hdvila.models.shown import Sampling, Shown

__all__ = ["SHOWN", "fit", "streams_of", "unsaid"]

FPS, HR_EVERY = 6.0, 3
FEWEST_LINES = 720
"""HR of a store has them, if its videos have."""
FLIP = 1 / 3
"""How often the official code mirrors a clip in training, where it reads video files."""

_CROPPED = (
    "Pictures are cut to the window: of 1280x720 71 % of the area is seen, of 320x240 66 % (74 % of the height); the "
    "official code squeezes any picture to the window's shape first and sees 79 %."
)
_TOO_FEW_PIXELS = (
    "The official code shrinks these videos to 180p by nearest neighbour and enlarges the middle frame four times; "
    "a prepared store has real high-resolution frames (hdvila prepare --official makes theirs)."
)
_DUMPED = (
    "The official code reads dumped frames of this benchmark: HR of 1152x720 is real there too, and training shows "
    "nothing mirrored."
)
_LOSS = (
    "Fine-tuning: temperature .08 (the paper gives it for DiDeMo, LSMDC and ActivityNet), where pre-training has .05. "
    "The official code takes the sum of both directions, and in pre-training their mean."
)
_BEST_KEPT, _LAST_KEPT = (
    f"Which checkpoint: in the paper {paper} (v1, section 5.3); in the official code the best on the test itself."
    for paper in ("the best on the validation split", "the last, for there is no validation split")
)
_GIFS = (
    "GIFs become videos of their own rate in the official code; a store here has 6 frames a second.",
    "Pictures are seen whole, the longer side at 192 (LR), the rest grey at right and below, as in the official code.",
)
_DECAY = "Weight decay: .05 in the paper, .1 in the configuration."
_TAKEN_OVER = (
    "HD-VILA prints no number on this split; its settings on 9,000 videos are taken over, with what is said of them."
)


def _wide(segments: int, frames: int, rate: int, flip: float = 0.0) -> Preprocess:
    """Segments of `frames` frames (the middle one in HR), `rate` frames of 1/6 s apart; HR 640x1024, LR 160x256."""
    return Preprocess(640, 1024, segments, frames // 2, rate, FPS, HR_EVERY, flip=flip)


def _square(segments: int, frames: int, rate: int, flip: float = 0.0) -> Preprocess:
    """The same for TGIF: HR 768x768, LR 192x192, frames whole and padded."""
    return Preprocess(768, 768, segments, frames // 2, rate, FPS, HR_EVERY, fit="pad", flip=flip)


_MSRVTT = Shown(
    train=_wide(2, 11, 4, FLIP),
    test=_wide(4, 11, 4),
    zero_shot=Preprocess(896, 1280, segments=4, neighbours=5, rate=4, fps=FPS, hr_every=1, enlarged=True),
    official=_wide(4, 7, 4),
    differences=(
        "Frames a segment: 11 in the paper, 7 in the official configuration.",
        "Learning rate: 1e-5 in the paper; half of it for the hybrid transformer in the official configuration.",
        _CROPPED,
        _TOO_FEW_PIXELS,
        _LOSS,
        _LAST_KEPT,
        "Zero-shot in the paper: 4 segments of 11 frames, LR of 224x320, HR the LR picture enlarged four times, and "
        "stop words removed as MIL-NCE does, by the Glasgow Information Retrieval Group's list; in no official "
        "configuration. How far apart the frames of a segment are is not told: here as in fine-tuning.",
    ),
)
_CHOICE = Shown(train=_square(1, 7, 4, FLIP), test=_square(8, 7, 4), text_length=30)
_OPEN = Shown(train=_wide(1, 7, 4, FLIP), test=_wide(8, 7, 4), text_length=100, consensus="logsumexp")

SHOWN: dict[str, Shown] = {
    "msrvtt-1ka": _MSRVTT,
    "msrvtt-1ka-7k": replace(_MSRVTT, differences=(_TAKEN_OVER, *_MSRVTT.differences)),
    "msrvtt-full": replace(
        _MSRVTT, differences=(_TAKEN_OVER, *(one for one in _MSRVTT.differences if one != _LAST_KEPT))
    ),
    "didemo": Shown(
        train=_wide(4, 11, 2),
        test=_wide(8, 11, 2),
        differences=(
            "Paragraphs are longer than 50 tokens in part and are cut there, in the official code too.",
            _CROPPED,
            _DUMPED,
            _LOSS,
            _BEST_KEPT,
        ),
    ),
    "lsmdc": Shown(train=_wide(2, 11, 3), test=_wide(4, 11, 3), differences=(_CROPPED, _DUMPED, _LOSS, _BEST_KEPT)),
    "activitynet-val1": Shown(
        train=_wide(4, 13, 4),
        test=_wide(8, 13, 4),
        differences=(
            "Paragraphs are longer than 50 tokens in most videos and are cut there, in the official code too.",
            _CROPPED,
            _DUMPED,
            _LOSS,
            _LAST_KEPT,
        ),
    ),
    "youcook2": Shown(
        train=_wide(2, 11, 4, FLIP),
        test=_wide(4, 11, 4),
        differences=(
            "HD-VILA prints numbers on it (Table 12) but no settings, and its code has no configuration; "
            "segments and frames are those of MSR-VTT.",
            _CROPPED,
        ),
    ),
    "msrvtt-qa": replace(
        _OPEN,
        differences=(
            _CROPPED,
            _TOO_FEW_PIXELS,
            "Vocabulary: the 1,500 most frequent answers of training and validation in the paper; the official code "
            "reads it from a file (data.benchmark.answers).",
            "Several processes of the official code count the samples twice that fill their last batch.",
        ),
    ),
    "msvd-qa": replace(
        _OPEN, differences=("HD-VILA prints no number on it; the settings are those of MSRVTT-QA.", _CROPPED)
    ),
    "msrvtt-mc": Shown(
        train=_wide(2, 11, 4, FLIP),
        test=_wide(4, 11, 4),
        official=_wide(4, 7, 4),
        differences=(
            "The official code takes a retrieval checkpoint, and its retrieval list of 9,000 videos holds 1,990 of the "
            "2,990 test videos; train on msrvtt-1ka-7k or msrvtt-full to keep them apart.",
            _CROPPED,
            _TOO_FEW_PIXELS,
            "Frames a segment are those of the retrieval model: 11 in the paper, 7 in the official configuration.",
        ),
    ),
    "tgif-action": replace(_CHOICE, differences=(_DECAY, *_GIFS)),
    "tgif-transition": replace(
        _CHOICE,
        differences=(
            _DECAY,
            "Dropout: .3 in the paper; the configuration's value is never read, so .1.",
            *_GIFS,
        ),
    ),
    "tgif-frameqa": Shown(
        train=_square(1, 11, 4, FLIP),
        test=_square(8, 11, 4),
        text_length=30,
        official=_square(8, 7, 4),
        differences=("LR frames: 10 in the paper, 6 in the configuration.", *_GIFS),
    ),
    "tgif-count": replace(
        _CHOICE,
        differences=(
            "HD-VILA prints no number on it and its code has no configuration; the settings are those of tgif-action.",
            *_GIFS,
        ),
    ),
}
"""By the name of a protocol."""

_LACKED = {
    "zero-shot": "zero-shot setting",
    "official": "setting of the released code that differs from its own, or none",
}


def fit(
    own: Preprocess | None, shown: Shown, sampling: Sampling, *, protocol: str, released_store: str, fine_tuned: bool
) -> Preprocess:
    """How a model looks at a benchmark's clips.

    A fine-tuned model looks as it did in its own validation. Another model of ours keeps its frame sizes and the time
    between its frames and takes the benchmark's segments; a checkpoint file takes all from the benchmark.

    Raises:
        UsageError: the benchmark has no such sampling, or store or model are not for it.
    """
    asked: Any = {"standard": shown.test, "zero-shot": shown.zero_shot, "official": shown.official}[sampling]
    if asked is None:
        raise UsageError(f"{protocol} has no {_LACKED[sampling]} of its own: leave --sampling out")
    plain: Any = shown.test
    if sampling == "official" and own is not None:
        raise UsageError(
            f"the model says itself how many frames it looks at ({2 * own.neighbours + 1} a segment), and "
            "--sampling official is for checkpoint files that do not: leave it out"
        )
    if sampling == "zero-shot" and released_store:
        raise UsageError(
            f"--store {released_store} holds the released code's pictures, of which the model sees 160x256 (LR); the "
            f"paper's zero-shot setting asks for {asked.height // RATIO}x{asked.width // RATIO}, is in none of that "
            "code's configurations, and would have these enlarged: leave --sampling or --store out"
        )
    if fine_tuned and sampling == "zero-shot":
        raise UsageError(
            "the model was fine-tuned on a benchmark, so no number of it is zero-shot: leave --sampling out, or take "
            "the model that the fine-tuning began with"
        )
    if own is None:
        found: Preprocess = asked
        return found
    if fine_tuned:
        return own
    if sampling != "zero-shot":
        return replace(own, segments=asked.segments)
    if (own.height, own.width) == (plain.height, plain.width):  # the paper's larger pictures for its own
        larger: Preprocess = replace(asked, streams=own.streams)
        return larger
    several = asked.neighbours if own.reads_low else own.neighbours
    return replace(own, segments=asked.segments, neighbours=several, enlarged=asked.enlarged, hr_every=asked.hr_every)


def unsaid(protocol: str, sampling: Sampling) -> str:
    """Of a checkpoint file that was trained on one of two numbers of frames and does not say on which; or nothing."""
    shown = SHOWN.get(protocol)
    if sampling != "standard" or shown is None or shown.official is None:
        return ""
    assert isinstance(shown.test, Preprocess)
    assert isinstance(shown.official, Preprocess)
    count, other = (2 * one.neighbours + 1 for one in (shown.test, shown.official))
    return (
        f"the checkpoint does not say on how many frames a segment it was trained: it is shown {count}, as the paper "
        f"has it for {protocol}; the released configuration has {other} (--sampling official)"
    )


def streams_of(looks: Iterable[Preprocess]) -> dict[str, FrameStream]:
    """A store that can be looked at in all these ways: with the lines of the largest window, and the part around it.

    It has at least 720 lines, so that nothing that is there is thrown away for a small model.

    Raises:
        UsageError: their rates differ.
    """
    chosen = list(looks)
    rates = {(one.fps, one.hr_every) for one in chosen if not one.enlarged}  # such a one reads no HR
    if len(rates) != 1 or len({one.fps for one in chosen}) != 1:
        every = sorted({(one.fps, one.hr_every) for one in chosen})
        raise UsageError(f"settings of different rates (fps, hr_every) {every} cannot read one store")
    ((fps, hr_every),) = rates
    lines = max(math.ceil(one.height * (ZOOM if one.fit == "crop" else 1) / RATIO) * RATIO for one in chosen)
    lines = max(FEWEST_LINES, lines)
    return {"hr": FrameStream(fps / hr_every, lines, "lr"), "lr": FrameStream(fps, lines // RATIO)}

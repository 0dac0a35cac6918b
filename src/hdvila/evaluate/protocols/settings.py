"""What the protocols share: the paper's picture sizes on stores of 6 frames a second, and rows as papers print them.

A store for a benchmark has LR frames at 6 a second, the rate to which the official code brings its videos, and HR
frames at every third of them.
"""

from __future__ import annotations

from hdvila.evaluate.protocols.protocol import Published
from hdvila.media.preprocess import Preprocess

__all__ = [
    "CLIPBERT",
    "CROPPED",
    "DUMPED",
    "FLIP",
    "HCRN",
    "HD_VILA",
    "JUST_ASK",
    "LOSS",
    "MSRVTT_CATEGORIES",
    "TOO_FEW_PIXELS",
    "accuracy",
    "sampling",
    "square",
    "t2v",
]

FPS, HR_EVERY = 6.0, 3
FLIP = 1 / 3
"""How often the official code mirrors a clip in training, where it reads video files; the paper does not say."""
HD_VILA = "Xue et al., CVPR 2022, arXiv 2111.10337"
CLIPBERT = "Lei et al., CVPR 2021, arXiv 2102.06183"
HCRN = "Le et al., CVPR 2020, arXiv 2002.10698"
JUST_ASK = "Yang et al., ICCV 2021, README of antoyang/just-ask"
TOO_FEW_PIXELS = (
    "The official code shrinks these videos to 180p by nearest neighbour and enlarges the middle frame four times; "
    "a prepared store has real high-resolution frames (hdvila prepare --official makes theirs)."
)
MSRVTT_CATEGORIES = (
    "music", "people", "gaming", "sports and actions", "news, events and politics", "education", "TV shows",
    "movies and comedy", "animation", "vehicles", "how-to", "travel", "science and technology", "animals and pets",
    "kids and family", "documentary", "food and drink", "cooking", "beauty and fashion", "advertisement",
)  # fmt: skip
"""MSR-VTT's own (Xu et al., CVPR 2016), in the order of the numbers in its json."""
DUMPED = (
    "The official code reads dumped frames of this benchmark: HR of 1152x720 is real there too, and training shows "
    "nothing mirrored."
)
LOSS = (
    "Fine-tuning: temperature .08 and the sum of both directions in the official code, where pre-training has .05 and "
    "their mean; the paper gives one loss."
)
CROPPED = (
    "Pictures are cut to the window: of 1280x720 71 % of the area is seen, of 320x240 66 % (74 % of the height); the "
    "official code squeezes any picture to the window's shape first and sees 79 %."
)


def sampling(segments: int, frames: int, rate: int, flip: float = 0.0) -> Preprocess:
    """Segments of `frames` frames (the middle one in HR), `rate` frames of 1/6 s apart; HR 640x1024, LR 160x256."""
    return Preprocess(640, 1024, segments, frames // 2, rate, FPS, HR_EVERY, flip=flip)


def square(segments: int, frames: int, rate: int, flip: float = 0.0) -> Preprocess:
    """The same for TGIF: HR 768x768, LR 192x192, pictures whole and padded."""
    return Preprocess(768, 768, segments, frames // 2, rate, FPS, HR_EVERY, fit="pad", flip=flip)


def t2v(who: str, source: str, r1: float, r5: float, median_rank: float | None, **others: float) -> Published:
    """A retrieval row, R@k in percent as papers print it; `others` are r10 and r50, None stands for no median rank."""
    recalls = {name: round(value / 100, 6) for name, value in {"r1": r1, "r5": r5, **others}.items()}
    return Published(who, source, recalls if median_rank is None else {**recalls, "median_rank": median_rank})


def accuracy(who: str, source: str, percent: float) -> Published:
    """An accuracy in percent, as papers print it."""
    return Published(who, source, {"accuracy": round(percent / 100, 6)})

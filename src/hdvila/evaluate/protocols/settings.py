"""What the protocols share: the paper's picture sizes on stores of 6 frames a second, and remarks.

A store for a benchmark has LR frames at 6 a second, the rate to which the official code brings its videos, and HR
frames at every third of them.
"""

from __future__ import annotations

from hdvila.media.preprocess import Preprocess

__all__ = [
    "BEST_KEPT",
    "CROPPED",
    "DUMPED",
    "FLIP",
    "LAST_KEPT",
    "LOSS",
    "MSRVTT_CATEGORIES",
    "TOO_FEW_PIXELS",
    "sampling",
    "square",
]

FPS, HR_EVERY = 6.0, 3
FLIP = 1 / 3
"""How often the official code mirrors a clip in training, where it reads video files."""
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
    "Fine-tuning: temperature .08 (the paper gives it for DiDeMo, LSMDC and ActivityNet), where pre-training has .05. "
    "The official code takes the sum of both directions, and in pre-training their mean."
)
BEST_KEPT, LAST_KEPT = (
    f"Which checkpoint: in the paper {paper} (v1, section 5.3); in the official code the best on the test itself."
    for paper in ("the best on the validation split", "the last, for there is no validation split")
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

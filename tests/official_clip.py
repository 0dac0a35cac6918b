"""A clip from all of its frames to the input that the released HD-VILA code evaluates, with the parts of our own."""

from __future__ import annotations

import numpy as np

from hdvila.media.transforms import enlarge
from hdvila.models.hdvila import released_preprocessing as released
from hdvila.models.hdvila.released_preprocessing import Rule
from hdvila.models.hdvila.sampling import RATIO, HybridClip, HybridSampling, hybrid_indices
from hdvila.types import Frames, Pixels


def official_clip(frames: Frames, sampling: HybridSampling, rule: Rule = "video") -> HybridClip:
    """All frames of a clip -> the segments that the released code evaluates.

    Args:
        frames: every frame of the clip (the released code reads videos at 6 frames a second).
        sampling: S, N and r; the evaluation rule chooses the frames.
        rule: ``"video"``: 180x288 by nearest neighbour, centre crop 160x256 (video retrieval and question answering);
            ``"gif"``: longer side 192 by bilinear interpolation without antialiasing, padded with grey 127 on the
            right and below to 192x192 (TGIF).

    Returns:
        ``low`` (S, 2N, 3, h, w) in that size; ``high`` (S, 3, 4h, 4w), the middle frames enlarged by bicubic
        interpolation (a = -0.75), within one grey level of OpenCV's.
    """
    prepare = {"video": _video, "gif": released._gif}[rule]
    middle, others = hybrid_indices(len(frames), sampling)
    high = released._channels_first(enlarge(prepare(frames.rgb[middle]), RATIO))
    low = released._channels_first(prepare(frames.rgb[others.ravel()]))
    pts = frames.pts_seconds
    return HybridClip(high, low.reshape(*others.shape, *low.shape[1:]), pts[middle], pts[others])


def _video(rgb: Pixels) -> Pixels:
    """(n, H, W, 3) -> (n, 160, 256, 3)."""
    return np.ascontiguousarray(released._shrink(rgb)[:, 10:170, 16:272])

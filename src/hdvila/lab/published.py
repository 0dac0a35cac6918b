"""The paper's ablation tables, shown beside the studies (Xue et al. 2022: v2, and v1 where it differs).

All are text-to-video retrieval on MSR-VTT's 1,000 test pairs.
"""

from __future__ import annotations

from hdvila.evaluate.protocols import Published
from hdvila.evaluate.protocols.published import hd_vila, t2v

__all__ = ["DATA", "FRAMES", "figures"]

_PAIRS = "zero-shot, pre-trained on 2 M pairs"

DATA = {
    row.who: row
    for row in (
        t2v("one category (HowTo), 720p", hd_vila(7), 3.3, 8.2, 113, _PAIRS, r10=13.5),
        t2v("balanced, 360p", hd_vila(7), 3.9, 11.0, 67, _PAIRS, r10=18.3),
        t2v("balanced, 360p enlarged to 720p", hd_vila(7), 4.5, 13.0, 62, f"{_PAIRS}; bicubic, only in v2", r10=20.2),
        t2v("balanced, 720p", hd_vila(7), 5.5, 13.1, 58, _PAIRS, r10=20.5),
    )
}
"""Table 7, pre-training data: name -> row."""

FRAMES: dict[str, tuple[Published, Published]] = {
    f"{high} HR + {low} LR": (
        t2v(f"{high} HR + {low} LR", hd_vila(9), r1, r5, median, "one pre-trained model, fine-tuned", r10=r10),
        t2v(f"{high} HR + {low} LR", hd_vila(8, 1), *v1[:2], v1[3], "one pre-trained model, fine-tuned", r10=v1[2]),
    )
    for high, low, (r1, r5, r10, median), v1 in (
        (1, 0, (16.3, 40.0, 53.3, 9), (14.3, 34.6, 49.3, 11)),
        (0, 10, (26.7, 57.0, 69.5, 4), (25.5, 54.6, 67.8, 5)),
        (1, 6, (33.0, 64.4, 76.2, 3), (31.2, 59.6, 71.0, 4)),
        (1, 10, (35.6, 65.3, 78.0, 3), (31.8, 60.1, 71.8, 3)),
        (1, 14, (33.7, 64.1, 76.2, 3), (30.1, 58.4, 70.4, 3)),
    )
}
"""Table 9 of v2 and Table 8 of v1, frame selection: `hdvila.lab.frame_selection.study.FrameChoice.name` -> (v2, v1)."""


def figures(row: Published) -> str:
    """A row as one table cell: R@1, R@5, R@10 in percent and the median rank, or an accuracy in percent."""
    values = row.values
    shares = [f"{100 * values[name]:.1f}" for name in ("accuracy", "r1", "r5", "r10", "r50") if name in values]
    return " / ".join([*shares, *([f"{values['median_rank']:g}"] if "median_rank" in values else [])])

"""A page of sampled clips, which shows whether texts and frames agree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from hdvila.corpus.describe.similarity import Scorer, score_clips
from hdvila.corpus.describe.statistics import Rows
from hdvila.errors import UsageError
from hdvila.media import encode_jpeg
from hdvila.media.transforms import shrink
from hdvila.pages import render, write_text
from hdvila.progress import SILENT, Reporter
from hdvila.store import Corpus

_HR_WIDTH, _LR_HEIGHT, _STRIP = 640, 90, 6  # pixels, pixels, frames of the LR stream


def show(
    corpus_root: str | os.PathLike[str],
    into: str | os.PathLike[str],
    *,
    sample: int = 40,
    seed: int = 0,
    scorer: Scorer | None = None,
    reporter: Reporter = SILENT,
) -> Path:
    """Write a self-contained HTML page of clips: frames of both streams, words, times, category and score.

    A clip takes about 60 KB of the page. The same corpus, sample and seed give the same page.

    Args:
        corpus_root: the corpus folder.
        into: the HTML file; replaced if it is there.
        sample: number of clips, drawn uniformly; all, if there are fewer.
        seed: of the draw.
        scorer: a model; with it each clip shows the cosine of its frames and its words.
        reporter: shows progress, a step per clip.

    Returns:
        The file.

    Raises:
        UsageError: the sample is below 1, or the scorer does not fit the corpus.
        StoreError: there is no corpus, or a clip cannot be read.
    """
    if sample < 1:
        raise UsageError(f"sample={sample}: give at least 1 clip")
    root, file = Path(corpus_root), Path(into)
    rows = Rows(root)
    numbers = rows.sample(sample, seed)
    facts = rows.take(numbers)
    corpus = Corpus(root)
    scores = score_clips(corpus, numbers.tolist(), scorer, reporter).own.tolist() if scorer is not None else []
    clips = []
    with reporter.task("drawing clips", total=len(numbers)) as bar:
        for at, (number, row) in enumerate(zip(numbers.tolist(), facts, strict=True)):
            clips.append({**row, **_frames(corpus, number), "score": scores[at] if scores else None})
            bar.advance()
    html = render(
        "hdvila.corpus",
        "preview.html.j2",
        name=root.resolve().name,
        clips=clips,
        total=rows.number,
        seed=seed,
        scored=bool(scores),
        categories=sorted({str(clip["category"]) for clip in clips if clip.get("category") is not None}),
    )
    write_text(file, html)
    return file


def _frames(corpus: Corpus, number: int) -> dict[str, Any]:
    """The middle HR frame, and some LR frames at even distances, as JPEG."""
    hr, lr = corpus.num_frames(number, "hr"), corpus.num_frames(number, "lr")
    middle = corpus.frames(number, "hr", [hr // 2])
    chosen = np.unique(np.linspace(0, lr - 1, min(lr, _STRIP)).round().astype(np.int64))
    strip = corpus.frames(number, "lr", chosen)
    first = corpus.pts_seconds(number, "lr")[0]
    return {
        "hr": encode_jpeg(shrink(middle.rgb[0], width=_HR_WIDTH), 85),
        "hr_at": float(middle.pts_seconds[0] - first),
        "lr": [(at - first, encode_jpeg(shrink(rgb, height=_LR_HEIGHT), 80)) for at, rgb in strip],
        "lr_size": f"{strip.rgb.shape[2]} × {strip.rgb.shape[1]}",
    }

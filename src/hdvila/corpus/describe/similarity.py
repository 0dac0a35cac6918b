"""How well the words and frames of clips fit, by the embeddings of a model (the paper's Figure 6c).

The caller gives the model: `hdvila.corpus` imports none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.progress import SILENT, Reporter
from hdvila.store import Corpus

_BATCH = 16
_EDGES = [round(-1 + 0.02 * bin, 2) for bin in range(101)]


class Scorer(Protocol):
    """A model that embeds texts and videos in one space, such as `hdvila.load_model` gives."""

    @property
    def processor(self) -> Any:
        """Has ``preprocess``: how clips are seen (`hdvila.media.Sampler`)."""

    @property
    def embed_text(self) -> Callable[[list[str]], Any]:
        """Texts to a tensor (B, D) of unit vectors."""

    @property
    def encode_video(self) -> Callable[..., Any]:
        """What the model reads of B clips, uint8 tensors or None, to (B, D) unit vectors."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Cosines of clips: ``own`` (n,) with their own words, ``other`` (n,) with those of the clip half a list away."""

    own: NDArray[np.float32]
    other: NDArray[np.float32]

    def summary(self) -> dict[str, Any]:
        """Means, deviations and histograms from -1 to 1; without ``other`` if there is only one clip."""
        found = {"own": self.own, "other": self.other} if len(self.own) > 1 else {"own": self.own}
        return {
            "pairs": len(self.own),
            "edges": _EDGES,
            **{
                name: {
                    "mean": float(values.mean()) if len(values) else None,
                    "deviation": float(values.std()) if len(values) else None,
                    "counts": np.histogram(np.clip(values, -1, 1), _EDGES)[0].tolist(),
                }
                for name, values in found.items()
            },
        }


def score_clips(corpus: Corpus, numbers: list[int], scorer: Scorer, reporter: Reporter = SILENT) -> Scores:
    """Embed the clips with these numbers and the words said in them, frames chosen by the evaluation rule.

    Args:
        corpus: where the clips are.
        numbers: of the clips; all vectors are kept in memory (4 KB per clip at width 1024).
        scorer: see `Scorer`.
        reporter: shows progress, a step per clip.

    Raises:
        UsageError: the scorer has no processor, or reads other frame rates than the corpus has.
        StoreError: a clip cannot be read.
    """
    import torch

    if scorer.processor is None:
        raise UsageError("this model has no processor, so it cannot read clips: use a model folder that has one")
    preprocess, device = scorer.processor.preprocess, getattr(scorer, "device", torch.device("cpu"))
    texts = [corpus.clips[number].text for number in numbers]
    rows: list[tuple[Any, Any]] = []
    with torch.inference_mode(), reporter.task("scoring clips", total=len(numbers)) as bar:
        for first in range(0, len(numbers), _BATCH):
            some = numbers[first : first + _BATCH]
            arrays = preprocess.collate([corpus.sample(i, preprocess) for i in some])
            video = [None if one is None else torch.from_numpy(one).to(device) for one in arrays]
            videos = scorer.encode_video(*video).float().cpu().numpy()
            rows.append((videos, scorer.embed_text(texts[first : first + _BATCH]).float().cpu().numpy()))
            bar.advance(len(some))
    if not rows:
        return Scores(np.zeros(0, np.float32), np.zeros(0, np.float32))
    videos_VD, texts_VD = (np.concatenate(part) for part in zip(*rows, strict=True))
    others_VD = np.roll(texts_VD, len(numbers) // 2, axis=0)
    return Scores((videos_VD * texts_VD).sum(1), (videos_VD * others_VD).sum(1))

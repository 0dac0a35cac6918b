"""Retrieval on clips: each text finds its clip, whatever the batches; streams, silence and ties are accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from hdvila.annotations.synthetic import CHANNEL
from hdvila.errors import UsageError
from hdvila.evaluate.retrieval import evaluate_retrieval
from hdvila.media.view import View
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip
from hdvila.types import Clip


class Shades:
    """A corpus of plain clips: clip i is one grey level in HR and another in LR, its text names the HR level."""

    def __init__(self, levels: Sequence[int], texts: Sequence[str] | None = None) -> None:
        self.levels = levels
        spoken = [f"grey {level}" for level in levels] if texts is None else texts
        self.clips = [Clip(f"v{i}.{i}", f"v{i}", 0.0, 5.0, text) for i, text in enumerate(spoken)]

    def sample(self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None) -> HybridClip:
        assert rng is None, "evaluation must not draw"
        level = self.levels[i]
        return HybridClip(np.full((1, 3, 64, 64), level, np.uint8), np.full((1, 2, 3, 16, 16), 255 - level, np.uint8))


class ShadeModel:
    """Puts a grey level on a half circle; of LR frames alone it knows the complement."""

    processor: Any = SimpleNamespace(preprocess=Preprocess(64, 64, 1, 1, 1))
    device = torch.device("cpu")

    def encode_video(self, high: Tensor | None, low: Tensor | None) -> Tensor:
        pictures = high if high is not None else low
        assert pictures is not None
        return self._place(pictures.flatten(1).float().mean(1))

    def embed_text(self, texts: list[str]) -> Tensor:
        return self._place(torch.tensor([float(text.split()[1]) for text in texts]))

    def _place(self, level_B: Tensor) -> Tensor:
        angle = level_B / 255 * torch.pi
        return normalize(torch.stack([angle.cos(), angle.sin()], 1), dim=-1)


LEVELS = tuple(range(0, 256, 5))


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_every_text_finds_its_clip_and_back(batch_size: int) -> None:
    report = evaluate_retrieval(ShadeModel(), Shades(LEVELS), batch_size=batch_size)
    assert report.text_to_video.r1 == report.video_to_text.r1 == 1.0
    assert (report.queries, report.videos, report.missing, report.ties) == (52, 52, (), 0)
    assert report.text_to_video.chance_r1 == 1 / 52


def test_clips_of_the_miniature_world_are_called_synthetic() -> None:
    corpus: Any = Shades(LEVELS)
    corpus.table = pa.table({"channel": [CHANNEL] * 10 + ["a friend's"] * (len(LEVELS) - 10)})
    assert evaluate_retrieval(ShadeModel(), corpus, clips=range(10)).protocol.startswith(
        "synthetic (miniature world): "
    )
    assert evaluate_retrieval(ShadeModel(), corpus).protocol.startswith("clips of a corpus")


def test_a_choice_of_clips_is_the_gallery() -> None:
    report = evaluate_retrieval(ShadeModel(), Shades(LEVELS), clips=[3, 7, 1])
    assert (report.videos, report.text_to_video.gallery, report.text_to_video.r1) == (3, 3, 1.0)


def test_clips_without_words_are_left_out_and_named() -> None:
    report = evaluate_retrieval(ShadeModel(), Shades([10, 20, 30], ["grey 10", "  ", "grey 30"]))
    assert (report.queries, report.missing) == (2, ("v1.1",))
    with pytest.raises(UsageError, match="none of the 1 clips has words"):
        evaluate_retrieval(ShadeModel(), Shades([10], [""]))


def test_equal_clips_tie_and_the_tie_counts_against_the_model() -> None:
    report = evaluate_retrieval(ShadeModel(), Shades([10, 10, 200]))
    assert report.text_to_video.r1 == pytest.approx(1 / 3)
    assert (report.text_to_video.ties, report.video_to_text.ties, report.ties) == (2, 2, 4)
    assert evaluate_retrieval(ShadeModel(), Shades([10, 10, 200]), ties="optimistic").text_to_video.r1 == 1.0


def test_the_record_holds_the_promised_names() -> None:
    record = evaluate_retrieval(ShadeModel(), Shades(LEVELS)).to_dict()
    assert {"protocol", "queries", "videos", "missing", "ties", "precision", "text_to_video", "video_to_text"} == set(
        record
    )
    names = {"r1", "r5", "r10", "r50", "median_rank", "mean_rank", "gallery", "chance_r1"}
    assert names <= set(record["text_to_video"])


def test_a_model_that_cannot_read_is_refused() -> None:
    mute = ShadeModel()
    mute.processor = None
    with pytest.raises(UsageError, match="has no processor"):
        evaluate_retrieval(mute, Shades(LEVELS))


class Halves(Shades):
    """Clips of upright frames: lighter in the upper window, darker in the lower, by as much; grey in the middle."""

    def size(self, i: int) -> tuple[int, int]:
        return 144, 72

    def sample(
        self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None, view: View | None = None
    ) -> HybridClip:
        assert view is not None, "the source knows its sizes, so it is asked for windows"
        level = {0.0: self.levels[i] + 15, 1.0: self.levels[i] - 15, 0.5: 128}[view.where[0]]
        return HybridClip(np.full((1, 3, 64, 64), level, np.uint8), np.full((1, 2, 3, 16, 16), 255 - level, np.uint8))


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_a_clip_is_the_mean_of_what_its_windows_show(batch_size: int) -> None:
    source, model = Halves(range(20, 236, 5)), ShadeModel()
    report = evaluate_retrieval(model, source, batch_size=batch_size)
    assert report.text_to_video.r1 == report.video_to_text.r1 == 1.0
    assert report.to_dict()["seen"]["least"] >= 0.8
    middle = evaluate_retrieval(model, source, batch_size=batch_size, as_trained=True)
    assert middle.text_to_video.r1 < 0.1
    assert middle.to_dict()["seen"]["least"] < 0.5


def test_a_wrong_tie_rule_is_refused_before_any_clip_is_read() -> None:
    corpus: Any = Shades(LEVELS)
    corpus.sample = None
    rule: Any = "fair"
    with pytest.raises(UsageError, match="ties fair: choose one of pessimistic"):
        evaluate_retrieval(ShadeModel(), corpus, ties=rule)

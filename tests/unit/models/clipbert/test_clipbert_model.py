"""ClipBERT's own promises, at a small size: what the official goldens do not say (`tests/parity/test_clipbert.py`)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from hdvila.errors import UsageError
from hdvila.models.clipbert.config import ClipBERTConfig, Fusion
from hdvila.models.clipbert.model import ClipBERT
from hdvila.models.clipbert.vision import normalised
from tests.unit.models.clipbert.small_clipbert import PRETRAINING, SMALL, small_inputs


def built(config: ClipBERTConfig = SMALL) -> ClipBERT:
    torch.manual_seed(0)
    model = ClipBERT(config).eval()
    for name, value in model.named_buffers():  # as a trained network has them
        if name.endswith("running_var"):
            value.copy_(torch.rand(len(value)) * 50 + 1)
    return model


@torch.no_grad()
def test_the_picture_side_of_a_video_serves_any_number_of_its_texts() -> None:
    model, (frames, ids, mask) = built(), small_inputs()
    logits = model.match_logits(frames, ids, mask)
    assert logits.shape == (3, 4, 2)
    visual = model.visual_tokens(frames)
    assert visual.shape == (3, 2, 2 * 3, 32)  # 128 x 192 pixels
    pairs = model.match_scores(visual[:, [0, 0, 1, 1]], ids, mask, "mean")
    torch.testing.assert_close(pairs, logits.mean(0).softmax(-1)[:, 1])
    one = model.match_scores(visual[:, :1], ids[:1, :5], mask[:1, :5], "mean")
    torch.testing.assert_close(one, pairs[:1])  # without its padding
    alone = torch.cat([model.match_logits(frames[:, [clip]], ids, mask) for clip in range(3)])
    torch.testing.assert_close(alone, logits)


@torch.no_grad()
def test_the_order_of_frames_in_a_clip_does_not_matter_to_the_mean_and_does_to_convolutions() -> None:
    frames, ids, mask = small_inputs(frames=3)
    assert _moves(built(), frames, ids, mask) < 1e-5
    for fusion in ("conv3d", "conv2+1d"):
        assert _moves(built(replace(SMALL, fusion=fusion)), frames, ids, mask) > 1e-5


def _moves(model: ClipBERT, frames: Tensor, ids: Tensor, mask: Tensor) -> float:
    turned = model.match_logits(frames.flip(2), ids, mask)
    return float((model.match_logits(frames, ids, mask) - turned).abs().max())


@pytest.mark.parametrize("fusion", ["mean", "conv3d", "conv2+1d"])
def test_every_trained_weight_gets_a_gradient(fusion: Fusion) -> None:
    model, (frames, ids, mask) = built(replace(SMALL, fusion=fusion, dropout=0.0)), small_inputs(frames=3)
    model.train()
    for part in model.frozen_parts():
        part.requires_grad_(False)
    model.match_logits(frames, ids, mask)[..., 1].sum().backward()
    trained = {name: one for name, one in model.named_parameters() if one.requires_grad}
    without = [name for name, one in trained.items() if one.grad is None]
    assert not without
    frozen = {name for name, one in model.named_parameters() if not one.requires_grad}
    assert {"cnn.feature.conv1.weight", "cnn.feature.layer1.0.conv1.weight", "cnn.feature.layer4.0.bn2.bias"} <= frozen
    assert "cnn.feature.layer2.0.conv1.weight" in trained


def test_training_keeps_some_tokens_of_the_grid_the_same_for_the_whole_batch() -> None:
    model = built(replace(PRETRAINING, sampled_tokens=2, dropout=0.0))
    frames, *_ = small_inputs()
    whole = model.visual_tokens(frames)
    assert whole.shape[2] == 6
    model.train()
    torch.manual_seed(3)
    kept = model.visual_tokens(frames)
    assert kept.shape[2] == 2
    places = [
        next(p for p in range(whole.shape[2]) if torch.allclose(whole[0, 0, p], kept[0, 0, k], atol=1e-5))
        for k in range(2)
    ]
    assert places == sorted(set(places))
    torch.testing.assert_close(kept, whole[:, :, places])
    torch.manual_seed(3)
    torch.testing.assert_close(model.visual_tokens(frames), kept)


@torch.no_grad()
def test_masked_words_are_the_same_asked_by_place_or_together() -> None:
    model, (frames, ids, mask) = built(PRETRAINING), small_inputs(texts=2)
    each = model.masked_language_logits(frames, ids, mask)
    assert each.shape == (3, 2, 9, 60)
    at = torch.zeros(2, 9, dtype=torch.bool)
    at[0, 2] = at[1, 7] = True
    torch.testing.assert_close(model.masked_language_logits(frames, ids, mask, at=at), each[:, at])
    joined = model.masked_language_logits(frames, ids, mask, "mean", at=at)
    torch.testing.assert_close(joined, each.mean(0)[at])
    states, matching = model.pretraining_states(frames, ids, mask)
    torch.testing.assert_close(model.word_logits(states), each)
    torch.testing.assert_close(matching, model.matching_logits(frames, ids, mask))


@torch.no_grad()
def test_questions_are_counted_and_chosen() -> None:
    frames, ids, mask = small_inputs(texts=10)
    assert built(replace(SMALL, variant="multiple_choice")).answer_logits(frames, ids, mask).shape == (3, 2, 5)
    opened = built(replace(SMALL, variant="open_ended", num_answers=7))
    assert opened.answer_logits(frames, ids, mask).shape == (3, 10, 7)
    counting = built(replace(SMALL, variant="count"))
    assert counting.counts_about(counting.visual_tokens(frames), ids, mask).shape == (3, 10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, f, i, k: m.match_logits(f[:, 0], i, k), r"expected \(B, clips, T, 3, H, W\)"),
        (lambda m, f, i, k: m.match_logits(f[..., :32], i, k), "frames of 128x32 give no grid"),
        (lambda m, f, i, k: m.match_logits(f[:, :0], i, k), "holds no frames"),
        (lambda m, f, i, k: m.match_logits(f, i[:3], k[:3]), "3 texts for 2 videos"),
        (lambda m, f, i, k: m.match_logits(f, i + 60, k), "from another tokenizer"),
        (lambda m, f, i, k: m.word_logits(f), "word_logits needs a model of variant pretraining"),
        (lambda m, f, i, k: m.counts_about(f, i, k), "counts_about needs a model of variant count"),
    ],
)
def test_what_cannot_be_read_is_named(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(UsageError, match=message):
        call(built(), *small_inputs())


@torch.no_grad()
def test_the_method_called_chooses_the_head_where_rows_leave_it_open() -> None:
    frames, ids, mask = small_inputs(texts=10)
    choice = built(replace(SMALL, variant="multiple_choice"))
    assert choice.match_logits(frames, ids, mask).shape == (3, 10, 1)
    assert built(replace(SMALL, variant="ranking")).answer_logits(frames, ids, mask).shape == (3, 2, 5)
    two = built(replace(SMALL, variant="open_ended", num_answers=2))
    assert two.match_logits(frames, ids, mask).shape == (3, 10, 2)
    one = built(replace(SMALL, variant="open_ended", num_answers=1))
    assert one.answer_logits(frames, ids, mask).shape == (3, 10, 1)
    for other in (replace(SMALL, variant="open_ended", num_answers=7), replace(SMALL, variant="count")):
        model = built(other)
        with pytest.raises(UsageError, match="match_logits needs a model of variant pretraining"):
            model.match_logits(frames, ids, mask)
        with pytest.raises(UsageError, match="match_logits needs"):
            model.match_scores(model.visual_tokens(frames), ids[:2], mask[:2])
    with pytest.raises(UsageError, match="answer_logits needs"):
        built(PRETRAINING).answer_logits(frames, ids, mask)


def test_what_words_do_not_reach_is_asked_of_pretraining_alone() -> None:
    assert len(built(PRETRAINING).unreached_by_words()) == 2
    with pytest.raises(UsageError, match="unreached_by_words needs a model of variant pretraining"):
        built().unreached_by_words()


@torch.no_grad()
@pytest.mark.parametrize("side", [33, 64, 65, 97])
def test_a_side_has_half_as_many_places_as_the_map_of_a_32nd(side: int) -> None:
    frames = torch.zeros(1, 1, 1, 3, side, 33, dtype=torch.uint8)
    assert built().visual_tokens(frames).shape[2] == -(-side // 32) // 2


@torch.no_grad()
def test_a_centred_grid_shows_what_differs_between_frames() -> None:
    model, (frames, *_) = built(), small_inputs(videos=8)
    clips = frames.flatten(0, 1)

    def share() -> float:
        """Of the variation of tokens, the part between clips."""
        grid = model.cnn(clips)
        return float(grid.std(0).mean() / grid.std())

    before = share()
    model.cnn.centre(clips)
    assert share() > 1.5 * before
    assert (
        abs(
            float(
                model.cnn.grid_encoder[0](model.cnn.feature(normalised(clips.flatten(0, 1), torch.float32))[-1]).std()
            )
            - 1
        )
        < 1e-4
    )

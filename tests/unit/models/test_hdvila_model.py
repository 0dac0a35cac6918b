from __future__ import annotations

from typing import get_args

import pytest
import torch

from hdvila.errors import UsageError
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.model import HDVILA
from hdvila.nn.consensus import aggregate
from hdvila.types import CONSENSUS, Over
from tests.unit.models.small_hdvila import TINY, tiny_inputs, tiny_model


@pytest.fixture(scope="module")
def model() -> HDVILA:
    return tiny_model(variant="stage2")


@torch.no_grad()
def test_embeddings_are_unit_vectors_of_the_width(model: HDVILA) -> None:
    high, low, ids, mask = tiny_inputs()
    for vectors in (
        *(model.encode_video(hr, lr) for hr, lr in ((high, low), (None, low), (high, None))),
        model.encode_text(ids, mask),
    ):
        assert vectors.shape == (2, 32)
        assert vectors.dtype == torch.float32
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


@torch.no_grad()
def test_float_and_uint8_pixels_are_the_same(model: HDVILA) -> None:
    high, low, *_ = tiny_inputs()
    assert torch.equal(model.encode_video(high, low), model.encode_video(high.float(), low.float()))


@torch.no_grad()
def test_each_video_of_a_batch_stands_alone(model: HDVILA) -> None:
    high, low, ids, mask = tiny_inputs(videos=3)
    together = model.masked_language_logits(high, low, ids, mask)
    alone = torch.cat([model.masked_language_logits(*(x[i : i + 1] for x in (high, low, ids, mask))) for i in range(3)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_order_of_segments_does_not_matter_but_that_of_frames_does(model: HDVILA) -> None:
    high, low, *_ = tiny_inputs()
    plain = model.encode_video(high, low)
    torch.testing.assert_close(model.encode_video(high.flip(1), low.flip(1)), plain, atol=1e-6, rtol=1e-5)
    assert (model.encode_video(high, low.flip(2)) - plain).abs().max() > 1e-4


@torch.no_grad()
@pytest.mark.parametrize(("spread", "sees_order"), [(0.0, False), (0.2, True)])
def test_a_new_model_sees_the_order_of_frames_if_time_attention_starts_so(spread: float, sees_order: bool) -> None:
    torch.manual_seed(0)
    model = HDVILA(HDVILAConfig(**TINY, time_initializer_range=spread)).eval()
    high, low, _, _ = tiny_inputs()
    turned = model.encode_video(high, low.flip(2))
    assert torch.allclose(model.encode_video(high, low), turned, atol=1e-6) is not sees_order


@torch.no_grad()
def test_padding_does_not_matter(model: HDVILA) -> None:
    _, _, ids, mask = tiny_inputs()
    longer = torch.cat([ids, torch.full((2, 5), 7)], 1)
    longer_mask = torch.cat([mask, torch.zeros(2, 5, dtype=mask.dtype)], 1)
    torch.testing.assert_close(model.encode_text(longer, longer_mask), model.encode_text(ids, mask))


@torch.no_grad()
def test_word_logits_at_some_positions_are_those_of_all(model: HDVILA) -> None:
    inputs = tiny_inputs()
    states = model.masked_states(*inputs, consensus="mean")
    some = torch.zeros(2, 7, dtype=torch.bool)
    some[0, 3] = some[1, 1] = True
    everything = model.masked_language_logits(*inputs, consensus="mean")
    torch.testing.assert_close(model.word_logits(states[some]), everything[some], atol=1e-5, rtol=1e-5)
    for over in get_args(Over):
        everything = model.masked_language_logits(*inputs, "mean", over)
        torch.testing.assert_close(
            model.masked_language_logits(*inputs, "mean", over, at=some), everything[some], atol=1e-5, rtol=1e-5
        )


@torch.no_grad()
@pytest.mark.parametrize("how", CONSENSUS)
def test_the_consensus_of_masked_words_is_over_hidden_states_or_logits(model: HDVILA, how: str) -> None:
    inputs = tiny_inputs()
    states_SBLD = model.joint_states(*inputs)[:, :, :7]
    assert len(states_SBLD) > 1
    hidden = model.word_logits(model.aggregate(states_SBLD, how))
    logits = model.aggregate(model.word_logits(states_SBLD), how)
    assert not torch.allclose(hidden, logits, atol=1e-3)
    torch.testing.assert_close(model.masked_language_logits(*inputs, how), hidden, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model.masked_language_logits(*inputs, how, "logits"), logits, atol=1e-5, rtol=1e-5)
    with pytest.raises(UsageError, match="a consensus over 'words' is unknown: choose one of hidden, logits"):
        model.masked_language_logits(*inputs, how, "words")  # type: ignore[arg-type]


@torch.no_grad()
def test_five_options_a_video() -> None:
    model = tiny_model(variant="multiple_choice")
    high, low, *_ = tiny_inputs()
    ids = torch.randint(0, 100, (10, 6))
    logits = model.answer_logits(high, low, ids, torch.ones_like(ids))
    assert logits.shape == (2, 2, 5)
    second = model.answer_logits(high[1:], low[1:], ids[5:], torch.ones_like(ids[5:]))
    torch.testing.assert_close(logits[:, 1:], second, atol=1e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(("variant", "options"), [("open_ended", 1), ("multiple_choice", 5)])
def test_a_video_is_looked_at_once_for_many_questions(variant: str, options: int) -> None:
    model = tiny_model(variant=variant, num_answers=3 if variant == "open_ended" else 0)
    high, low, *_ = tiny_inputs()
    about = [1, 0, 1, 1]
    ids = torch.randint(0, 100, (len(about) * options, 6))
    mask = torch.ones_like(ids)
    shared = model.answers_about(model.visual_tokens(high, low)[:, about], ids, mask)
    apart = model.answer_logits(high[about], low[about], ids, mask)
    torch.testing.assert_close(shared, apart, atol=1e-5, rtol=1e-4)
    with pytest.raises(UsageError, match="texts for 2 videos"):
        model.answers_about(model.visual_tokens(high, low), ids, mask)


def test_aggregate(model: HDVILA) -> None:
    x = torch.randn(3, 2, 5)
    assert torch.equal(model.aggregate(x, "mean"), x.mean(0))
    assert torch.equal(model.aggregate(x, "max"), x.max(0).values)
    torch.testing.assert_close(model.aggregate(x, "logsumexp"), x.exp().sum(0).log())
    with pytest.raises(UsageError, match="median"):
        model.aggregate(x, "median")
    with pytest.raises(UsageError, match="logsumexp"):
        aggregate(x, "LogSumExp")


def test_gradients_reach_everything_that_stage_one_trains_and_nothing_else() -> None:
    model = tiny_model(variant="stage1").train()
    high, low, ids, mask = tiny_inputs(videos=3)
    (model.encode_text(ids, mask) * model.encode_video(high, low).roll(1, 0)).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_stage_one_part_of_stage_two_is_the_stage_one_model() -> None:
    stage1, stage2 = tiny_model(variant="stage1"), tiny_model(variant="stage2")
    assert stage2.stage_one_names() == set(stage1.state_dict())


def test_activation_checkpoints_change_no_gradient() -> None:
    high, low, *_ = tiny_inputs()
    grads = []
    for enabled in (False, True):
        model = tiny_model().train()
        model.checkpoint_activations(enabled)
        model.timesformer.eval()
        model.encode_video(high, low)[:, 0].sum().backward()
        grads.append([p.grad for p in model.cnn.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


def test_random_depth_drops_whole_residuals_in_training_only() -> None:
    model = tiny_model(hybrid_stochastic_depth=0.9, dropout=0.0)
    high, low, *_ = tiny_inputs()
    with torch.no_grad():
        assert torch.equal(model.encode_video(high, low), model.encode_video(high, low))
        model.train()
        assert not torch.equal(model.encode_video(high, low), model.encode_video(high, low))


@torch.no_grad()
def test_masks_may_be_numbers_or_truths(model: HDVILA) -> None:
    high, low, ids, mask = tiny_inputs()
    for kind in (torch.bool, torch.float32):
        assert torch.equal(model.encode_text(ids, mask.to(kind)), model.encode_text(ids, mask))
        ours = model.masked_language_logits(high, low, ids, mask.to(kind))
        assert torch.equal(ours, model.masked_language_logits(high, low, ids, mask))


def test_pictures_with_too_many_positions_are_refused(model: HDVILA) -> None:
    _, _, ids, mask = tiny_inputs(videos=1)
    with pytest.raises(UsageError, match="grid of 1x5, the joint transformer has positions for 4x4"):
        model.masked_language_logits(torch.zeros(1, 1, 3, 64, 320), None, ids, mask)


@pytest.mark.parametrize(
    ("high", "low", "said"),
    [
        (None, None, "both None"),
        ((1, 1, 3, 64, 100), None, "64x100"),
        ((0, 1, 3, 64, 64), None, "holds no pictures"),
        (None, (1, 1, 0, 3, 16, 16), "holds no pictures"),
        ((1, 1, 4, 64, 64), None, r"\(B, S, 3, H, W\)"),
        (None, (1, 1, 4, 3, 16, 20), "16x20"),
        ((1, 1, 3, 64, 64), (1, 1, 4, 3, 32, 32), "quarter"),
        ((1, 2, 3, 64, 64), (1, 1, 4, 3, 16, 16), "same segments"),
        ((1, 1, 3, 64, 64), (1, 1, 3, 3, 16, 16), "even number"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(
    model: HDVILA, high: tuple[int, ...] | None, low: tuple[int, ...] | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        model.encode_video(*(None if shape is None else torch.zeros(shape) for shape in (high, low)))


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (torch.zeros(0, 4, dtype=torch.long), "at least one text"),
        (torch.zeros(2, 0, dtype=torch.long), "at least one token"),
        (torch.zeros(2, 4), "torch.float32: give whole numbers"),
        (torch.full((2, 4), 100), "the model knows 0 to 99"),
        (torch.full((2, 4), -1), "the model knows 0 to 99"),
    ],
)
def test_texts_that_do_not_fit_are_refused(model: HDVILA, ids: torch.Tensor, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        model.encode_text(ids, torch.ones(ids.shape))


def test_a_text_without_tokens_is_refused(model: HDVILA) -> None:
    *_, ids, mask = tiny_inputs()
    mask[1] = 0
    with pytest.raises(UsageError, match="every text needs a token"):
        model.encode_text(ids, mask)


def test_what_a_variant_cannot_do_is_said(model: HDVILA) -> None:
    high, low, ids, mask = tiny_inputs()
    with pytest.raises(UsageError, match="'stage1'"):
        tiny_model().masked_language_logits(high, low, ids, mask)
    with pytest.raises(UsageError, match="answer_logits"):
        model.answer_logits(high, low, ids, mask)
    with pytest.raises(UsageError, match="encode_video"):
        tiny_model(variant="open_ended", num_answers=3).encode_video(high, low)
    with pytest.raises(UsageError, match="no processor"):
        model.embed_text(["a dog"])
    with pytest.raises(UsageError, match="17 tokens"):
        model.encode_text(torch.zeros(1, 17, dtype=torch.long), torch.ones(1, 17))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"hidden_sise": 32}, "did you mean 'hidden_size'"),
        ({"num_attention_heads": 5}, "num_attention_heads=5 does not divide"),
        ({"variant": "stage3"}, "stage3"),
        ({"variant": "open_ended"}, "num_answers"),
        ({"variant": "multiple_choice", "num_answers": 7}, "num_answers=7"),
        ({"dropout": 1.5}, "dropout=1.5"),
        ({"text_pooling": "max"}, "text_pooling"),
        ({"time_initializer_range": -0.1}, "time_initializer_range=-0.1"),
    ],
)
def test_settings_that_cannot_be_are_refused(setting: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        HDVILAConfig.from_dict(TINY | setting)


def test_config_survives_json() -> None:
    import json

    config = HDVILAConfig(**TINY)
    assert HDVILAConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config

"""The real sizes: 24 layers, 1024 wide, 640x1024 pixels. Minutes and some 6 GiB; `make conformance` runs them.

With formula weights two videos have a cosine of 0.9998, so differences between videos are compared as well, and every
layer by itself.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

import hdvila
from hdvila.models.hdvila.model import HDVILA
from hdvila.tasks.contrastive import contrastive_loss
from hdvila.tasks.masked_words import IGNORE, masked_word_loss, right_words
from tests.parity import formulas
from tests.parity.compare import assert_near
from tests.parity.layers import segment_major, watch_layers
from tests.parity.official_keys import LARGE, official_shapes

pytestmark = pytest.mark.conformance

Read = Callable[[str], dict[str, Tensor]]
VOCAB = 30522
EMBEDDING, LOGITS, MAP = {"absolute": 1e-5}, {"absolute": 1e-4}, {"relative": 1e-5}
CHANNELS = {"hr_stage4": 128, "hybrid_in": 128, "hybrid_out": 128, "hr_adapter": 64, "segment_grid": 64}


@pytest.fixture(autouse=True)
def _free_memory() -> Iterator[None]:
    yield
    formulas.parameter.cache_clear()
    gc.collect()


def large_model(variant: str, answers: int = 0) -> HDVILA:
    return hdvila.load_model(formulas.state_dict(official_shapes(variant, LARGE, answers)))


def pixels(name: str, *shape: int) -> Tensor:
    return formulas.image(name, shape, 32 if "middle" in name else 8)


def videos_differ_alike(ours: Tensor, golden: Tensor) -> None:
    theirs = golden[0] - golden[1]
    off = ((ours[0] - ours[1]) - theirs).norm() / theirs.norm()
    assert off < 1e-3, f"the difference between the videos is off by {off:.2g} of itself"


@torch.no_grad()
def test_pretraining(large_goldens: Read) -> None:
    golden = large_goldens("hdvila_large_pretrain")
    high, low = pixels("img_middle", 2, 2, 3, 640, 1024), pixels("img_other", 2, 2, 6, 3, 160, 256)
    ids, mask = formulas.text("text", [31, 50], 50, VOCAB)
    hidden, labels = formulas.masked(ids, mask)
    for name, ours in (("text_ids", ids), ("text_mask", mask), ("text_ids_masked", hidden), ("mlm_labels", labels)):
        assert torch.equal(ours, golden[f"input_{name}"]), name
    model = large_model("stage2")
    seen = watch_layers(model)
    matching = model.matching_logits(high, low, hidden, mask)
    seen["hybrid_out"] = model.timesformer(seen["hybrid_in"])
    seen["visual_tokens"] = segment_major(seen["visual_tokens"], 2)
    slices = {"hr_stage3": seen["hr_stage3"][:, ::128, ::4, ::4]}
    for name, step in CHANNELS.items():
        slices[name] = seen[name][:, :, ::step] if name.startswith("hybrid") else seen[name][:, ::step]
    slices |= {name: seen[name][..., ::64] for name in ("text_tokens", "visual_tokens", "joint_tokens")}
    for name, ours in slices.items():
        assert_near(name, ours, golden[f"{name}_slice"], **MAP)
    assert_near("joint_pooled", seen["joint_pooled"], golden["joint_pooled"], **MAP)
    assert_near("itm_logits", matching, golden["itm_logits"], **LOGITS)
    seen.clear()

    words = model.masked_language_logits(high, low, hidden, mask)
    assert_near("mlm_logits", words[:, :, golden["vocab_slice"]], golden["mlm_logits_slice"], **LOGITS)
    assert_near("logsumexp", words.logsumexp(-1), golden["mlm_logits_logsumexp"], **LOGITS)
    assert torch.equal(words.argmax(-1), golden["mlm_logits_argmax"])
    assert_near("mlm_loss", masked_word_loss(words, labels).reshape(1), golden["mlm_loss"], **EMBEDDING)
    accuracy = right_words(words, labels) / (labels != IGNORE).sum()
    assert_near("mlm_acc", accuracy.reshape(1), golden["mlm_acc"], **EMBEDDING)

    video, text = model.encode_video(high, low), model.encode_text(ids, mask)
    losses = {"pretrain_loss_temp0.05": (0.05, 0.5), "finetune_loss_temp0.08": (0.08, 1.0)}
    assert_near("vis_features", video, golden["vis_features"], **EMBEDDING)
    assert_near("text_features", text, golden["text_features"], **EMBEDDING)
    assert_near("masked", model.encode_text(hidden, mask), golden["text_features_masked_ids"], **EMBEDDING)
    assert_near("sim_t2v", text @ video.T, golden["sim_t2v"], **EMBEDDING)
    for name, (temperature, weight) in losses.items():
        loss = contrastive_loss(text, video, temperature, weight=weight).reshape(1)
        assert_near(name, loss, golden[f"stage1.{name}"], **EMBEDDING)
    videos_differ_alike(video, golden["vis_features"])


@torch.no_grad()
def test_eleven_frames_and_the_zero_shot_size(large_goldens: Read) -> None:
    golden = large_goldens("hdvila_large_stage1_11frames")
    model = large_model("stage1")
    high, low = pixels("img_middle11", 2, 1, 3, 640, 1024), pixels("img_other11", 2, 1, 10, 3, 160, 256)
    video = model.encode_video(high, low)
    text = model.encode_text(*formulas.text("text", [31, 50], 50, VOCAB))
    assert_near("vis_features", video, golden["vis_features"], **EMBEDDING)
    assert_near("text_features", text, golden["text_features"], **EMBEDDING)
    assert_near("sim_t2v", text @ video.T, golden["sim_t2v"], **EMBEDDING)
    videos_differ_alike(video, golden["vis_features"])
    high, low = pixels("img_middle224", 2, 1, 3, 896, 1280), pixels("img_other224", 2, 1, 10, 3, 224, 320)
    video = model.encode_video(high, low)
    assert_near("zero_shot", video, golden["zero_shot_224x320.vis_features"], **EMBEDDING)
    videos_differ_alike(video, golden["zero_shot_224x320.vis_features"])


@pytest.mark.parametrize("task", ["msrvtt_qa", "tgif_mc"])
@torch.no_grad()
def test_answers(task: str, large_goldens: Read) -> None:
    golden = large_goldens("hdvila_large_qa")
    if task == "msrvtt_qa":
        model = large_model("open_ended", 1500)
        high, low = pixels("img_middle", 2, 1, 3, 640, 1024), pixels("img_other", 2, 1, 6, 3, 160, 256)
        ids, mask = formulas.text("qa_text", [12, 23], 100, VOCAB)
    else:
        model = large_model("multiple_choice")
        high, low = pixels("img_middle_sq", 2, 1, 3, 768, 768), pixels("img_other_sq", 2, 1, 6, 3, 192, 192)
        ids, mask = formulas.text("mc_text", [14, 16, 18, 20, 30] * 2, 30, VOCAB)
    assert torch.equal(ids, golden[f"{task}.ids"])
    logits = model.answer_logits(high, low, ids, mask)
    assert_near(task, logits, golden[f"{task}.logits"], **LOGITS)
    videos_differ_alike(logits[0], golden[f"{task}.logits"][0])


@torch.no_grad()
def test_bfloat16_at_full_size(record_property: Callable[[str, object], None]) -> None:
    """The differences that models/hdvila/README.md states."""
    high, low = pixels("img_middle11", 2, 1, 3, 640, 1024), pixels("img_other11", 2, 1, 10, 3, 160, 256)
    ids, mask = formulas.text("text", [31, 50], 50, VOCAB)
    model = large_model("stage1")
    exact = model.encode_video(high, low), model.encode_text(ids, mask)
    model.to(torch.bfloat16)
    rough = model.encode_video(high, low), model.encode_text(ids, mask)
    for name, ours, golden in zip(("video", "text"), rough, exact, strict=True):
        cosine = torch.cosine_similarity(ours, golden).min().item()
        record_property(f"{name} cosine", cosine)
        record_property(f"{name} largest difference", (ours - golden).abs().max().item())
        assert cosine > 0.998, f"{name}: cosine {cosine}"

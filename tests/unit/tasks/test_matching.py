"""Matching: the losses of the official ClipBERT on its own logits, and what a recipe must have."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from hdvila.data.batch import Batch
from hdvila.data.settings import DataSettings
from hdvila.errors import UsageError
from hdvila.tasks.matching import Matching, matching_loss
from hdvila.tasks.pretrain_image_text import PretrainImageText
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.train.recipe import Recipe
from tests.shared import SHARED, needs
from tests.systems.frame_mean import FrameMeanConfig, Frames
from tests.systems.frame_pairs import FramePairs, FramePairsConfig

GOLDENS = SHARED / "reference" / "goldens"


def batch(clips: int = 3, wrong: int = 2) -> Batch:
    frames = torch.randint(0, 255, (clips, 4, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    ids = torch.arange(clips * (1 + wrong) * 6).reshape(clips, 1 + wrong, 6) % 70 + 5
    return Batch((frames.to(torch.uint8),), ids, torch.ones_like(ids), torch.arange(clips))


@needs(GOLDENS)
@pytest.mark.parametrize("how", ["mean", "max", "logsumexp"])
def test_cross_entropy_is_the_official_one(how: str) -> None:
    golden = load_file(GOLDENS / "clipbert_retrieval.safetensors")
    logits_SBOC = golden["clip_logits"].unflatten(1, (2, 2))
    loss, right = matching_loss(logits_SBOC, how)
    short = "lse" if how == "logsumexp" else how
    torch.testing.assert_close(loss, golden[f"loss_{short}"], rtol=0, atol=1e-6)
    matched = golden[f"score_{short}"] > 0.5
    assert right == (matched == torch.tensor([True, False, True, False])).sum()


@needs(GOLDENS)
@pytest.mark.parametrize("how", ["mean", "max"])
def test_the_margin_is_the_official_one(how: str) -> None:
    golden = load_file(GOLDENS / "clipbert_retrieval_rank.safetensors")
    logits_SBOC = golden["clip_logits"].unflatten(1, (2, 3))
    loss, _ = matching_loss(logits_SBOC, how, margin=0.2)
    torch.testing.assert_close(loss, golden[f"loss_{how}"], rtol=0, atol=1e-6)
    for one_1BOC, wanted in zip(logits_SBOC.split(1), golden["clip_loss"], strict=True):
        torch.testing.assert_close(matching_loss(one_1BOC, how, margin=0.2)[0], wanted.mean(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("task", "classes"), [(Matching(), 2), (Matching("margin", consensus="max"), 1)])
def test_the_task_gives_that_loss_of_each_text_with_its_own_clip(task: Matching, classes: int) -> None:
    torch.manual_seed(0)
    net, some = FramePairs(FramePairsConfig(vocab_size=80, max_text_positions=16, classes=classes)).eval(), batch()
    with torch.no_grad():
        loss, metrics = task.loss_sum(task.forward(net, some), some)
        visual = net.visual_tokens(*some.video)
        each = [net.match(net.joint_states(visual, some.input_ids[:, n], some.attention_mask[:, n])[:, :, 0])
                for n in range(3)]  # fmt: skip
    logits_SBOC = torch.stack(each, 2)
    wanted, right = matching_loss(logits_SBOC, task.consensus, None if classes == 2 else 0.2)
    assert task.count(some) == (9 if classes == 2 else 6)
    torch.testing.assert_close(loss / task.count(some), wanted)
    assert metrics["accuracy"] == right
    other = Matching("margin" if classes == 2 else "cross_entropy")
    with pytest.raises(UsageError, match=rf"task\.loss={other.loss} needs .* for a pair, and this one has {classes}"):
        other.forward(net, some)


def test_settings_that_no_run_can_have_are_refused() -> None:
    for wrong, words in (
        ({"loss": "hinge"}, "choose one of cross_entropy, margin"),
        ({"consensus": "median"}, "choose one of mean, max, logsumexp"),
        ({"loss": "margin", "consensus": "logsumexp"}, "choose task.consensus=mean or max, or task.loss=cross_entropy"),
        ({"margin": 0.0}, "above 0"),
    ):
        with pytest.raises(UsageError, match=words):
            Matching(**wrong)  # type: ignore[arg-type]


def test_wrong_texts_are_there_for_those_who_read_them_and_for_nobody_else() -> None:
    data = DataSettings(preprocess=Frames(), text_length=8)
    config = FramePairsConfig(vocab_size=80, max_text_positions=8, classes=2)
    with pytest.raises(UsageError, match=r"data\.negatives=0: the task Matching of the recipe m .*negatives=1 or more"):
        Recipe("m", Matching(), config, data, 10, 4)
    recipe = Recipe("m", Matching(), config, replace(data, negatives=3), 10, 4)
    with pytest.raises(UsageError, match=r"data\.negatives=3: the task PretrainStage1 .* set data\.negatives=0"):
        replace(recipe, task=PretrainStage1(), model=FrameMeanConfig(vocab_size=80, max_text_positions=8))
    with pytest.raises(UsageError, match="does not fit the task PretrainImageText"):
        replace(recipe, task=PretrainImageText())

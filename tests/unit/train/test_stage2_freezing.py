"""Stage two freezes stage one truly: no gradient, no dropout, no stochastic depth."""

from __future__ import annotations

import pytest
import torch

from hdvila.data.order import SampleKey
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from tests.unit.train.toy_training import VOCABULARY, dataset, model

FROZEN = (
    "cnn.", "cnn_low.", "grid_encoder.", "grid_encoder_low.", "grid_encoder_combine.", "timesformer.",
    "transformer.t_proj", "transformer.v_proj", "transformer.bert.embeddings.", "transformer.bert.pooler1.",
    "transformer.bert.encoder.layer.0.",
)  # fmt: skip
UNREACHED = ("transformer.bert.pooler2.", "transformer.cls.seq_relationship.")


def test_what_is_trained() -> None:
    net = model("stage2")
    PretrainStage2().start(net)
    for name, parameter in net.named_parameters():
        assert parameter.requires_grad == (not name.startswith(FROZEN + UNREACHED)), name


def test_every_trained_parameter_has_a_gradient() -> None:
    net, task = model("stage2"), PretrainStage2(mask_share=0.5)
    task.start(net)
    batch = task.prepare(dataset().batch([SampleKey(0, i) for i in range(6)]), VOCABULARY)
    task.loss_sum(task.forward(net, batch), batch)[0].backward()
    assert {n for n, p in net.named_parameters() if p.requires_grad} == {
        n for n, p in net.named_parameters() if p.grad is not None
    }


@pytest.mark.parametrize("official", [False, True])
def test_frozen_parts_are_in_evaluation_mode_unless_asked(official: bool) -> None:
    net, task = model("stage2", dropout=0.5), PretrainStage2(official_dropout_in_frozen_parts=official)
    task.train_mode(net)
    batch = dataset().batch([SampleKey(0, 1), SampleKey(0, 2)])
    draws = [net.encode_video(*batch.video) for _ in range(2)]
    draws += [net.encode_text(batch.input_ids, batch.attention_mask) for _ in range(2)]
    assert torch.equal(draws[0], draws[1]) != official
    assert torch.equal(draws[2], draws[3]) != official
    joint = [net.joint_states(*batch.video, batch.input_ids, batch.attention_mask) for _ in range(2)]
    assert not torch.equal(joint[0], joint[1])  # what is trained keeps its dropout

"""The loss of every task is the tested function of its file, on what its own forward pass gives."""

from __future__ import annotations

from typing import get_args

import torch

from hdvila.data.batch import Batch
from hdvila.data.order import SampleKey
from hdvila.tasks.contrastive import contrastive_loss
from hdvila.tasks.masked_words import masked_word_loss, right_words
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.tasks.task import Task
from hdvila.tasks.video_qa import VideoQA, answer_loss
from hdvila.types import Over
from tests.unit.train.toy_training import VOCABULARY, dataset, model

CLIPS = 6


def sums(task: Task, variant: str) -> tuple[float, float, Batch]:
    """(sum of the loss, sum of what is right, prepared batch) of a step, without its gradient."""
    net = model(variant).eval()
    batch = task.prepare(dataset(variant=variant).batch([SampleKey(0, i) for i in range(CLIPS)]), VOCABULARY)
    with torch.no_grad():
        loss, metrics = task.loss_sum(task.forward(net, batch), batch)
    return float(loss), float(metrics["accuracy"]), batch


@torch.no_grad()
def test_masked_words() -> None:
    for over in get_args(Over):
        task = PretrainStage2(mask_share=0.5, consensus_over=over)
        loss, right, batch = sums(task, "stage2")
        assert batch.labels is not None
        logits_BLV = model("stage2").eval().masked_language_logits(*batch.video, *batch[1:3], over=over)
        torch.testing.assert_close(loss / task.count(batch), float(masked_word_loss(logits_BLV, batch.labels)))
        assert right == right_words(logits_BLV, batch.labels)


@torch.no_grad()
def test_contrast() -> None:
    net = model("stage1").eval()
    loss, _, batch = sums(PretrainStage1(temperature=0.08, weight=1.0), "stage1")
    texts = net.encode_text(batch.input_ids, batch.attention_mask)
    wanted = contrastive_loss(texts, net.encode_video(*batch.video), 0.08, weight=1.0)
    torch.testing.assert_close(loss / CLIPS, float(wanted))


@torch.no_grad()
def test_answers() -> None:
    for consensus in ("mean", "max", "logsumexp"):
        loss, _, batch = sums(VideoQA(consensus), "open_ended")
        logits_SBA = model("open_ended").eval().answer_logits(*batch.video, *batch[1:3])
        assert batch.answers is not None
        torch.testing.assert_close(loss / CLIPS, float(answer_loss(logits_SBA, batch.answers, consensus)))

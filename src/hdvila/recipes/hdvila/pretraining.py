"""The paper's pre-training at full size (Xue et al. 2022).

Batches are those of the paper: 1,024 clips per step. "Epochs" count the 103 million clips of HD-VILA-100M.
`processes` is the paper's number of GPUs; any number that divides the batch gives the same run. Where the paper (its
second version) and the released code differ, there is a recipe for both; the code's ends in ``-official``.

Up to 1,000 clips are held out for validation, and the last model is saved: the paper's zero-shot numbers are of "the
last saved model".
"""

from __future__ import annotations

from dataclasses import replace

from hdvila.data.settings import DataSettings
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.train.recipe import Recipe, Start, Validate

CLIPS = 103_000_000
BATCH = 1024
STEPS_PER_EPOCH = CLIPS // BATCH
TOKENIZER = "bert-base-uncased"
FULL, HALF = Preprocess(640, 1024, rate=5), Preprocess(320, 512, rate=5)
"""A clip has 2 segments of one HR and six LR frames each. Frames are half a second apart, so a segment lasts 3 s, and
two "about 6 s". HALF is the "360p" switch of the released loader."""
OFFICIAL = replace(FULL, rate=4)
"""The released code takes every 12th frame at a video's own rate: 0.4 s at 30 frames a second."""
MEASURED = Validate(every=2000, keep="last")


def _data(preprocess: Preprocess) -> DataSettings:
    return DataSettings(preprocess=preprocess, text_length=50, tokenizer=TOKENIZER, workers=8, clips=CLIPS)


def hdvila_stage1() -> Recipe:
    """HD-VILA, stage one: texts and videos in one space, 7 epochs.

    Command: hdvila train hdvila-stage1 --into RUN --set data.corpus=DIR --set start.bert=DIR --set start.resnet=FILE
    Cost: the paper used 128 V100; by an author's account about 18 days with the low-resolution part below.
    Expect: zero-shot MSR-VTT R@1 of 14.6 (the paper's, after stage two as well). Not measured here.
    """
    return Recipe(
        name="hdvila-stage1",
        task=PretrainStage1(temperature=0.05),
        model=HDVILAConfig(variant="stage1"),
        data=_data(FULL),
        steps=7 * STEPS_PER_EPOCH,
        validate=MEASURED,
        batch_size=BATCH,
        activation_checkpointing=True,
        precision="bfloat16",
        seed=24,
        checkpoint_every=2000,
        processes=128,
    )


def hdvila_stage2() -> Recipe:
    """HD-VILA, stage two: masked words from text and video together, stage one frozen, 4 epochs.

    Command: hdvila train hdvila-stage2 --into RUN --set data.corpus=DIR --set start.bert=DIR --set start.model=STAGE1
    Cost: the paper used 32 V100 with two micro-batches a step; 7 days for three low-resolution epochs.
    Expect: no published number of its own; the question-answering results rest on it. Not measured here.
    """
    return Recipe(
        name="hdvila-stage2",
        task=PretrainStage2(mask_share=0.15, consensus="logsumexp", consensus_over="logits"),
        model=HDVILAConfig(variant="stage2"),
        data=_data(FULL),
        steps=4 * STEPS_PER_EPOCH,
        validate=MEASURED,
        batch_size=BATCH,
        accumulate=2,
        precision="bfloat16",
        seed=24,
        checkpoint_every=2000,
        processes=32,
    )


def hdvila_stage1_official() -> Recipe:
    """As hdvila-stage1 with the released configuration: 10 epochs, frames 0.4 s apart.

    Command: hdvila train hdvila-stage1-official --into RUN --set data.corpus=DIR, and starts as for hdvila-stage1
    Cost: not published.
    Expect: no published number of its own. Not measured here.
    """
    base = hdvila_stage1()
    return replace(base, name=base.name + "-official", data=_data(OFFICIAL), steps=10 * STEPS_PER_EPOCH)


def hdvila_stage2_official() -> Recipe:
    """As hdvila-stage2 by the released code: 10 epochs, consensus over hidden states, dropout in frozen parts too.

    Command: hdvila train hdvila-stage2-official --into RUN --set data.corpus=DIR, and starts as for hdvila-stage2
    Cost: not published.
    Expect: no published number of its own. Not measured here.
    """
    base = hdvila_stage2()
    task = PretrainStage2(mask_share=0.15, consensus="logsumexp", official_dropout_in_frozen_parts=True)
    return replace(base, name=base.name + "-official", task=task, data=_data(OFFICIAL), steps=10 * STEPS_PER_EPOCH)


def hdvila_stage1_low_resolution() -> Recipe:
    """HD-VILA, stage one as an author ran it, first part: 6 epochs on small frames (320x512 and 80x128).

    Command: as hdvila-stage1; then hdvila-stage1-high-resolution with --set start.model=RUN/model
    Cost: 12 days on the paper's 128 V100, by an author's account, which does not state the size of the frames.
    Expect: an intermediate model without a published number. Not measured here.
    """
    base = hdvila_stage1()
    return replace(base, name=base.name + "-low-resolution", data=_data(HALF), steps=6 * STEPS_PER_EPOCH)


def hdvila_stage1_high_resolution() -> Recipe:
    """HD-VILA, stage one as an author ran it, second part: 1 epoch at full size.

    Command: hdvila train hdvila-stage1-high-resolution --into RUN --set data.corpus=DIR --set start.model=LOW/model
    Cost: 6 days on the paper's 128 V100, by an author's account.
    Expect: zero-shot MSR-VTT R@1 of 14.6 (the paper's, after stage two as well). Not measured here.
    """
    base = hdvila_stage1()
    return replace(base, name=base.name + "-high-resolution", start=Start(), steps=STEPS_PER_EPOCH)


def hdvila_stage2_low_resolution() -> Recipe:
    """HD-VILA, stage two as an author ran it, first part: 3 epochs on small frames (320x512 and 80x128).

    Command: as hdvila-stage2; then hdvila-stage2-high-resolution with --set start.model=RUN/model
    Cost: 7 days on the paper's 32 V100, by an author's account.
    Expect: an intermediate model without a published number. Not measured here.
    """
    base = hdvila_stage2()
    return replace(base, name=base.name + "-low-resolution", data=_data(HALF), steps=3 * STEPS_PER_EPOCH)


def hdvila_stage2_high_resolution() -> Recipe:
    """HD-VILA, stage two as an author ran it, second part: 1 epoch at full size.

    Command: hdvila train hdvila-stage2-high-resolution --into RUN --set data.corpus=DIR --set start.model=LOW/model
    Cost: not published.
    Expect: no published number of its own; the question-answering results rest on it. Not measured here.
    """
    base = hdvila_stage2()
    return replace(base, name=base.name + "-high-resolution", steps=STEPS_PER_EPOCH)

"""Pre-training on one's own videos: a model between the miniature's 2 million weights and the paper's 300 million.

A ResNet of eight blocks at half the width, a text encoder of six layers, and a vocabulary from the corpus's own
texts. It starts from random weights, so it learns only from the corpus; a tenth of the clips is held out for
validation.
"""

from __future__ import annotations

from hdvila.data.settings import DataSettings
from hdvila.models.hdvila.config import HDVILAConfig, Variant
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.train.optim import Optim
from hdvila.train.recipe import Recipe, Validate

TEXT_LENGTH = 50
HEIGHT, WIDTH = 192, 320
_DATA = DataSettings(preprocess=Preprocess(HEIGHT, WIDTH, segments=1, neighbours=3), text_length=TEXT_LENGTH, workers=2)


def small_model(variant: Variant) -> HDVILAConfig:
    """A model of 24 million weights in stage one and 35 in stage two.

    The spread of initial weights is chosen as for the miniature (`miniature_model`): about 1 / sqrt(384) where a model
    with BERT's spread would ignore the frames or their order.
    """
    return HDVILAConfig(
        variant=variant,
        initializer_range=0.02 if variant == "stage1" else 0.05,
        time_initializer_range=0.05,
        hidden_size=384,
        num_attention_heads=6,
        intermediate_size=1536,
        text_layers=6,
        joint_layers=4,
        vocab_size=8192,
        max_text_positions=64,
        visual_rows=16,
        visual_columns=16,
        resnet_depths=(2, 2, 2, 2),
        resnet_width=32,
        hybrid_layers=2,
        hybrid_attention_heads=6,
        grid=(HEIGHT // 64, WIDTH // 64),
        frames=7,
    )


def hdvila_small_stage1() -> Recipe:
    """HD-VILA in small, stage one, for one's own videos: texts and videos in one space, from random weights.

    Command: hdvila train hdvila-small-stage1 --into RUN --set data.corpus=DIR
    Cost: 2.4 GB of activations in float32, by --plan; many hours on a CPU, not run to its end here.
    Expect: R@1 on the clips that are held out, as validation in RUN/log.jsonl. Not measured on any published data.
    """
    return Recipe(
        name="hdvila-small-stage1",
        task=PretrainStage1(temperature=0.05),
        model=small_model("stage1"),
        data=_DATA,
        steps=4000,
        batch_size=64,
        optim=Optim(lr=3e-4, weight_decay=1e-2),
        validate=Validate(every=250),
        precision="auto",
        checkpoint_every=250,
    )


def hdvila_small_stage2() -> Recipe:
    """HD-VILA in small, stage two, for one's own videos: masked words from text and video, stage one frozen.

    Command: hdvila train hdvila-small-stage2 --into RUN --set data.corpus=DIR --set start.model=STAGE1/model
    Cost: 0.6 GB of activations in float32, by --plan; hours on a CPU, not run to its end here.
    Expect: masked words right on the clips that are held out, as validation. Not measured on any published data.
    """
    return Recipe(
        name="hdvila-small-stage2",
        task=PretrainStage2(mask_share=0.15, consensus="logsumexp"),
        model=small_model("stage2"),
        data=_DATA,
        steps=4000,
        batch_size=64,
        optim=Optim(lr=5e-4, weight_decay=1e-2),
        validate=Validate(every=250),
        precision="auto",
        checkpoint_every=250,
    )

"""ClipBERT's image-text pre-training on COCO and Visual Genome captions, as its paper did it (Lei et al. 2021).

A step reads images of one of the two data sets, each as often as the other, as the released code does; an image is a
video of one frame, seen with one of its captions, drawn each time. The paper counts 5.6 million pairs of 151 thousand
images in an epoch; steps are counted in such pairs. The released code puts two captions beside each image that it
reads, 32 images a GPU; here the same 64 pairs have 64 images, so a step reads twice as many images.
"""

from __future__ import annotations

from dataclasses import replace

from hdvila.data.settings import Benchmark, DataSettings
from hdvila.models.clipbert.config import ClipBERTConfig
from hdvila.models.clipbert.inputs import SparseClips
from hdvila.recipes.clipbert.retrieval import OFFICIAL, PAPER, TOKENIZER, steps_of
from hdvila.tasks.pretrain_image_text import PretrainImageText
from hdvila.train.optim import Optim, Schedule
from hdvila.train.recipe import Ingredient, Recipe

PAIRS = 5_600_000
EPOCHS = 40
IMAGES = {"coco-captions": 82_783, "visual-genome": 108_077}


def _data(protocol: str, text_length: int) -> DataSettings:
    return DataSettings(
        benchmark=Benchmark(protocol=protocol, segments=1),
        preprocess=SparseClips(size=768),
        text_length=text_length,
        tokenizer=TOKENIZER,
        workers=8,
        clips=IMAGES[protocol],
        negatives=1,
    )


def clipbert_pretraining() -> Recipe:
    """ClipBERT, image-text pre-training on COCO and Visual Genome: masked words, matching, 40 epochs.

    Command: hdvila train clipbert-pretraining --into RUN --set data.benchmark.folder=COCO --set start.bert=DIR
    Cost: the paper used 8 V100 for 4 days. Also: --set also.0.data.benchmark.folder=VG --set start.resnet=R-50.pth
    Expect: MSR-VTT R@1 10.2 after fine-tuning with 1 clip of 1 frame (the paper's, local validation). Not measured.
    """
    return _recipe("clipbert-pretraining", text_length=20)


def clipbert_pretraining_official() -> Recipe:
    """As clipbert-pretraining with the released configuration: 30 tokens, batches of 512 pairs, 4 GPUs, and its quirks.

    Command: as clipbert-pretraining
    Cost: 4 GPUs in the released commands.
    Expect: no published number of its own. Not measured here.
    """
    recipe = replace(_recipe("clipbert-pretraining-official", text_length=30), accumulate=2, processes=4)
    return replace(recipe, batch_size=512, steps=steps_of(EPOCHS, PAIRS, 512), compat=OFFICIAL)


def _recipe(name: str, text_length: int) -> Recipe:
    task = PretrainImageText()
    return Recipe(
        name=name,
        task=task,
        model=ClipBERTConfig(variant="pretraining", sampled_tokens=100),
        data=_data("coco-captions", text_length),
        also=(Ingredient(task, _data("visual-genome", text_length)),),
        steps=steps_of(EPOCHS, PAIRS, 256),
        batch_size=256,
        optim=Optim(lr=5e-5, weight_decay=1e-3),
        schedule=Schedule("linear", 0.1),
        precision="bfloat16",
        seed=42,
        checkpoint_every=2000,
        processes=8,
        compat=PAPER,
    )

"""ClipBERT in small, on the miniature world: image-text pre-training on frames of its videos, then its benchmarks."""

from __future__ import annotations

from dataclasses import replace

from hdvila.data.settings import Benchmark, DataSettings, MiniatureSource
from hdvila.models.clipbert.config import ClipBERTConfig, Variant
from hdvila.models.clipbert.inputs import SparseClips
from hdvila.recipes.clipbert.retrieval import PAPER
from hdvila.tasks.matching import Matching
from hdvila.tasks.pretrain_image_text import PretrainImageText
from hdvila.tasks.task import Task
from hdvila.tasks.video_qa import VideoQA
from hdvila.train.optim import Optim, Schedule
from hdvila.train.recipe import Recipe, Validate

TEXT_LENGTH = 32
SEEN = SparseClips(size=192, clips=1, frames=1, stream="hr")
"""One frame of the stored 216 x 144 pixels: a grid of 3 x 3, of which a third shows padding."""


def miniature_clipbert(variant: Variant, num_answers: int = 0) -> ClipBERTConfig:
    """A model of a million weights.

    Its ResNet has the strides of torchvision, so that it starts from that of a miniature HD-VILA. The spread of initial
    weights is about 1 / sqrt(128), as for the joint transformer of the miniature HD-VILA. The stem and the first stage
    are frozen, as in the paper: the stem reads pixels of -128 to 128, so that steps of Adam that suit the other weights
    make its output, and all features, a thousand times as large.
    """
    return ClipBERTConfig(
        variant=variant,
        num_answers=num_answers,
        hidden_size=128,
        num_attention_heads=4,
        intermediate_size=512,
        layers=3,
        vocab_size=512,
        max_text_positions=TEXT_LENGTH,
        visual_rows=8,
        visual_columns=8,
        resnet_depths=(1, 1, 1, 1),
        resnet_width=16,
        stride_in="3x3",
        dropout=0.0,
        initializer_range=0.1,
        centred_grid=True,
    )


def miniature_clipbert_pretraining() -> Recipe:
    """ClipBERT in the miniature world: masked words and matching of single frames with the words said beside them.

    Command: hdvila train miniature-clipbert-pretraining --into runs/clipbert --set start.resnet=resnet.pth
    Cost: minutes on 2 CPU cores; without start.resnet it learns from random weights.
    Expect: masked-word accuracy far above guessing the most frequent word.
    """
    return Recipe(
        name="miniature-clipbert-pretraining",
        task=PretrainImageText(mask_share=0.3),
        model=miniature_clipbert("pretraining"),
        data=DataSettings(
            miniature=MiniatureSource(videos=640, seed=0),
            preprocess=SEEN,
            text_length=TEXT_LENGTH,
            tokenizer="miniature",
            negatives=1,
        ),
        steps=1000,
        batch_size=64,
        optim=Optim(lr=5e-4, weight_decay=1e-2),
        schedule=Schedule("linear", warmup=0.1),
        precision="auto",
        checkpoint_every=100,
        compat=PAPER,
    )


def _recipe(name: str, protocol: str, task: Task, model: ClipBERTConfig, test_clips: int = 1) -> Recipe:
    return Recipe(
        name=name,
        task=task,
        model=model,
        data=DataSettings(
            benchmark=Benchmark(protocol=protocol, segments=test_clips),
            preprocess=SEEN,
            text_length=TEXT_LENGTH,
            tokenizer="miniature",
            negatives=1 if isinstance(task, Matching) else 0,
        ),
        steps=400,
        batch_size=32,
        optim=Optim(lr=5e-4, weight_decay=1e-2),
        schedule=Schedule("linear", warmup=0.1),
        validate=Validate(every=100),
        precision="auto",
        checkpoint_every=100,
        compat=PAPER,
    )


def miniature_clipbert_retrieval() -> Recipe:
    """ClipBERT on MSR-VTT in the miniature world: retrieval by one caption, 1x1.

    Command: hdvila train miniature-clipbert-retrieval --into RUN --set data.benchmark.folder=DIR --set start.model=M
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    task = Matching(consensus="logsumexp")
    return _recipe("miniature-clipbert-retrieval", "msrvtt-1ka", task, miniature_clipbert("retrieval"))


def miniature_clipbert_questions() -> Recipe:
    """ClipBERT on MSRVTT-QA in the miniature world: open questions, 1x1.

    Command: hdvila train miniature-clipbert-questions --into RUN --set data.benchmark.folder=DIR --set start.model=M
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    task = VideoQA(consensus="logsumexp")
    return _recipe("miniature-clipbert-questions", "msrvtt-qa", task, miniature_clipbert("open_ended", 100))


def miniature_clipbert_frameqa() -> Recipe:
    """ClipBERT on TGIF-QA's frame questions in the miniature world: what one frame shows, open answers.

    Command: hdvila train miniature-clipbert-frameqa --into RUN --set data.benchmark.folder=DIR --set start.model=M
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    return _recipe(
        "miniature-clipbert-frameqa",
        "tgif-frameqa",
        VideoQA(consensus="logsumexp"),
        miniature_clipbert("open_ended", 100),
    )


def miniature_clipbert_action() -> Recipe:
    """ClipBERT on TGIF-QA's actions in the miniature world: what is done so many times, five options, 4x1.

    Command: hdvila train miniature-clipbert-action --into RUN --set data.benchmark.folder=DIR --set start.model=M
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    recipe = _recipe(
        "miniature-clipbert-action",
        "tgif-action",
        VideoQA(consensus="logsumexp"),
        miniature_clipbert("multiple_choice"),
        4,
    )
    return replace(recipe, data=replace(recipe.data, preprocess=replace(SEEN, clips=4)))

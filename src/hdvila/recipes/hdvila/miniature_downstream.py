"""The downstream tasks in small, on the miniature world's benchmarks (`hdvila miniature benchmarks`)."""

from __future__ import annotations

from dataclasses import replace

from hdvila.data.settings import Benchmark, DataSettings
from hdvila.models.hdvila.config import Variant
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.recipes.hdvila.miniature import TEXT_LENGTH, miniature_model
from hdvila.recipes.hdvila.retrieval import CONTRASTIVE
from hdvila.tasks.video_qa import VideoQA
from hdvila.train.optim import Optim, Schedule
from hdvila.train.recipe import Recipe, Validate

SEEN = Preprocess(height=128, width=192, segments=1, neighbours=5, rate=2, fps=6.0, hr_every=3)
"""Three frames a second for more than three seconds: an action from beginning to end."""


WHOLE = replace(SEEN, rate=12)
"""Frames as far apart as possible: the first neighbour is near the start of a short clip and the last near its end."""


def _recipe(
    name: str, protocol: str, variant: Variant, segments: int, num_answers: int = 0, steps: int = 600
) -> Recipe:
    model = miniature_model(variant, num_answers)
    return Recipe(
        name=name,
        task=CONTRASTIVE if variant == "stage1" else VideoQA(),
        model=model,
        data=DataSettings(
            benchmark=Benchmark(protocol=protocol, segments=segments), preprocess=SEEN, text_length=TEXT_LENGTH
        ),
        steps=steps,
        batch_size=32,
        optim=Optim(lr=5e-4, weight_decay=1e-2),
        schedule=Schedule("linear", warmup=0.1),
        validate=Validate(every=100),
        precision="auto",
        checkpoint_every=100,
    )


def miniature_msrvtt_retrieval() -> Recipe:
    """MSR-VTT in the miniature world: retrieval by one caption.

    Command: hdvila train miniature-msrvtt-retrieval --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: R@1 33 % of 600 clips from stage one, 12 % from random weights.
    Measured by: hdvila miniature reproduction (three seeds)
    """
    return _recipe("miniature-msrvtt-retrieval", "msrvtt-1ka", "stage1", segments=1, steps=200)


def miniature_msrvtt_retrieval_7k() -> Recipe:
    """MSR-VTT in the miniature world, trained on the list without its own test: for msrvtt-full and -mc.

    Command: hdvila train miniature-msrvtt-retrieval-7k --into RUN --set data.benchmark.folder=DIR
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    return _recipe("miniature-msrvtt-retrieval-7k", "msrvtt-1ka-7k", "stage1", segments=1, steps=200)


def miniature_didemo_retrieval() -> Recipe:
    """DiDeMo in the miniature world: retrieval of long videos by paragraphs.

    Command: hdvila train miniature-didemo-retrieval --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: R@1 23 % of 150 videos from stage one, 7 % from random weights.
    Measured by: hdvila miniature reproduction (three seeds)
    """
    return _long(_recipe("miniature-didemo-retrieval", "didemo", "stage1", segments=8, steps=150))


def miniature_activitynet_retrieval() -> Recipe:
    """ActivityNet Captions in the miniature world: retrieval of long videos by paragraphs.

    Command: hdvila train miniature-activitynet-retrieval --into RUN --set data.benchmark.folder=DIR
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: R@1 24 % of 150 videos from stage one, 9 % from random weights.
    Measured by: hdvila miniature reproduction (three seeds)
    """
    return _long(_recipe("miniature-activitynet-retrieval", "activitynet-val1", "stage1", segments=8, steps=150))


def miniature_lsmdc_retrieval() -> Recipe:
    """LSMDC in the miniature world: retrieval of short clips of films by one sentence.

    Command: hdvila train miniature-lsmdc-retrieval --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    return replace(_recipe("miniature-lsmdc-retrieval", "lsmdc", "stage1", segments=1), batch_size=16)


def miniature_youcook2_retrieval() -> Recipe:
    """YouCook2 in the miniature world: retrieval of the steps of long videos by one sentence.

    Command: hdvila train miniature-youcook2-retrieval --into RUN --set data.benchmark.folder=DIR
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    return _recipe("miniature-youcook2-retrieval", "youcook2", "stage1", segments=1)


def miniature_msvd_qa() -> Recipe:
    """MSVD-QA in the miniature world: open questions.

    Command: hdvila train miniature-msvd-qa --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    return _recipe("miniature-msvd-qa", "msvd-qa", "open_ended", segments=1, num_answers=100)


def miniature_msrvtt_qa() -> Recipe:
    """MSRVTT-QA in the miniature world: open questions.

    Command: hdvila train miniature-msrvtt-qa --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: 48 % from stage one, 30 % from random weights, 4 % by the most frequent answer.
    Measured by: hdvila miniature reproduction (three seeds)
    """
    return _recipe("miniature-msrvtt-qa", "msrvtt-qa", "open_ended", segments=1, num_answers=100, steps=500)


def miniature_tgif_action() -> Recipe:
    """TGIF-QA's actions in the miniature world: what is done so many times, five options.

    Command: hdvila train miniature-tgif-action --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: 99 % from stage one, 26 % from random weights, chance (20 %) with frames shuffled.
    Measured by: hdvila miniature reproduction (three seeds)
    """
    return _slow_cnn(_whole(_recipe("miniature-tgif-action", "tgif-action", "multiple_choice", segments=1, steps=150)))


def miniature_tgif_transition() -> Recipe:
    """TGIF-QA's transitions in the miniature world: what is done before or after, five options.

    Command: hdvila train miniature-tgif-transition --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: 90 % from stage one, 60 % from random weights, chance (20 %) with frames shuffled.
    Measured by: hdvila miniature reproduction (three seeds)
    """
    recipe = _recipe("miniature-tgif-transition", "tgif-transition", "multiple_choice", segments=1, steps=400)
    return _gently(_whole(recipe))


def miniature_tgif_frameqa() -> Recipe:
    """TGIF-QA's frame questions in the miniature world: what one frame shows, open answers.

    Command: hdvila train miniature-tgif-frameqa --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: 61 % from stage one, 44 % without HR detail, 36 % from random weights.
    Measured by: hdvila miniature reproduction (three seeds)
    """
    return _whole(
        _recipe("miniature-tgif-frameqa", "tgif-frameqa", "open_ended", segments=1, num_answers=100, steps=1000)
    )


def miniature_tgif_count() -> Recipe:
    """TGIF-QA's counts in the miniature world: how many times, a choice among 0 to 10.

    Command: hdvila train miniature-tgif-count --into RUN --set data.benchmark.folder=DIR --set start.model=MODEL
    Cost: minutes on 2 CPU cores; without start.model it learns from random weights.
    Expect: not measured yet at this length.
    """
    recipe = _recipe("miniature-tgif-count", "tgif-count", "open_ended", segments=1, num_answers=11)
    return replace(_whole(recipe), batch_size=16)  # few actions are repeated


def _whole(recipe: Recipe) -> Recipe:
    """Frames from the whole of a GIF."""
    return replace(recipe, data=replace(recipe.data, preprocess=WHOLE))


def _slow_cnn(recipe: Recipe) -> Recipe:
    """A small learning rate for the convolutions: with few questions they would memorise single frames."""
    return replace(recipe, optim=replace(recipe.optim, lr=1e-3, cnn_lr=1e-4))


def _gently(recipe: Recipe) -> Recipe:
    """A small learning rate: at 1e-3 the loss of transitions only falls once the schedule has decayed to 2e-4."""
    return replace(recipe, optim=replace(recipe.optim, lr=2e-4))


def _long(recipe: Recipe) -> Recipe:
    """Several segments per video, as the paper uses for long videos."""
    preprocess = replace(recipe.data.preprocess, segments=4)
    return replace(recipe, data=replace(recipe.data, preprocess=preprocess), batch_size=16)

"""How much memory a step takes, found by running its forward pass on tensors that have shapes but no contents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from hdvila.data.batch import Batch
from hdvila.hub import settle_precision
from hdvila.models.registry import get_system
from hdvila.nn.pretrained import PretrainedModel
from hdvila.train.frozen import set_trained, train_mode
from hdvila.train.recipe import Ingredient, Recipe

FLOAT32 = 4
ADAM_MOMENTS = 2


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one GPU."""

    weights: int
    """float32, and with bfloat16 the copies that autocast makes for the forward pass."""
    gradients: int
    optimizer: int
    """Adam's two moments."""
    activations: int
    """What the forward pass of `clips` clips keeps for the backward pass."""
    clips: int
    """Clips that run through the model at a time."""

    @property
    def total(self) -> int:
        """Without the short-lived workspace of single operations and what the CUDA context takes."""
        return self.weights + self.gradients + self.optimizer + self.activations


def shapes_only(recipe: Recipe) -> PretrainedModel:
    """The recipe's model on the meta device, with its frozen parts set."""
    with torch.device("meta"):
        model = get_system(recipe.model.system).build(recipe.model, initialise=False)
    model.fold_batch_norm()
    set_trained(model, recipe.task, recipe.freeze)
    return model


def kept_bytes(recipe: Recipe) -> int:
    """Bytes that every process needs for weights, gradients and moments, independent of the batch."""
    model = shapes_only(recipe)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return FLOAT32 * (sum(p.numel() for p in model.parameters()) + (1 + ADAM_MOMENTS) * trained)


def estimate_memory(recipe: Recipe, clips: int) -> Memory:
    """Memory of one GPU that runs `clips` clips at a time.

    Weights, gradients and moments are counted. Activations are the distinct tensors that autograd keeps during a real
    forward pass of the recipe's model, task and precision on shapes alone, of several tasks the most; with activation
    checkpointing the largest stage is added, because its activations come back during the backward pass. With `shard`
    each process has its part of weights, gradients and moments, and the weights of the largest stage.
    """
    model = shapes_only(recipe)
    weights = sum(t.numel() for t in (*model.parameters(), *model.buffers())) * FLOAT32
    if settle_precision(recipe.precision) == "bfloat16":
        weights += weights // 2
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad) * FLOAT32
    if recipe.shard and recipe.processes > 1:  # each has its part of all, and the whole of the stage that computes
        stages = [sum(p.numel() for p in stage.parameters()) * FLOAT32 for stage in model.stages()]
        weights = weights // recipe.processes + max(stages, default=weights)
        trained //= recipe.processes
    return Memory(weights, trained, trained * ADAM_MOMENTS, _activations(recipe, model, clips), clips)


def _activations(recipe: Recipe, model: PretrainedModel, clips: int) -> int:
    with FakeTensorMode(allow_non_fake_inputs=True):
        model.to_empty(device="cpu")
        whole = _most_saved(recipe, model, clips)
        if not recipe.activation_checkpointing:
            return whole.total
        model.checkpoint_activations()
        return _most_saved(recipe, model, clips).total + max(whole.stages.values(), default=0)


@dataclass(slots=True)
class _Saved:
    total: int = 0
    stages: dict[str, int] = field(default_factory=dict)


def _most_saved(recipe: Recipe, model: PretrainedModel, clips: int) -> _Saved:
    """Of the recipe's sources the one whose steps save most."""
    return max((_saved_bytes(recipe, one, model, clips) for one in recipe.ingredients), key=lambda saved: saved.total)


def _saved_bytes(recipe: Recipe, one: Ingredient, model: PretrainedModel, clips: int) -> _Saved:
    """Bytes of distinct storages that autograd saves in one forward pass, parameters aside."""
    saved, stage = _Saved(), [""]
    known: dict[int, Any] = {p.untyped_storage()._cdata: p for p in model.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in known:
            known[storage._cdata] = tensor  # held, so that no other storage takes its place
            saved.total += storage.nbytes()
            if stage[0]:
                saved.stages[stage[0]] = saved.stages.get(stage[0], 0) + storage.nbytes()
        return tensor

    with ExitStack() as stack:
        stack.enter_context(torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor))
        half = settle_precision(recipe.precision) == "bfloat16"
        stack.enter_context(torch.autocast("cpu", torch.bfloat16, enabled=half))
        stack.enter_context(_naming_stages(model, lambda name: stage.__setitem__(0, name)))
        train_mode(model, one.task, recipe.freeze)
        one.task.forward_shapes(model, empty_batch(recipe, one, clips))
    return saved


def empty_batch(recipe: Recipe, one: Ingredient, clips: int) -> Batch:
    """A batch of `clips` black clips with the shapes that the ingredient `one` has in training."""
    shapes = one.data.preprocess.shapes
    video = tuple(None if shape is None else torch.zeros(clips, *shape, dtype=torch.uint8) for shape in shapes)
    texts = recipe.model.texts_per_clip + one.data.negatives
    ids = torch.ones(clips, *((texts,) if texts > 1 else ()), one.data.text_length, dtype=torch.long)
    return Batch(video, ids, ids, torch.ones(clips, dtype=torch.long))


@contextmanager
def _naming_stages(model: PretrainedModel, now_in: Callable[[str], None]) -> Iterator[None]:
    """Tell `now_in` the name of the stage that runs, and "" after it."""
    handles = []
    for number, stage in enumerate(model.recomputed_stages()):
        label = f"stage {number}"
        handles.append(stage.register_forward_pre_hook(lambda *_, label=label: now_in(label)))
        handles.append(stage.register_forward_hook(lambda *_: now_in("")))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()

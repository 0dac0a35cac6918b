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
from hdvila.models.hdvila.config import OPTIONS_PER_QUESTION
from hdvila.models.hdvila.model import HDVILA
from hdvila.tasks.pretrain_stage2 import PretrainStage2
from hdvila.train.recipe import Recipe

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


def shapes_only(recipe: Recipe) -> HDVILA:
    """The recipe's model without contents, its frozen parts marked."""
    with torch.device("meta"):
        model = HDVILA(recipe.model, start=False)
    model.fold_batch_norm()
    recipe.task.start(model)
    return model


def kept_bytes(recipe: Recipe) -> int:
    """What a process has for itself, whatever its part of the batch: weights, gradients and moments."""
    model = shapes_only(recipe)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return FLOAT32 * (sum(p.numel() for p in model.parameters()) + (1 + ADAM_MOMENTS) * trained)


def estimate_memory(recipe: Recipe, clips: int) -> Memory:
    """Memory of one GPU that runs `clips` clips at a time.

    Weights, gradients and moments are counted. Activations are the distinct tensors that autograd keeps during a real
    forward pass of the recipe's model, task and precision on shapes alone; with activation checkpointing the largest
    ResNet stage is added, because its activations come back during the backward pass.
    """
    model = shapes_only(recipe)
    recipe.task.train_mode(model)
    weights = sum(t.numel() for t in (*model.parameters(), *model.buffers())) * FLOAT32
    if settle_precision(recipe.precision) == "bfloat16":
        weights += weights // 2
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad) * FLOAT32
    return Memory(weights, trained, trained * ADAM_MOMENTS, _activations(recipe, model, clips), clips)


def _activations(recipe: Recipe, model: HDVILA, clips: int) -> int:
    with FakeTensorMode(allow_non_fake_inputs=True):
        model.to_empty(device="cpu")
        whole = _saved_bytes(recipe, model, clips)
        if not recipe.activation_checkpointing:
            return whole.total
        model.checkpoint_activations()
        return _saved_bytes(recipe, model, clips).total + max(whole.stages.values(), default=0)


@dataclass(slots=True)
class _Saved:
    total: int = 0
    stages: dict[str, int] = field(default_factory=dict)


def _saved_bytes(recipe: Recipe, model: HDVILA, clips: int) -> _Saved:
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
        _forward(recipe, model, _empty_batch(recipe, clips))
    return saved


def _forward(recipe: Recipe, model: HDVILA, batch: Batch) -> None:
    if not isinstance(recipe.task, PretrainStage2):
        recipe.task.forward(model, batch)
        return
    length, task = recipe.data.text_length, recipe.task
    masked = int(batch.size * length * task.mask_share) + 1  # which words does not matter here
    if task.consensus_over == "hidden":
        states_BLD = model.masked_states(batch.high, batch.low, batch.input_ids, batch.attention_mask)
        model.word_logits(states_BLD.flatten(0, 1)[:masked])
    else:
        states_SBTD = model.joint_states(batch.high, batch.low, batch.input_ids, batch.attention_mask)
        states_SBLD = states_SBTD[:, :, :length].float()
        model.aggregate(model.word_logits(states_SBLD.flatten(1, 2)[:, :masked]), task.consensus)


def _empty_batch(recipe: Recipe, clips: int) -> Batch:
    see = recipe.data.preprocess
    high = torch.zeros(clips, see.segments, 3, see.height, see.width, dtype=torch.uint8)
    low = torch.zeros(
        clips, see.segments, 2 * see.neighbours, 3, see.height // 4, see.width // 4, dtype=torch.uint8
    )  # fmt: skip
    options = (OPTIONS_PER_QUESTION,) if recipe.model.variant == "multiple_choice" else ()
    ids = torch.ones(clips, *options, recipe.data.text_length, dtype=torch.long)
    keys = torch.ones(clips, dtype=torch.long)
    return Batch(high if see.reads_high else None, low if see.reads_low else None, ids, ids, keys)


@contextmanager
def _naming_stages(model: HDVILA, now_in: Callable[[str], None]) -> Iterator[None]:
    """Tell `now_in` the name of the ResNet stage that runs, and "" after it."""
    handles = []
    for net in (model.cnn, model.cnn_low):
        for part, layer in net.named_children():
            if part.startswith("layer"):
                label = f"{part} of {id(net)}"
                handles.append(layer.register_forward_pre_hook(lambda *_, label=label: now_in(label)))
                handles.append(layer.register_forward_hook(lambda *_: now_in("")))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()

"""What a run trains: all that its task and its model leave, without the parts that the recipe names (`freeze`)."""

from __future__ import annotations

from collections.abc import Iterable

from hdvila.errors import UsageError, some_of
from hdvila.nn.pretrained import PretrainedModel
from hdvila.tasks.task import Task

__all__ = ["set_trained", "train_mode"]


def set_trained(model: PretrainedModel, task: Task, freeze: Iterable[str] = ()) -> None:
    """Give the parameters that a run does not train ``requires_grad = False``, and the others True.

    Args:
        freeze: dotted names of parts or parameters that keep their initial weights, such as ``cnn``.

    Raises:
        UsageError: a name that nothing has, or nothing is left to train.
    """
    task.start(model)
    for name in freeze:
        named = [parameter for key, parameter in model.named_parameters() if _within(key, name)]
        if not named:
            keys = [key for key, _ in model.named_parameters()]
            parts = list(dict.fromkeys(key.partition(".")[0] for key in keys))
            raise UsageError(
                f"freeze={name}: no part of this {model.system} model is called so: it has {some_of(parts)}, and parts "
                f"of these, such as {keys[0].rpartition('.')[0]}"
            )
        for parameter in named:
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UsageError(
            f"freeze={','.join(freeze)}: nothing is left of this {model.system} model to train: freeze less of it"
        )


def train_mode(model: PretrainedModel, task: Task, freeze: Iterable[str] = ()) -> None:
    """Put what is trained into training mode, and the frozen parts into evaluation mode: they have no dropout."""
    task.train_mode(model)
    for key, module in model.named_modules():
        if any(_within(key, name) for name in freeze):
            module.eval()


def _within(key: str, name: str) -> bool:
    return f"{key}.".startswith(f"{name}.")

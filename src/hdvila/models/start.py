"""Where the weights of a new model come from, and which of its parts begin at random."""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["RandomPart", "Start"]


@dataclass(frozen=True, slots=True)
class Start:
    """Weights to begin with; what none of them holds begins at random. A system says which of these it knows."""

    model: str = ""
    """A model folder, checkpoint or hub id, of any stage; the recipe's model takes all weights that the two share."""
    bert: str = ""
    """A Hugging Face BERT folder or file."""
    resnet: str = ""
    """A ResNet file (torchvision, mmdetection or Hugging Face names)."""

    def named(self) -> dict[str, str]:
        """The files that are given, by field, without `model`."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: source for name, source in found.items() if source and name != "model"}


@dataclass(frozen=True, slots=True)
class RandomPart:
    """A part of a model, or some of its tensors, that no file fills.

    Attributes:
        name: the part for people, such as ``"joint transformer, layers 2-3"``.
        tensors: how many of its tensors begin at random.
        weights: how many numbers these tensors have together.
        origin: what the paper initialises the part from, such as ``"BERT"``; ``"new"``: nothing.
        advice: the end of the sentence "... begin at random", from its punctuation on; empty for no advice.
    """

    name: str
    tensors: int
    weights: int
    origin: str
    advice: str = ""

"""The sizes of a ClipBERT model: a frozen value that is saved beside the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Literal, get_args

from hdvila.errors import UsageError
from hdvila.models.config import Capability, check_sizes
from hdvila.settings import from_json
from hdvila.types import NOT_IN_VECTORS

__all__ = ["LEAST_SIDE", "OPTIONS_PER_QUESTION", "ClipBERTConfig", "Fusion", "StrideIn", "Variant"]

Variant = Literal["pretraining", "retrieval", "ranking", "open_ended", "multiple_choice", "count"]
Fusion = Literal["mean", "conv3d", "conv2+1d"]
StrideIn = Literal["1x1", "3x3"]

_TRAINED_FOR: dict[Variant, Capability] = {
    "pretraining": "masked_words",
    "retrieval": "pair_scores",
    "ranking": "pair_scores",
    "open_ended": "open_answers",
    "multiple_choice": "options",
    "count": "numbers",
}

OPTIONS_PER_QUESTION = 5
"""Sequences "question option" of one video in the multiple-choice variant (TGIF-QA has five options)."""

LEAST_SIDE = 33
"""The smallest side of a frame that gives a grid, in pixels. A side of L pixels has ceil(L / 32) // 2 places: the
ResNet rounds up at each of its five halvings, the pooling of the grid encoder drops an odd row or column."""


@dataclass(frozen=True, slots=True)
class ClipBERTConfig:
    """Sizes and settings of `ClipBERT`. The defaults are the paper's model (arXiv 2102.06183).

    Raises:
        UsageError: a value that no model can have, such as a width that the heads do not divide.
    """

    system: ClassVar[str] = "clipbert"

    variant: Variant = "retrieval"
    """pretraining: masked words and matching; retrieval: two-way matching head; ranking: a head of one score, for the
    margin loss; open_ended, multiple_choice, count: answer heads."""

    hidden_size: int = 768
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    layers: int = 12
    vocab_size: int = 30522
    max_text_positions: int = 512
    text_token_types: int = 2
    visual_rows: int = 100
    visual_columns: int = 100
    dropout: float = field(default=0.1, metadata=NOT_IN_VECTORS)
    """In the transformer and before the heads, hidden states and attention alike."""
    num_answers: int = field(default=0, metadata=NOT_IN_VECTORS)
    """Rows of the answer head of `open_ended`."""

    resnet_depths: tuple[int, int, int, int] = (3, 4, 6, 3)
    resnet_width: int = 64
    """Channels of the stem; stage k gives ``resnet_width * 4 * 2**k`` channels."""
    stride_in: StrideIn = "1x1"
    """Which convolution of a ResNet stage has its stride: 1x1 in grid-feature files, 3x3 in those of torchvision."""
    frozen_stages: int = field(default=2, metadata=NOT_IN_VECTORS)
    """Stages of the ResNet that keep their initial weights, the stem being the first: 2 as in the paper, 0 for none."""
    fusion: Fusion = "mean"
    """How the T frames of a clip become one grid: their mean; or a 3-D convolution of kernel 3 before it, whole or
    split into space and time (paper, Table 2)."""
    centred_grid: bool = field(default=False, metadata=NOT_IN_VECTORS)
    """Begin with a grid encoder that does not see what all frames have in common. The features of a ResNet are never
    negative, and most of a small network's are in every frame: with torch's initial weights, which the paper has,
    tokens hardly differ from frame to frame, and a small model learns from words alone for a long time."""
    sampled_tokens: int = field(default=0, metadata=NOT_IN_VECTORS)
    """Grid tokens that training keeps, drawn once a batch (100 in the paper's pre-training); 0: all."""
    initializer_range: float = field(default=0.02, metadata=NOT_IN_VECTORS)

    def __post_init__(self) -> None:
        object.__setattr__(self, "resnet_depths", tuple(self.resnet_depths))  # lists come from JSON
        for name, known in (("variant", Variant), ("fusion", Fusion), ("stride_in", StrideIn)):
            if getattr(self, name) not in get_args(known):
                raise UsageError(
                    f"{name}={getattr(self, name)!r} is unknown: choose one of {', '.join(get_args(known))}"
                )
        least_one = ("hidden_size", "intermediate_size", "vocab_size", "max_text_positions", "text_token_types",
                     "visual_rows", "visual_columns", "resnet_depths", "resnet_width")  # fmt: skip
        least = dict.fromkeys(least_one, 1) | dict.fromkeys(("layers", "frozen_stages", "sampled_tokens"), 0)
        check_sizes(self, least, ("num_attention_heads",))
        if len(self.resnet_depths) != 4 or self.frozen_stages > 5:
            raise UsageError(
                f"resnet_depths={self.resnet_depths}, frozen_stages={self.frozen_stages}: a ResNet has a stem and 4 "
                "stages: give 4 numbers, and 0 to 5"
            )
        if self.variant == "open_ended" and self.num_answers < 1:
            raise UsageError("variant='open_ended' needs num_answers, the number of possible answers (at least 1)")
        if self.variant != "open_ended" and self.num_answers:
            raise UsageError(
                f"num_answers={self.num_answers} with variant={self.variant!r}: leave num_answers out, or choose "
                "variant='open_ended'"
            )
        if not 0 <= self.dropout < 1 or not 0 <= self.initializer_range < math.inf:
            raise UsageError(
                f"dropout={self.dropout}, initializer_range={self.initializer_range}: choose 0 <= dropout < 1 and a "
                "finite range of 0 or more"
            )

    @property
    def head_rows(self) -> int:
        """Rows of the head for matching or answers; 0 for a variant without that head."""
        rows = {"retrieval": 2, "ranking": 1, "multiple_choice": 1, "open_ended": self.num_answers}
        return rows.get(self.variant, 0)

    @property
    def texts_per_clip(self) -> int:
        """Texts that are read about a clip at once."""
        return OPTIONS_PER_QUESTION if self.variant == "multiple_choice" else 1

    @property
    def trained_for(self) -> Capability:
        """What a model of this variant is trained for."""
        return _TRAINED_FOR[self.variant]

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What a model of this variant can be asked."""
        matches: tuple[Capability, ...] = ("pair_scores",) if self.variant == "pretraining" else ()
        return frozenset((self.trained_for, *matches))

    def with_answers(self, count: int) -> ClipBERTConfig:
        """The same with at least so many rows for open answers; itself for a model without that head."""
        return replace(self, num_answers=max(self.num_answers, count)) if self.variant == "open_ended" else self

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ClipBERTConfig:
        """The inverse of `to_dict`.

        Raises:
            UsageError: a key that is not a setting, with the nearest one, or a value of another kind.
        """
        return from_json(cls, values, "a model of clipbert")

"""The sizes of an HD-VILA model: a frozen value that is saved beside the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Literal, get_args

from hdvila.errors import UsageError
from hdvila.models.config import Capability, check_sizes
from hdvila.settings import from_json
from hdvila.types import NOT_IN_VECTORS

Variant = Literal["stage1", "stage2", "open_ended", "multiple_choice"]
TextPooling = Literal["mean", "cls"]

_TRAINED_FOR: dict[Variant, Capability] = {
    "stage1": "retrieval",
    "stage2": "masked_words",
    "open_ended": "open_answers",
    "multiple_choice": "options",
}

OPTIONS_PER_QUESTION = 5
"""Sequences "question option" of one video in the multiple-choice variant (TGIF-QA has five options)."""


@dataclass(frozen=True, slots=True)
class HDVILAConfig:
    """Sizes and settings of `HDVILA`. The defaults are the paper's model (arXiv 2111.10337).

    A small model for a laptop: ``HDVILAConfig(hidden_size=128, text_layers=2, joint_layers=2, intermediate_size=512,
    num_attention_heads=2, hybrid_layers=2, hybrid_attention_heads=2, resnet_depths=(1, 1, 1, 1), resnet_width=16,
    grid=(2, 3), vocab_size=1000, max_text_positions=64)``.

    Raises:
        UsageError: a value that no model can have, such as a width that the heads do not divide.
    """

    system: ClassVar[str] = "hdvila"
    # fmt: off
    FIRST_SETTINGS: ClassVar[frozenset[str]] = frozenset((
        "variant", "hidden_size", "num_attention_heads", "intermediate_size", "text_layers", "joint_layers",
        "vocab_size", "max_text_positions", "text_token_types", "visual_rows", "visual_columns", "dropout",
        "text_pooling", "num_answers", "resnet_depths", "resnet_width", "hybrid_layers", "hybrid_attention_heads",
        "hybrid_mlp_ratio", "hybrid_stochastic_depth", "grid", "frames", "initializer_range", "time_initializer_range",
    ))
    # fmt: on
    """Those that version 1 of a library's fingerprint knew (`hdvila.hub.identity`)."""

    variant: Variant = "stage1"
    """stage1: two encoders for retrieval; stage2: with the joint transformer and its pre-training heads;
    open_ended, multiple_choice: with the joint transformer and an answer head."""

    hidden_size: int = 1024
    num_attention_heads: int = 16
    intermediate_size: int = 4096
    text_layers: int = 12
    joint_layers: int = field(default=12, metadata=NOT_IN_VECTORS)
    """Layers of the joint transformer; stage one has none and ignores the value."""
    vocab_size: int = 30522
    max_text_positions: int = 512
    text_token_types: int = 2
    visual_rows: int = 100
    visual_columns: int = 100
    dropout: float = field(default=0.1, metadata=NOT_IN_VECTORS)
    """In the text and the joint transformer and before the answer head, hidden states and attention alike."""
    text_pooling: TextPooling = "mean"
    """What of the text goes to its pooler: the mean over all real tokens, or the output at [CLS]."""
    num_answers: int = field(default=0, metadata=NOT_IN_VECTORS)
    """Rows of the answer head of `open_ended`; one row, the fit of an option, in `multiple_choice`."""

    resnet_depths: tuple[int, int, int, int] = (3, 4, 6, 3)
    resnet_width: int = 64
    """Channels of the stem; stage k gives ``resnet_width * 4 * 2**k`` channels."""

    hybrid_layers: int = 4
    hybrid_attention_heads: int = 16
    hybrid_mlp_ratio: float = 4.0
    hybrid_stochastic_depth: float = field(default=0.1, metadata=NOT_IN_VECTORS)
    """Chance of leaving out the residuals of the last block in training; it grows linearly from 0 at the first."""
    grid: tuple[int, int] = (10, 16)
    """Rows and columns of the learned position table (HR pixels / 64). Other sizes resize the table bilinearly."""
    frames: int = 7
    """Entries of the learned time table. Other frame counts resize the table linearly."""
    initializer_range: float = field(default=0.02, metadata=NOT_IN_VECTORS)
    time_initializer_range: float = field(default=0.0, metadata=NOT_IN_VECTORS)
    """Spread of the initial weights of time attention. With 0, as in the paper, each frame is at first processed alone,
    which suits the weights of an image model. From random weights, contrastive learning does not find the order of
    frames that way; with about 1 / sqrt(hidden_size), and a random time table (0.5), it does."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "resnet_depths", tuple(self.resnet_depths))  # lists come from JSON
        object.__setattr__(self, "grid", tuple(self.grid))
        if self.variant not in get_args(Variant):
            raise UsageError(f"variant={self.variant!r} is unknown: choose one of {', '.join(get_args(Variant))}")
        if self.text_pooling not in get_args(TextPooling):
            raise UsageError(f"text_pooling={self.text_pooling!r} is unknown: choose mean or cls")
        least_one = ("hidden_size", "intermediate_size", "vocab_size", "max_text_positions", "text_token_types",
                     "visual_rows", "visual_columns", "resnet_depths", "resnet_width", "grid", "frames")  # fmt: skip
        least = dict.fromkeys(least_one, 1) | dict.fromkeys(("text_layers", "joint_layers", "hybrid_layers"), 0)
        check_sizes(self, least, ("num_attention_heads", "hybrid_attention_heads"))
        ranges = self.initializer_range, self.time_initializer_range
        if not self.hybrid_mlp_ratio * self.hidden_size >= 1 or not all(0 <= r < math.inf for r in ranges):
            raise UsageError(
                f"hybrid_mlp_ratio={self.hybrid_mlp_ratio}, initializer_range={ranges[0]}, "
                f"time_initializer_range={ranges[1]}: choose a positive ratio and finite ranges of 0 or more"
            )
        if len(self.resnet_depths) != 4 or len(self.grid) != 2:
            raise UsageError(f"resnet_depths needs 4 numbers and grid 2, got {self.resnet_depths} and {self.grid}")
        if self.variant == "open_ended" and self.num_answers < 1:
            raise UsageError("variant='open_ended' needs num_answers, the number of possible answers (at least 1)")
        if self.variant == "multiple_choice" and self.num_answers not in (0, 1):
            raise UsageError(
                f"num_answers={self.num_answers} with variant='multiple_choice': its head gives one number an option; "
                "leave num_answers out, or choose variant='open_ended'"
            )
        if not 0 <= self.dropout < 1 or not 0 <= self.hybrid_stochastic_depth < 1:
            raise UsageError(
                f"dropout={self.dropout} and hybrid_stochastic_depth={self.hybrid_stochastic_depth} are chances: "
                "choose 0 <= value < 1"
            )

    @property
    def has_joint_transformer(self) -> bool:
        return self.variant != "stage1"

    @property
    def answers_questions(self) -> bool:
        return self.variant in ("open_ended", "multiple_choice")

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
        return frozenset(("retrieval", self.trained_for) if self.variant == "stage2" else (self.trained_for,))

    def with_answers(self, count: int) -> HDVILAConfig:
        """The same with at least so many rows for open answers."""
        return replace(self, num_answers=max(self.num_answers, count))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> HDVILAConfig:
        """The inverse of `to_dict`.

        Raises:
            UsageError: a key that is not a setting, with the nearest one, or a value of another kind.
        """
        return from_json(cls, values, "a model of hdvila")

"""What a configuration tells the rest of the library about its model, and what models can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, Protocol

from hdvila.errors import UsageError

__all__ = ["IN_WORDS", "Capability", "Config", "check_sizes", "named"]

Capability = Literal["retrieval", "pair_scores", "masked_words", "open_answers", "options", "numbers"]
"""What a model can do (`hdvila.nn.capabilities` has the methods that each one requires).

retrieval: embed videos and texts in one space. pair_scores: score a video and a text that it reads together.
masked_words: predict masked words. open_answers: choose from a vocabulary of answers. options: choose one of the
options of a question. numbers: answer with a number, by regression.
"""

IN_WORDS: Mapping[Capability, str] = {
    "retrieval": "retrieval",
    "pair_scores": "scores of text-video pairs",
    "masked_words": "masked words",
    "open_answers": "open answers",
    "options": "a choice of options",
    "numbers": "numbers",
}
"""Names of the capabilities for messages."""


class Config(Protocol):
    """The sizes and settings of a model: a frozen dataclass that is saved with its weights.

    Properties that never change may be class variables. The class also has ``from_dict``, the inverse of `to_dict`,
    which the default of `System.infer_config` calls.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    system: ClassVar[str]
    """The name of its `System`, such as ``"hdvila"``."""

    @property
    def vocab_size(self) -> int:
        """Rows of the word embedding, at least the size of the tokenizer."""

    @property
    def max_text_positions(self) -> int:
        """The longest text, in tokens."""

    @property
    def num_answers(self) -> int:
        """Rows of the head for open answers; 0 for a model without that head."""

    @property
    def texts_per_clip(self) -> int:
        """Texts that the model reads with one clip: 1, or the number of options of a question, such as 5."""

    @property
    def trained_for(self) -> Capability:
        """The capability that training this configuration aims at; a recipe's task must match it."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Everything that the trained model can do, `trained_for` included."""

    def with_answers(self, count: int) -> Config:
        """A copy with `count` or more rows for open answers; itself if it has enough, or has no such head."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, by field."""


def named(model: Config) -> str:
    """How errors name a configuration: by its variant, if its system has several, else by its system."""
    variant = getattr(model, "variant", "")
    return f"model.variant={variant!r}" if variant else f"a model of {model.system}"


def check_sizes(config: Config, least: Mapping[str, int], heads: Iterable[str]) -> None:
    """Check sizes that every model of transformers and ResNets has.

    Args:
        config: one with `hidden_size`.
        least: the smallest value of a field, or of each of its numbers.
        heads: fields with numbers of attention heads, which must divide the hidden size.

    Raises:
        UsageError: a value that no model can have.
    """
    for name, smallest in least.items():
        value = getattr(config, name)
        if min(value if isinstance(value, tuple) else (value,), default=smallest) < smallest:
            raise UsageError(f"{name}={value}: choose {smallest} or more")
    width = config.hidden_size  # type: ignore[attr-defined]
    for name in heads:
        count = getattr(config, name)
        if count < 1 or width % count:
            raise UsageError(f"{name}={count} does not divide hidden_size={width}: choose a divisor")

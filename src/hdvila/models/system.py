"""What a system is to the rest of the house: one value that answers what only it knows.

`hdvila.models.registry` finds systems by name; nobody else names one. A folder of a system exports a subclass's
instance; what a method does not say is as most systems have it. Without torch, as recipes are listed without it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Protocol, cast

from typing_extensions import TypeVar

from hdvila.errors import CheckpointError, UsageError
from hdvila.models.inputs import Inputs

if TYPE_CHECKING:
    from hdvila.nn.checkpoint import LoadReport
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.nn.weight_files import Weights

__all__ = [
    "IN_WORDS",
    "Capability",
    "Config",
    "RandomPart",
    "Sampling",
    "Shown",
    "Start",
    "System",
    "named",
]

Capability = Literal["retrieval", "pair_scores", "masked_words", "open_answers", "options"]
"""What can be asked of a model (`hdvila.nn.capabilities`): vectors of videos and texts in one space; the score of a
video and a text that are read together; words that are masked; an answer out of a vocabulary; one of several options.
"""

IN_WORDS: Mapping[Capability, str] = {
    "retrieval": "retrieval",
    "pair_scores": "scores of text-video pairs",
    "masked_words": "masked words",
    "open_answers": "open answers",
    "options": "a choice of options",
}
"""What a model is for, for people."""

Sampling = Literal["standard", "zero-shot", "official"]
"""How a model is shown a benchmark: as its paper has it; as its paper has it without fine-tuning; or as its released
configuration has it."""


class Config(Protocol):
    """The sizes and settings of a model: a frozen dataclass that is saved with it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    system: ClassVar[str]

    @property
    def vocab_size(self) -> int: ...

    @property
    def max_text_positions(self) -> int: ...

    @property
    def num_answers(self) -> int:
        """Rows of the head for open answers; 0 without one."""

    @property
    def texts_per_clip(self) -> int:
        """How many texts it reads about a clip at once: 1, or the options of a question."""

    @property
    def trained_for(self) -> Capability:
        """What a model of this configuration is trained for."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can be asked."""

    def with_answers(self, count: int) -> Config:
        """The same with at least so many rows for open answers."""

    def to_dict(self) -> dict[str, Any]: ...


def named(model: Config) -> str:
    """A configuration in an error: its variant, where a system has several."""
    variant = getattr(model, "variant", "")
    return f"model.variant={variant!r}" if variant else f"a model of {model.system}"


@dataclass(frozen=True, slots=True)
class Start:
    """Weights to begin with; what none of them holds begins at random. A system says which of these it knows."""

    model: str = ""
    """A model folder, checkpoint or hub id, of any stage; the recipe's model takes everything that the two share."""
    bert: str = ""
    """A Hugging Face BERT folder or file."""
    resnet: str = ""
    """A ResNet file (torchvision, mmdetection or Hugging Face names)."""

    def named(self) -> dict[str, str]:
        """Those that are given, but `model`."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: source for name, source in found.items() if source and name != "model"}


@dataclass(frozen=True, slots=True)
class RandomPart:
    """A part of a model, or some of its tensors, that no file fills.

    Attributes:
        name: the part, in words, with its layers where it has some.
        tensors, weights: how many of them begin at random.
        origin: from what the paper starts it; "new": at random too.
        advice: the same as a sentence goes on.
    """

    name: str
    tensors: int
    weights: int
    origin: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a system is shown a benchmark.

    Attributes:
        train, test: its inputs; both read one store.
        text_length: tokens.
        consensus: how answers to the segments of a clip become one: mean, max or logsumexp.
        zero_shot: as `test`, for a model that was not fine-tuned, where the paper has other settings for that.
        official: as `test`, in the released configuration, where that differs from the paper.
        differences: where paper and official code part, and what else is easily done wrong, a sentence each.
    """

    train: Inputs
    test: Inputs
    text_length: int = 50
    consensus: str = "mean"
    zero_shot: Inputs | None = None
    official: Inputs | None = None
    differences: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        looks = {"train": self.train, "test": self.test, "zero_shot": self.zero_shot, "official": self.official}
        return {
            "text_length": self.text_length,
            "consensus": self.consensus,
            **{name: look and look.to_dict() for name, look in looks.items()},
            "differences": list(self.differences),
        }


M = TypeVar("M", bound="PretrainedModel", default="PretrainedModel")
C = TypeVar("C", bound=Config, default=Config)
In = TypeVar("In", bound=Inputs, default=Inputs)
"""Of a system: its model, configuration and inputs."""


class System(Generic[M, C, In]):
    """One system. A subclass gives the attributes and `build`, and overrides what is otherwise with it.

    Attributes:
        name: as config.json has it.
        about: a line for a list.
        config, inputs: the types of its settings.
        never_decayed: words in the names of parameters without weight decay.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    config: ClassVar[Any]
    inputs: ClassVar[Any]
    never_decayed: ClassVar[tuple[str, ...]] = ("bias", "norm", "embed")

    def build(self, config: C, *, initialise: bool = True) -> M:
        """A model; without `initialise` its weights hold whatever was in memory, and all must be filled."""
        raise NotImplementedError

    def default_inputs(self, config: C) -> In:
        """How a model looks at clips where nothing but its configuration says it."""
        found: In = self.inputs()
        return found

    # ---- weight files

    def recognises(self, weights: Weights) -> bool:
        """Whether keys and shapes are those of this system."""
        return False

    def near_miss(self, weights: Weights) -> str:
        """Why weights that are nearly this system's are not recognised, as a sentence goes on; or nothing."""
        return ""

    def infer_config(self, weights: Weights, settings: Mapping[str, Any]) -> C:
        """The configuration of weights; `settings` say what a file cannot tell, or otherwise."""
        found: C = self.config.from_dict(settings)
        return found

    def untold(self, config: C, settings: Mapping[str, Any]) -> str:
        """What was guessed of a model because its file does not tell it; or nothing."""
        return ""

    def adapt(self, weights: Weights, config: C) -> tuple[Weights, LoadReport]:
        """Our weights out of official ones (or ours), with the reason of every key that is left out."""
        from hdvila.nn.checkpoint import LoadReport

        return dict(weights), LoadReport()

    # ---- training

    def starts(self) -> Mapping[str, Callable[[M, str], LoadReport]]:
        """Files of initial weights by their name in `Start`, in the order in which they are loaded."""
        return {}

    def inherit(self, model: M, source: str, *, same_answers: bool, filled: Collection[str]) -> LoadReport:
        """Fill a model from another of this system: everything that the two share.

        Args:
            same_answers: row i of the other's answer head means the same answer.
            filled: weights that other files have filled.
        """
        raise CheckpointError(f"{source}: a model of {self.name} cannot start from another model yet")

    def random_parts(self, model: M, filled: Collection[str], *, fine_tuning: bool = False) -> list[RandomPart]:
        """What of a model is not `filled` (names in ``state_dict``), part by part."""
        left = {name: value.numel() for name, value in model.state_dict().items() if name not in filled}
        return [RandomPart("the model", len(left), sum(left.values()), "new")] if left else []

    def remark_on_start(self, config: C, start: Start) -> str:
        """What to say of a run with these initial weights; or nothing."""
        return ""

    def settle(self, model: M, filled: Collection[str], batches: Callable[[], Iterable[Any]]) -> None:
        """What else random weights need, such as statistics, from the first batches of a run.

        Args:
            filled: weights that files have filled.
            batches: gives what the model reads of videos, batch by batch.
        """

    def learning_rate_part(self, parameter: str) -> str:
        """Which of the rates of `hdvila.train.optim.Optim` a parameter has."""
        return "transformer"

    def piece_of(self, parameter: str) -> str:
        """The part of the model under which a parameter is counted for people."""
        return parameter.partition(".")[0]

    # ---- benchmarks

    def shown(self, protocol: str) -> Shown | None:
        """How this system is shown a benchmark; None where nothing of it is published: then as a model was trained."""
        return None

    def fit(
        self, own: Any, shown: Shown, sampling: Sampling, *, protocol: str, released_store: str, fine_tuned: bool
    ) -> In:
        """How a model looks at a benchmark's clips.

        Args:
            own: how it looks by itself; None for a checkpoint file that does not say it.
            released_store: the name of the store, if it holds what the released code would see; else ''.

        Raises:
            UsageError: the system, or this model, has no such sampling.
        """
        if sampling != "standard":
            raise UsageError(f"{self.name} has no {sampling} setting: leave --sampling out")
        return cast(In, shown.test) if own is None else own

    def unsaid(self, protocol: str, sampling: Sampling) -> str:
        """What a checkpoint file that does not say how it looks is shown for want of better; or nothing."""
        return ""

    def streams_for(self, protocols: Iterable[str]) -> Mapping[str, tuple[float, int]]:
        """`streams_of` all looks at these benchmarks.

        Raises:
            UsageError: nothing says how this system is shown one of them, or they cannot read one store.
        """
        names = list(protocols)
        shown = [how for name in names if (how := self.shown(name)) is not None]
        if len(shown) < len(names):
            lacking = next(name for name in names if self.shown(name) is None)
            raise UsageError(f"{self.name} has no settings for {lacking}, by which its videos would be stored")
        looks = [one for how in shown for one in (how.train, how.test, how.zero_shot) if one is not None]
        return self.streams_of(cast(list[In], looks))

    def streams_of(self, looks: Iterable[In]) -> Mapping[str, tuple[float, int]]:
        """What a store must hold to be looked at in all these ways: by stream, frames a second and lines on the short
        side.

        Raises:
            UsageError: they cannot read one store.
        """
        raise UsageError(f"{self.name} does not say which streams of frames it reads")

    def released_streams(self, gifs: bool) -> Any:
        """What cuts clips for a store as the released code prepares them (`hdvila.corpus.prepare`)."""
        raise UsageError(f"{self.name} has no released preparation of videos: leave --official out")

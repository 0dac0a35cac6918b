"""The interface between a model family and the rest of the library.

A `System` bundles everything that is specific to one model family: its configuration, its inputs, its weight files,
its optimiser groups and its benchmark settings. To add one:

1. write a configuration (`hdvila.models.config.Config`) and inputs (`hdvila.models.inputs.Inputs`), both frozen
   dataclasses, and a model, a subclass of `hdvila.nn.pretrained.PretrainedModel`;
2. subclass `System`: `name`, `about`, `config`, `inputs`, `build` and `recognises` must be given, every other method
   has a default;
3. pass an instance to `hdvila.models.register`.

``examples/add_system.py`` does it in about a hundred lines. This module does not import torch, because recipes are
listed without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, cast

from typing_extensions import TypeVar

from hdvila.errors import CheckpointError, UsageError
from hdvila.media import FrameStream
from hdvila.models.config import Config
from hdvila.models.inputs import Inputs
from hdvila.models.shown import Sampling, Shown
from hdvila.models.start import RandomPart, Start

if TYPE_CHECKING:
    from hdvila.nn.checkpoint import LoadReport
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.nn.weight_files import Weights

__all__ = ["System"]

M = TypeVar("M", bound="PretrainedModel", default="PretrainedModel")
C = TypeVar("C", bound=Config, default=Config)
In = TypeVar("In", bound=Inputs, default=Inputs)
"""The types of a system's model, configuration and inputs."""


class System(ABC, Generic[M, C, In]):
    """One model family. A subclass must give the first four attributes, `build` and `recognises`.

    Everything else has a default.

    Attributes:
        name: as ``config.json`` stores it, such as ``"hdvila"``.
        about: one line for lists of systems.
        config: the class of its configurations (`Config`).
        inputs: the class of its inputs (`hdvila.models.inputs.Inputs`).
        never_decayed: parameters with one of these substrings in their names have no weight decay.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    config: ClassVar[Any]
    inputs: ClassVar[Any]
    never_decayed: ClassVar[tuple[str, ...]] = ("bias", "norm", "embed")

    @abstractmethod
    def build(self, config: C, *, initialise: bool = True) -> M:
        """A new model of this configuration. Must be given.

        Args:
            initialise: draw random weights. False leaves them uninitialised where that is faster; the caller then
                fills every weight.
        """

    def default_inputs(self, config: C) -> In:
        """The inputs of a model without saved ones. Default: `inputs` with its own defaults.

        Override it if sizes follow from the configuration, such as the number of pixels of a frame.
        """
        found: In = self.inputs()
        return found

    # ---- weight files, in the order in which loading one calls these methods

    @abstractmethod
    def recognises(self, weights: Weights) -> bool:
        """Whether these weights belong to this system, by keys and shapes; official layouts count too. Must be given.

        Claim only keys that no other system has: the first system that says True is taken.
        """

    def near_miss(self, weights: Weights) -> str:
        """Why weights that resemble this system's are not recognised; empty (the default) if they do not.

        It continues the sentence of an error: ``"; 3 do not begin with 'model.': leave them out"``.
        """
        return ""

    def infer_config(self, weights: Weights, settings: Mapping[str, Any]) -> C:
        """The configuration of recognised weights. Default: `settings` alone, with the defaults of `config`.

        Args:
            settings: fields of `config` that are known from elsewhere (config.json, the caller); they take precedence
                over what shapes say.

        Raises:
            CheckpointError, UsageError: weights and settings contradict each other, or a setting is invalid.
        """
        found: C = self.config.from_dict(settings)
        return found

    def untold(self, config: C, settings: Mapping[str, Any]) -> str:
        """A warning about fields that `infer_config` had to guess; empty (the default) if it guessed none.

        Args:
            settings: as in `infer_config`.
        """
        return ""

    def adapt(self, weights: Weights, config: C) -> tuple[Weights, LoadReport]:
        """Map official weights, or ours, to the keys of the model; the report gives a reason for every dropped key.

        Default: all weights under the keys that they have.
        """
        from hdvila.nn.checkpoint import LoadReport

        return dict(weights), LoadReport()

    # ---- training: initial weights, then parameter groups

    def starts(self) -> Mapping[str, Callable[[M, str], LoadReport]]:
        """Loaders of initial weights by their field of `Start`, in the order in which they run. Default: none.

        A loader takes (model, path), fills part of the model in place and returns the report of what it filled. For
        example ``{"bert": load_bert, "resnet": load_resnet}``.
        """
        return {}

    def inherit(self, model: M, source: str, *, same_answers: bool, filled: Collection[str]) -> LoadReport:
        """Fill `model` in place with the weights that it shares with another model of this system (`Start.model`).

        Args:
            source: a model folder or checkpoint file.
            same_answers: row i of both answer heads means the same answer, so the head can be taken over.
            filled: names in ``state_dict`` that the loaders of `starts` have filled.

        Raises:
            CheckpointError: `source` does not fit. The default refuses every source.
        """
        raise CheckpointError(f"{source}: a model of {self.name} cannot start from another model yet")

    def remark_on_start(self, config: C, start: Start) -> str:
        """A warning about a run with these initial weights; empty (the default) for none.

        It continues a sentence that begins with the recipe's name: ``"begins without a stage one model: ..."``.
        """
        return ""

    def random_parts(self, model: M, filled: Collection[str], *, fine_tuning: bool = False) -> list[RandomPart]:
        """The parts of a model that begin at random. Default: everything that is not filled, as one part.

        Args:
            filled: names in ``state_dict`` that files have filled.
            fine_tuning: the run learns from a benchmark, so a new head is expected.
        """
        left = {name: value.numel() for name, value in model.state_dict().items() if name not in filled}
        return [RandomPart("the model", len(left), sum(left.values()), "new")] if left else []

    def settle(self, model: M, filled: Collection[str], batches: Callable[[], Iterable[Any]]) -> None:
        """Finish the initialisation with the first batches of a run, such as statistics of BatchNorm. Default: nothing.

        Args:
            filled: names in ``state_dict`` that files have filled.
            batches: called for batches of video inputs, each a tuple with one (B, ...) tensor for each argument of the
                model, or None for one that it does without.
        """

    def learning_rate_part(self, parameter: str) -> str:
        """The learning rate of a parameter: a key of `hdvila.train.optim.Optim.of_parts`. Default: ``"transformer"``.

        Args:
            parameter: its dotted name in the model, such as ``"cnn.layer1.0.conv1.weight"``.
        """
        return "transformer"

    def never_trained(self, config: C) -> str:
        """The model's `frozen_parts` in words, for ``train --show``. Default: none."""
        return ""

    def piece_of(self, parameter: str) -> str:
        """The part under which ``train --plan`` counts a parameter. Default: its name up to the first dot."""
        return parameter.partition(".")[0]

    # ---- benchmarks

    def shown(self, protocol: str) -> Shown | None:
        """The settings for a protocol, such as ``"msrvtt-1ka"``. Default: None, so models keep their own inputs."""
        return None

    def fit(
        self, own: Any, shown: Shown, sampling: Sampling, *, protocol: str, released_store: str, fine_tuned: bool
    ) -> In:
        """The inputs with which a model is evaluated on a benchmark. Default: `own`, else the settings for its test.

        Args:
            own: the inputs saved with the model; None for a checkpoint file without any.
            shown: the settings of this system for the benchmark.
            sampling: which of them the user asks for.
            protocol: the name of the protocol.
            released_store: the name of the store, if it was prepared as the released code does it; else ''.
            fine_tuned: the model was trained on this benchmark.

        Raises:
            UsageError: the system, or this model, has no such sampling.
        """
        if sampling != "standard":
            raise UsageError(f"{self.name} has no {sampling} settings: leave --sampling out")
        return cast(In, shown.test) if own is None else own

    def unsaid(self, protocol: str, sampling: Sampling) -> str:
        """A warning about the inputs assumed for a checkpoint file without saved ones; empty (the default) for none."""
        return ""

    def streams_of(self, looks: Iterable[In]) -> Mapping[str, FrameStream]:
        """What a store must hold so that all these inputs can read it.

        Returns:
            By stream, its rate and size, such as ``{"frames": FrameStream(6.0, 336)}``.

        Raises:
            UsageError: one store cannot serve them all. The default always raises it.
        """
        raise UsageError(f"{self.name} does not say which streams of frames it reads")

    def streams_for(self, protocols: Iterable[str]) -> Mapping[str, FrameStream]:
        """`streams_of` all inputs for these protocols.

        Raises:
            UsageError: the system has no settings for one of them, or one store cannot serve them all.
        """
        names = list(protocols)
        shown = [how for name in names if (how := self.shown(name)) is not None]
        if len(shown) < len(names):
            lacking = next(name for name in names if self.shown(name) is None)
            raise UsageError(f"{self.name} has no settings for {lacking}, so it does not say how to store its videos")
        inputs = [one for how in shown for one in (how.train, how.test, how.zero_shot) if one is not None]
        return self.streams_of(cast(list[In], inputs))

    def released_streams(self, gifs: bool) -> Any:
        """The preparation of the released code, a `hdvila.corpus.prepare.Cutter`. Default: refused.

        Args:
            gifs: the videos are GIFs.

        Raises:
            UsageError: the system has no such preparation.
        """
        raise UsageError(f"{self.name} has no released preparation of videos: leave --official out")

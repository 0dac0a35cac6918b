"""HD-VILA as the rest of the house sees it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from hdvila.errors import UsageError, some_of
from hdvila.media import FrameStream
from hdvila.models.hdvila.benchmarks import SHOWN, fit, streams_of, unsaid
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.shown import Sampling, Shown
from hdvila.models.start import RandomPart, Start
from hdvila.models.system import System

if TYPE_CHECKING:
    from hdvila.models.hdvila.model import HDVILA
    from hdvila.nn.checkpoint import LoadReport
    from hdvila.nn.weight_files import Weights

__all__ = ["SYSTEM"]

RELEASED_WIDTH = 1024
"""Of all files that the official code has released; they have width / 64 heads."""
_HEADS = ("num_attention_heads", "hybrid_attention_heads")
_CONVOLUTIONS = ("cnn.", "cnn_low.", "grid_encoder.", "grid_encoder_low.", "grid_encoder_combine.")
_PARTS = {"transformer": ("transformer.",), "cnn": _CONVOLUTIONS, "align": ("timesformer.",)}


class _HDVILASystem(System["HDVILA", HDVILAConfig, Preprocess]):
    name: ClassVar[str] = "hdvila"
    about: ClassVar[str] = "HD-VILA (CVPR 2022): retrieval, masked words, question answering; official files and ours"
    config: ClassVar[type[HDVILAConfig]] = HDVILAConfig
    inputs: ClassVar[type[Preprocess]] = Preprocess
    never_decayed: ClassVar[tuple[str, ...]] = ("bias", "LayerNorm.weight", "embed")
    """BatchNorm weights and the norms of the hybrid transformer are decayed, as in the released training code."""

    def build(self, config: HDVILAConfig, *, initialise: bool = True) -> HDVILA:
        from hdvila.models.hdvila.model import HDVILA

        return HDVILA(config, initialise=initialise)

    def default_inputs(self, config: HDVILAConfig) -> Preprocess:
        rows, columns = config.grid
        return Preprocess(64 * rows, 64 * columns, neighbours=config.frames // 2)

    # ---- weight files

    def recognises(self, weights: Weights) -> bool:
        from hdvila.models.hdvila.adapter import is_official

        return is_official(weights)

    def near_miss(self, weights: Weights) -> str:
        prefix = next((key.partition("timesformer.")[0] for key in weights if ".timesformer." in key), "")
        others = [key for key in weights if not key.startswith(prefix)]
        if not prefix:
            return ""
        return f"; {len(others)} do not begin with {prefix!r} as HD-VILA's do: {some_of(others)}: leave them out"

    def infer_config(self, weights: Weights, settings: Mapping[str, Any]) -> HDVILAConfig:
        from hdvila.models.hdvila.adapter import infer_config

        return infer_config(weights, settings)

    def untold(self, config: HDVILAConfig, settings: Mapping[str, Any]) -> str:
        guessed = [key for key in _HEADS if key not in settings]
        if config.hidden_size == RELEASED_WIDTH or not guessed:
            return ""
        heads = config.num_attention_heads
        return (
            f"the file does not tell its {' and '.join(guessed)}, taken as {heads} (width / 64): with other numbers "
            f"its vectors are others; give them, such as {guessed[0]}={heads}"
        )

    def adapt(self, weights: Weights, config: HDVILAConfig) -> tuple[Weights, LoadReport]:
        from hdvila.models.hdvila.adapter import from_official

        return from_official(weights, config)

    # ---- training

    def starts(self) -> Mapping[str, Callable[[HDVILA, str], LoadReport]]:
        from hdvila.models.hdvila.initial_weights import load_bert, load_resnet

        return {"bert": load_bert, "resnet": load_resnet}

    def inherit(self, model: HDVILA, source: str, *, same_answers: bool, filled: Collection[str]) -> LoadReport:
        from hdvila.models.hdvila.inherit import load_pretrained

        return load_pretrained(model, source, same_answers=same_answers, filled=filled)

    def random_parts(self, model: HDVILA, filled: Collection[str], *, fine_tuning: bool = False) -> list[RandomPart]:
        from hdvila.models.hdvila.parts import random_parts

        return random_parts(model, filled, fine_tuning=fine_tuning)

    def remark_on_start(self, config: HDVILAConfig, start: Start) -> str:
        if config.variant != "stage2" or start.model:
            return ""
        return (
            "begins without a stage one model: its frozen encoders are random, so the words are learned from words "
            "alone. Name one with --set start.model=STAGE1_RUN/model"
        )

    def settle(self, model: HDVILA, filled: Collection[str], batches: Callable[[], Iterable[Any]]) -> None:
        """BatchNorm statistics of random weights."""
        from hdvila.nn.calibrate import calibrate_batch_norm

        if not any(name.startswith("cnn.") for name in filled):
            calibrate_batch_norm(model, model.segment_grids, batches())

    def learning_rate_part(self, parameter: str) -> str:
        for part, prefixes in _PARTS.items():
            if parameter.startswith(prefixes):
                return part
        raise UsageError(f"parameter {parameter!r} belongs to no learning-rate group: known are {_PARTS}")

    def piece_of(self, parameter: str) -> str:
        words = parameter.split(".")
        return ".".join(words[:2]) if words[0] == "transformer" else words[0]

    # ---- benchmarks

    def shown(self, protocol: str) -> Shown | None:
        return SHOWN.get(protocol)

    def fit(
        self,
        own: Preprocess | None,
        shown: Shown,
        sampling: Sampling,
        *,
        protocol: str,
        released_store: str,
        fine_tuned: bool,
    ) -> Preprocess:
        return fit(own, shown, sampling, protocol=protocol, released_store=released_store, fine_tuned=fine_tuned)

    def unsaid(self, protocol: str, sampling: Sampling) -> str:
        return unsaid(protocol, sampling)

    def streams_of(self, looks: Iterable[Preprocess]) -> Mapping[str, FrameStream]:
        return streams_of(looks)

    def released_streams(self, gifs: bool) -> Any:
        from hdvila.models.hdvila.released_preprocessing import released_cut

        return partial(released_cut, rule="gif" if gifs else "video")


SYSTEM = _HDVILASystem()

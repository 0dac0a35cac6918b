"""ClipBERT as the rest of the house sees it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from hdvila.media import FrameStream
from hdvila.models.clipbert.benchmarks import SHOWN, fit, streams_of, unsaid
from hdvila.models.clipbert.config import ClipBERTConfig
from hdvila.models.clipbert.inputs import SparseClips
from hdvila.models.shown import Sampling, Shown
from hdvila.models.start import RandomPart
from hdvila.models.system import System

if TYPE_CHECKING:
    from hdvila.models.clipbert.model import ClipBERT
    from hdvila.nn.checkpoint import LoadReport
    from hdvila.nn.weight_files import Weights

__all__ = ["SYSTEM"]

RELEASED_WIDTH = 768
"""Of all files that the official code makes; they have width / 64 heads."""
_RESNET = "; the paper starts them from grid features: --set start.resnet=FILE"
_BERT = "; the paper starts them from BERT: --set start.bert=FOLDER"
_PARTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("ResNet", ("cnn.feature.",), "grid features", _RESNET),
    ("grid encoder", ("cnn.grid_encoder.",), "new", ""),
    ("convolution over frames", ("cnn.fusion.",), "new", ", as in the paper"),
    ("transformer", ("transformer.bert.embeddings.", "transformer.bert.encoder."), "BERT", _BERT),
    ("grid positions", ("transformer.bert.visual_embeddings.",), "new", ""),
    ("pooler", ("transformer.bert.pooler.",), "BERT", _BERT),
    ("head", ("transformer.",), "new", ", as in the paper"),
)
"""Parts for people: the beginnings of their names, what the paper initialises each from, and advice. The first that
fits counts."""
_PRETRAINED = "; the paper starts them from image-text pre-training: --set start.model=PRETRAINED"


class _ClipBERTSystem(System["ClipBERT", ClipBERTConfig, SparseClips]):
    name: ClassVar[str] = "clipbert"
    about: ClassVar[str] = "ClipBERT (CVPR 2021): sparse clips and a text, read together; official files and ours"
    config: ClassVar[type[ClipBERTConfig]] = ClipBERTConfig
    inputs: ClassVar[type[SparseClips]] = SparseClips
    never_decayed: ClassVar[tuple[str, ...]] = ("bias", "LayerNorm.weight")

    def build(self, config: ClipBERTConfig, *, initialise: bool = True) -> ClipBERT:
        from hdvila.models.clipbert.model import ClipBERT

        return ClipBERT(config, initialise=initialise)

    def never_trained(self, config: ClipBERTConfig) -> str:
        stages = ("the stem", *(f"ResNet stage {number}" for number in range(1, 5)))
        return ", ".join(("every BatchNorm of the ResNet", *stages[: config.frozen_stages]))

    # ---- weight files

    def recognises(self, weights: Weights) -> bool:
        from hdvila.models.clipbert.adapter import is_clipbert

        return is_clipbert(weights)

    def infer_config(self, weights: Weights, settings: Mapping[str, Any]) -> ClipBERTConfig:
        from hdvila.models.clipbert.adapter import infer_config

        return infer_config(weights, settings)

    def untold(self, config: ClipBERTConfig, settings: Mapping[str, Any]) -> str:
        said = []
        if config.hidden_size != RELEASED_WIDTH and "num_attention_heads" not in settings:
            heads = config.num_attention_heads
            said.append(
                f"the file does not tell its num_attention_heads, taken as {heads} (width / 64): with another number "
                f"its scores are others; give it, such as num_attention_heads={heads}"
            )
        if config.variant == "multiple_choice" and "variant" not in settings:
            said.append(
                "a head of one row chooses among options or ranks texts; it is taken for multiple choice: give "
                "variant='ranking' for the other"
            )
        return "; ".join(said)

    def adapt(self, weights: Weights, config: ClipBERTConfig) -> tuple[Weights, LoadReport]:
        from hdvila.models.clipbert.adapter import from_official

        return from_official(weights, config)

    # ---- training

    def starts(self) -> Mapping[str, Callable[[ClipBERT, str], LoadReport]]:
        from hdvila.models.clipbert.initial_weights import load_bert, load_resnet

        return {"bert": load_bert, "resnet": load_resnet}

    def inherit(self, model: ClipBERT, source: str, *, same_answers: bool, filled: Collection[str]) -> LoadReport:
        from hdvila.models.clipbert.initial_weights import load_pretrained

        return load_pretrained(model, source, same_answers=same_answers)

    def random_parts(self, model: ClipBERT, filled: Collection[str], *, fine_tuning: bool = False) -> list[RandomPart]:
        found: dict[str, list[int]] = {}
        for name, value in model.state_dict().items():
            if name not in filled:
                title = next(title for title, beginnings, *_ in _PARTS if name.startswith(beginnings))
                found.setdefault(title, []).append(value.numel())
        return [
            RandomPart(title, len(found[title]), sum(found[title]), origin, _advice(advice, fine_tuning))
            for title, _, origin, advice in _PARTS
            if title in found
        ]

    def settle(self, model: ClipBERT, filled: Collection[str], batches: Callable[[], Iterable[Any]]) -> None:
        """BatchNorm statistics of random weights, and a centred grid encoder where the model asks for one."""
        from hdvila.nn.calibrate import calibrate_batch_norm

        if not any(name.startswith("cnn.feature.") for name in filled):
            calibrate_batch_norm(model, model.visual_tokens, batches())
        if model.config.centred_grid and not any(name.startswith("cnn.grid_encoder.") for name in filled):
            (frames,) = next(iter(batches()))
            model.cnn.centre(frames.flatten(0, 1))

    def learning_rate_part(self, parameter: str) -> str:
        return "cnn" if parameter.startswith("cnn.") else "transformer"

    def piece_of(self, parameter: str) -> str:
        return ".".join(parameter.split(".")[:2])

    # ---- benchmarks

    def shown(self, protocol: str) -> Shown | None:
        return SHOWN.get(protocol)

    def fit(
        self,
        own: SparseClips | None,
        shown: Shown,
        sampling: Sampling,
        *,
        protocol: str,
        released_store: str,
        fine_tuned: bool,
    ) -> SparseClips:
        return fit(own, shown, sampling, protocol=protocol, released_store=released_store, fine_tuned=fine_tuned)

    def unsaid(self, protocol: str, sampling: Sampling) -> str:
        return unsaid(protocol, sampling)

    def streams_of(self, looks: Iterable[SparseClips]) -> Mapping[str, FrameStream]:
        return streams_of(looks)


def _advice(advice: str, fine_tuning: bool) -> str:
    """Fine-tuning starts from pre-training, except what is new there too."""
    return _PRETRAINED if fine_tuning and not advice.startswith(",") else advice


SYSTEM = _ClipBERTSystem()

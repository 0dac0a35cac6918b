"""The base class of all models: it embeds files and texts, and saves a model to a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from hdvila.errors import CheckpointError, UsageError
from hdvila.files import sync_folder
from hdvila.nn.checkpoint import LoadReport
from hdvila.nn.conv_norm import fold_batch_norm
from hdvila.nn.device import Precision, computing
from hdvila.nn.pair_batches import PAIRS, match_pairs
from hdvila.nn.run_checkpoint import check_history, finished_models, recipe_of, run_of
from hdvila.nn.weight_files import ACCOUNT

CONFIG, WEIGHTS, RECIPE = "config.json", "model.safetensors", "recipe.json"
FORMAT = 1


class Reader(Protocol):
    """Turns files and texts into model inputs; `hdvila.hub.Processor` is one."""

    @property
    def preprocess(self) -> Any:
        """The sampling and preprocessing of clips (`hdvila.models.inputs.Inputs`), for callers that read frames."""

    def read_views(
        self, source: Any, start: float | None, end: float | None, *, fps: float | None = None, times: Any = None
    ) -> list[Any]: ...

    def tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]: ...

    def save(self, folder: Path) -> dict[str, Any]: ...

    def describe(self) -> dict[str, Any]: ...


class PretrainedModel(nn.Module):
    """A model with a configuration and, where it was saved with one, a processor.

    A subclass sets `system` and implements `encode_video` and `encode_text`.

    Attributes:
        recipe: the settings by dotted key of the recipe that it was trained by, where its folder or checkpoint has
            them (`hdvila.load_model`); else None.
        precision: of embedding, indexing, answering and evaluation (`hdvila.nn.device.computing`). Direct calls of the
            encoders compute in the precision of the weights and of the caller's context.
    """

    system: ClassVar[str]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Methods of its system alone, such as ``answer_logits``."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.processor: Reader | None = None
        self.load_report: LoadReport | None = None
        self.recipe: Mapping[str, Any] | None = None
        self.precision: Precision = "float32"

    def encode_video(self, *video: Any) -> Tensor:
        raise UsageError(self._without_vectors("videos"))

    def encode_text(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        raise UsageError(self._without_vectors("texts"))

    def _without_vectors(self, of: str) -> str:
        what = f"{type(self).__name__} has no vectors of {of}"
        if "pair_scores" not in self.config.capabilities:
            return f"{what}: choose a model for retrieval"
        return (
            f"{what}: it reads a video and a text together and scores the pair. Score a few with model.score_texts, or "
            "let it re-rank the hits of a model for retrieval: hdvila evaluate --rerank"
        )

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @torch.no_grad()
    def embed_video(
        self,
        source: Any,
        start: float | None = None,
        end: float | None = None,
        *,
        fps: float | None = None,
        times: Any = None,
    ) -> Tensor:
        """Embed a video, or its seconds start..end, as a unit vector (D,); a list of N videos as (N, D).

        The vector is the mean over enough crop windows to cover four fifths of the frames, whatever their shape.

        Args:
            source: a path; frames (T, H, W, 3) uint8 RGB in memory, NumPy or torch, with `fps` or `times`; one image,
                (H, W, 3) uint8 RGB or Pillow, treated as a still video; or a list of these, to each of which the other
                arguments apply.
            start, end: seconds, half-open; None is the start or end of the video.
            fps: frames a second of frames in memory.
            times: (T,) seconds at which they appear.

        Raises:
            UsageError: the model has no processor, the span is outside of the video or not finite, or the frames are
                not of the form above.
            MediaError: the file cannot be read.
        """
        if isinstance(source, list | tuple):
            if not source:
                raise UsageError("an empty list of videos has no vectors: give at least one")
            return torch.stack([self.embed_video(one, start, end, fps=fps, times=times) for one in source])
        reader = self._reader()
        clips = reader.read_views(source, start, end, fps=fps, times=times)
        video = to_tensors(reader.preprocess.collate(clips), self.device)
        with evaluating(self), computing(self):
            return nn.functional.normalize(self.encode_video(*video).sum(0), dim=0)

    @torch.no_grad()
    def embed_text(self, texts: str | Sequence[str]) -> Tensor:
        """Embed a text, or a list of N texts, as unit vectors (N, D); a single text counts as a list of one.

        Raises:
            UsageError: the model has no processor, the list is empty, or an item is not a text.
        """
        given = _as_texts(texts, "vectors")
        ids, mask = self._reader().tokenize(given)
        with evaluating(self), computing(self):
            return self.encode_text(ids.to(self.device), mask.to(self.device))

    @torch.no_grad()
    def score_texts(
        self,
        video: Any,
        texts: str | Sequence[str],
        start: float | None = None,
        end: float | None = None,
        *,
        fps: float | None = None,
        times: Any = None,
    ) -> Tensor:
        """Score how well each of N texts fits a video, or its seconds start..end: (N,) float32, higher is better.

        A model that reads a clip and a text together gives its matched score (ClipBERT: a probability): its segments
        become one score as in its training (``task.consensus`` of its `recipe`), else by logsumexp, and several crop
        windows by the mean of their scores. A dual encoder gives the cosine of `embed_video` and `embed_text`.

        Args:
            video: one video, as in `embed_video`.
            texts: a list of N texts, or one.
            start, end, fps, times: as in `embed_video`.

        Raises:
            UsageError: as `embed_video` and `embed_text`, `video` is a list, or the model scores no texts.
            MediaError: the file cannot be read.
        """
        if isinstance(video, list | tuple):
            raise UsageError("a list of videos cannot be scored at once: give one video after the other")
        given = _as_texts(texts, "scores")
        able = self.config.capabilities
        if "pair_scores" not in able:
            if "retrieval" not in able:
                raise UsageError(
                    f"this {type(self).__name__} compares no videos with texts, it is for {self.config.trained_for}: "
                    "load a model for retrieval or pair scores"
                )
            return self.embed_text(given) @ self.embed_video(video, start, end, fps=fps, times=times)
        reader = self._reader()
        views = reader.read_views(video, start, end, fps=fps, times=times)
        ids, mask = reader.tokenize(given)
        consensus = str((self.recipe or {}).get("task.consensus") or PAIRS)
        pairs = torch.cartesian_prod(torch.arange(len(given)), torch.arange(len(views)))
        with evaluating(self), computing(self):
            visual = self.visual_tokens(*to_tensors(reader.preprocess.collate(views), self.device))
            scores = match_pairs(self, visual, pairs[:, 1], pairs[:, 0], ids, mask, consensus)
        return scores.reshape(len(given), len(views)).mean(1).to(self.device)

    def describe(self) -> dict[str, Any]:
        """Everything besides the weights that determines its vectors: settings, preprocessing, tokenizer; for JSON."""
        described = {"system": self.system, "model": self.config.to_dict()}
        return described if self.processor is None else described | self.processor.describe()

    def save_pretrained(self, folder: str | Path, notes: Mapping[str, Any] | None = None) -> None:
        """Write config.json, model.safetensors and the processor's files, for `hdvila.load_model(folder)`.

        All files are written and synced before the first one is moved into place, and config.json is moved last: a full
        disk leaves the previous model intact, and an interrupted save is never mistaken for a model.

        Args:
            notes: further JSON files by name, such as the videos that the model was trained on (`read_note`).

        Raises:
            OSError: the folder or a file cannot be written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        described = {"system": self.system, "format": FORMAT, "model": self.config.to_dict()}
        weights = {key: tensor.detach().cpu().contiguous() for key, tensor in self.state_dict().items()}
        with TemporaryDirectory(prefix=".saving-", suffix=".part", dir=folder) as name:
            written = Path(name)
            if self.processor is not None:
                described |= self.processor.save(written)
            account = {"system": self.system, "format": FORMAT, "model": self.config.to_dict()}
            # A single entry: safetensors writes several in random order, and equal models would differ.
            save_file(weights, written / WEIGHTS, metadata={ACCOUNT: json.dumps(account)})
            for note, content in (notes or {}).items():
                (written / note).write_text(json.dumps(content) + "\n")
            described |= {"notes": sorted(notes)} if notes else {}
            (written / CONFIG).write_text(json.dumps(described, indent=2) + "\n")
            _take_places(written, folder)

    # ---- for training

    def frozen_parts(self) -> list[nn.Module]:
        """The parts that no training changes, such as first layers of a ResNet; by default none."""
        return []

    def frozen_for_words(self) -> list[nn.Module]:
        """The parts that training on masked words leaves unchanged, in evaluation mode; by default none."""
        return []

    def unreached_by_words(self) -> list[nn.Module]:
        """The parts, such as other heads, that the loss of masked words does not reach; by default none."""
        return []

    def stages(self) -> list[nn.Module]:
        """Its natural parts, such as layers, called one after the other; training may shard the model by them."""
        return []

    def recomputed_stages(self) -> list[nn.Module]:
        """The parts that `checkpoint_activations` recomputes."""
        return []

    def checkpoint_activations(self, enabled: bool = True) -> None:
        """Recompute each of the `recomputed_stages` in the backward pass: less memory, the same gradients.

        Raises:
            UsageError: the model has no stages.
        """
        raise UsageError(f"{type(self).__name__} has no stages to recompute: set activation_checkpointing=false")

    def fold_batch_norm(self, enabled: bool = True) -> None:
        """Fold BatchNorm into the convolutions also in float32 training: the same function, about twice as fast on a
        CPU, with gradients that differ where a ReLU input is near 0. bfloat16 and inference always fold."""
        fold_batch_norm(self, enabled)

    # ---- checks

    def _needs(self, what: str, *variants: str) -> None:
        """Refuse what only these variants of the system can do.

        Raises:
            UsageError: the model is of another variant.
        """
        if self.config.variant not in variants:
            raise UsageError(
                f"{what} needs a model of variant {' or '.join(variants)}, this one is {self.config.variant!r}: "
                f"load it with variant={variants[0]!r}, if its file holds those weights"
            )

    def _reader(self) -> Reader:
        if self.processor is None:
            raise UsageError(
                "this model has no processor, so it cannot read files or texts: load it from a folder that "
                "save_pretrained wrote, or set model.processor to a hdvila.hub.Processor"
            )
        return self.processor


def _as_texts(texts: Any, what: str) -> list[str]:
    """One text or several as a list; callers without a type checker pass anything.

    Raises:
        UsageError: there is none, or an item is not a text.
    """
    several = isinstance(texts, Iterable) and not isinstance(texts, str | bytes)
    given = list(texts) if several else [texts]
    if other := [one for one in given if not isinstance(one, str)]:
        raise UsageError(f"{other[0]!r} is not a text: give a text or a list of texts")
    if not given:
        raise UsageError(f"an empty list of texts has no {what}: give at least one")
    return given


def to_tensors(arrays: Iterable[NDArray[Any] | None], device: torch.device | None = None) -> tuple[Tensor | None, ...]:
    """A batch of arrays as tensors, in the order of a model's arguments."""
    return tuple(None if one is None else torch.from_numpy(one).to(device) for one in arrays)


def read_note(place: str | Path, name: str) -> Any:
    """The note `name` that `save_pretrained` wrote; None without a model or without such a note.

    A checkpoint of a run (``RUN/checkpoints/step_*.pt``) has the notes of the models that its run saves.

    Args:
        place: a model folder, the weight file in it, or a checkpoint of a run.

    Raises:
        CheckpointError: the note is missing or damaged; or the checkpoint is fine-tuned, and its run has not recorded
            the videos yet.
    """
    place = Path(place)
    file = (place.parent if place.is_file() else place) / name
    known = name in notes_of(file.parent)  # else a file of this name belongs to a model that was here before
    if not known and place.is_file() and (recipe := recipe_of(place)) is not None:
        check_history(place, recipe)
        if name == RECIPE:
            return dict(recipe)
        run = run_of(place)
        models = [model / name for model in finished_models(place) if name in notes_of(model)]
        file = next(iter(models), file if run is None else run / name)
        known = file.is_file()
    if not known:
        return None
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file}: it cannot be read ({error}): fetch the model folder again") from error


def notes_of(folder: Path) -> tuple[str, ...]:
    """The names of the notes of a model folder; empty for any other folder."""
    try:
        described = json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError):
        return ()
    named = described.get("notes", ()) if isinstance(described, dict) else ()
    return tuple(name for name in named if isinstance(name, str) and Path(name).name == name)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """A context in which every module is in evaluation mode; afterwards each is in its previous mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _take_places(written: Path, folder: Path) -> None:
    """Move all files of `written` into `folder`, config.json last: without it, the folder is not a model."""
    files = sorted(written.iterdir(), key=lambda file: file.name == CONFIG)
    for file in files:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    (folder / CONFIG).unlink(missing_ok=True)
    for file in files:
        os.replace(file, folder / file.name)
    sync_folder(folder)

"""One video to clips and their vectors, in one pass over its pictures.

Legend: B clips of a batch, N clips of a video, D width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hdvila.errors import HdvilaError, InternalError, MediaError, TranscriptError, is_defect
from hdvila.hub import computing
from hdvila.media.frame_source import Inputs
from hdvila.media.info import VideoInfo
from hdvila.media.read_clips import read_clips
from hdvila.media.video import probe
from hdvila.media.view import Look, joined
from hdvila.nn.pretrained import to_tensors
from hdvila.search.clips import Span, cut
from hdvila.search.encoder import Encoder, only_finite
from hdvila.search.scan import Found
from hdvila.text.first_readable import first_readable
from hdvila.text.sentences.split import split_sentences
from hdvila.text.transcript import read_transcript
from hdvila.types import Transcript

__all__ = [
    "Embedded",
    "Opened",
    "WordsBeside",
    "batches_of",
    "embed_file",
    "encode",
    "open_file",
    "words_beside",
]

_BATCH = 8
_LONGEST_VIDEO = 1e6  # seconds, eleven days


@dataclass(frozen=True, slots=True)
class WordsBeside:
    """What the subtitle files beside a video say: the file that is taken, its words, and why those before it are not.

    Where none can be read, `file` is the first and `transcript` None.
    """

    file: Path | None = None
    transcript: Transcript | None = None
    passed_over: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a video before it is decoded.

    Attributes:
        spans: its clips.
        look: how its pictures are seen.
        damage: why only a part of the video can be read, or ''.
        note: why its words are missing, or ''.
    """

    spans: Sequence[Span]
    look: Look
    damage: str
    note: str

    @property
    def windows(self) -> int:
        """How many vectors the model makes of it."""
        return len(self.spans) * len(self.look.views)


@dataclass(frozen=True, slots=True)
class Embedded:
    """What became of a video: what it was `opened` as, and (N, D) unit vectors, one for each of its clips."""

    opened: Opened
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, opened: Opened, parts: Sequence[NDArray[np.float32]]) -> Embedded:
        """A clip's vector is the mean of what its windows give; `parts` are those of all, in order."""
        vectors, count = np.concatenate(parts), len(opened.look.views)
        return cls(opened, vectors if count == 1 else joined(vectors, [count] * len(opened.spans)))


def embed_file(model: Encoder, found: Found, words: WordsBeside, tiled: bool = True) -> Embedded:
    """Cut a video into clips and embed each: the mean of what the windows give through which it is looked at.

    Args:
        model: the encoder, in evaluation mode.
        found: the video.
        words: what is said in it, as far as a file beside it says so (`words_beside`).
        tiled: through as many windows as show four fifths of the pictures; else the one in the middle.

    Raises:
        MediaError: the video cannot be read.
        InternalError: the program stumbled over a mistake of its own.
        CheckpointError: the model is broken, so no video can be embedded.
    """
    preprocess = model.processor.preprocess
    opened = open_file(found, words, preprocess, tiled)
    return Embedded.of(opened, [encode(model, batch) for batch in batches_of(found, opened, preprocess)])


def open_file(found: Found, words: WordsBeside, inputs: Inputs, tiled: bool = True) -> Opened:
    """Look into a video and cut it into clips; arguments and errors as `embed_file`."""
    with _reading(found):
        info = probe(found.path)
        spans, note = _look_into(found, info, words)
        return Opened(spans, inputs.look(info.height, info.width, tiled=tiled), info.damage or "", note)


def batches_of(found: Found, opened: Opened, inputs: Inputs, threads: int | None = None) -> Iterator[list[Any]]:
    """What the model sees of a video: its clips' windows, in order, so many at once as the model takes.

    Args:
        threads: of the decoder, as in `hdvila.media.open_video`.

    Raises:
        MediaError: the video cannot be read.
        InternalError: the program stumbled over a mistake of its own.
    """
    bounds = [(span.start, span.end) for span in opened.spans]
    clips = read_clips(found.path, inputs, bounds, views=opened.look.views, threads=threads)
    while True:
        with _reading(found):
            batch = list(islice(clips, _BATCH))
        if not batch:
            return
        yield batch


def words_beside(found: Found) -> WordsBeside:
    """The words of the best of the subtitle files beside a video that can be read.

    Raises:
        MediaError: the reader stumbled over one of them.
        InternalError: the program stumbled over a mistake of its own.
    """
    if not found.beside:
        return WordsBeside()
    with _reading(found):
        try:
            read = first_readable(found.beside)
        except TranscriptError as error:
            return WordsBeside(found.beside[0], None, str(error))
        return WordsBeside(
            read.file, read.transcript, "; ".join(f"{one.file.name}: {one.reason}" for one in read.passed_over)
        )


def _look_into(found: Found, info: VideoInfo, words: WordsBeside) -> tuple[list[Span], str]:
    """(clips to be, what is remarkable of its words)."""
    if not 0 < info.duration < _LONGEST_VIDEO:
        raise MediaError(f"{found.path}: it would play for {info.duration:g} s: its times are damaged; fetch it again")
    transcript, taken, missing = words.transcript, words.file and words.file.name, words.passed_over
    if transcript is None and info.subtitle_streams:
        try:
            transcript, taken = read_transcript(found.path), "its own track"
        except TranscriptError as error:
            missing = missing or str(error)
    if transcript is None:
        return cut(info.duration), f"without its words: {missing}" if missing else ""
    note = f"its words are from {taken}; passed over {missing}" if missing else ""
    return cut(info.duration, split_sentences(transcript)), note


@contextmanager
def _reading(found: Found) -> Iterator[None]:
    """One strange file must not end the work on all others, whatever its reader stumbles over."""
    try:
        yield
    except HdvilaError:
        raise
    except Exception as error:
        if is_defect(error):
            raise InternalError(error) from error
        what = f"{type(error).__name__}: {error}"
        raise MediaError(f"{found.path}: cannot be read ({what}): it is damaged or of a strange kind") from error


@torch.inference_mode()
def encode(model: Encoder, clips: Sequence[Any]) -> NDArray[np.float32]:
    """Clips to unit vectors (B, D).

    Raises:
        CheckpointError: the model is broken.
    """
    video = to_tensors(model.processor.preprocess.collate(clips), model.device)
    with computing(model):
        return only_finite(model.encode_video(*video), "pictures")

"""One video -> clips and their vectors, in one pass over its frames.

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
from hdvila.media.frame_source import Sampler
from hdvila.media.info import VideoInfo
from hdvila.media.read_clips import read_clips
from hdvila.media.video import probe
from hdvila.media.view import Look, joined
from hdvila.nn.pretrained import to_tensors
from hdvila.search.clips import ClipSpan, cut
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
    """The subtitles beside a video: the file that is used, its words, and why better-ranked files are not.

    If none can be read, `file` is the first one and `transcript` None.
    """

    file: Path | None = None
    transcript: Transcript | None = None
    passed_over: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """The facts about a video that are known before it is decoded.

    Attributes:
        spans: its clips.
        look: the crop windows of its frames.
        damage: why only a part of the video can be read, or ''.
        note: why its words are missing, or ''.
    """

    spans: Sequence[ClipSpan]
    look: Look
    damage: str
    note: str

    @property
    def windows(self) -> int:
        """The number of vectors that the model computes for it."""
        return len(self.spans) * len(self.look.views)


@dataclass(frozen=True, slots=True)
class Embedded:
    """An embedded video: the facts about it, and (N, D) unit vectors, one for each of its clips."""

    opened: Opened
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, opened: Opened, parts: Sequence[NDArray[np.float32]]) -> Embedded:
        """Average the vectors of each clip's windows; `parts` are the vectors of all windows, in order."""
        vectors, count = np.concatenate(parts), len(opened.look.views)
        return cls(opened, vectors if count == 1 else joined(vectors, [count] * len(opened.spans)))


def embed_file(model: Encoder, found: Found, words: WordsBeside, tiled: bool = True) -> Embedded:
    """Split a video into clips and embed each; a clip's vector is the mean over its crop windows.

    Args:
        model: the encoder, in evaluation mode.
        found: the video.
        words: its words from a file beside it (`words_beside`).
        tiled: use enough crop windows to cover four fifths of each frame, else the centre alone.

    Raises:
        MediaError: the video cannot be read.
        InternalError: a defect of this program.
        CheckpointError: the model gives vectors that are not finite, so no video can be embedded.
    """
    preprocess = model.processor.preprocess
    opened = open_file(found, words, preprocess, tiled)
    return Embedded.of(opened, [encode(model, batch) for batch in batches_of(found, opened, preprocess)])


def open_file(found: Found, words: WordsBeside, inputs: Sampler, tiled: bool = True) -> Opened:
    """Probe a video and plan its clips; arguments and errors as for `embed_file`."""
    with _reading(found):
        info = probe(found.path)
        spans, note = _plan_clips(found, info, words)
        return Opened(spans, inputs.look(info.height, info.width, tiled=tiled), info.damage or "", note)


def batches_of(found: Found, opened: Opened, inputs: Sampler, threads: int | None = None) -> Iterator[list[Any]]:
    """The model inputs of a video: the windows of its clips, in order, in batches.

    Args:
        threads: of the decoder, as in `hdvila.media.open_video`.

    Raises:
        MediaError: the video cannot be read.
        InternalError: a defect of this program.
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
    """The words of the best readable subtitle file beside a video.

    Raises:
        MediaError: a file made its reader fail.
        InternalError: a defect of this program.
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


def _plan_clips(found: Found, info: VideoInfo, words: WordsBeside) -> tuple[list[ClipSpan], str]:
    """(planned clips, a remark on its words)."""
    if not 0 < info.duration < _LONGEST_VIDEO:
        raise MediaError(f"{found.path}: it would last {info.duration:g} s: its times are damaged; fetch it again")
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
    """Turn any failure of a reader into a MediaError: one odd file must not end the work on all others."""
    try:
        yield
    except HdvilaError:
        raise
    except Exception as error:
        if is_defect(error):
            raise InternalError(error) from error
        what = f"{type(error).__name__}: {error}"
        raise MediaError(f"{found.path}: cannot be read ({what}): it is damaged or of an unknown kind") from error


@torch.inference_mode()
def encode(model: Encoder, clips: Sequence[Any]) -> NDArray[np.float32]:
    """Clips -> unit vectors (B, D).

    Raises:
        CheckpointError: the model gives vectors that are not finite.
    """
    video = to_tensors(model.processor.preprocess.collate(clips), model.device)
    with computing(model):
        return only_finite(model.encode_video(*video), "pictures")

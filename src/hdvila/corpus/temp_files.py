"""Cut clips on their way into a store: a worker writes those of a job into a temporary file, one process stores them.

Jobs are stored in their order, so that the same jobs give the same store whatever worker was faster.
"""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hdvila.errors import StoreError
from hdvila.media import ClipStreams, Packed
from hdvila.processes import Died, in_order, usable_cores
from hdvila.store import CorpusWriter
from hdvila.store.layout import Attribute
from hdvila.types import Clip

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

_FOLDER = ".cutting"  # in the store; deleted at the end


@dataclass(frozen=True, slots=True)
class CutClip:
    """A clip with its encoded frames, by stream."""

    clip: Clip
    frames: Mapping[str, Packed]


def store_all(
    cut: Callable[[tuple[Job, Path]], Outcome],
    jobs: Sequence[Job],
    writer: CorpusWriter,
    *,
    workers: int | None = None,
    attributes: Callable[[Job, Outcome], Mapping[str, Attribute]] = lambda job, outcome: {},
) -> Iterator[tuple[Job, Outcome | Died]]:
    """Do every job and store the clips that it leaves; yields (job, its outcome) in the order of `jobs`.

    Args:
        cut: writes the clips of a job into a file by `write_clips`, or writes none; a function of a module, or a
            `functools.partial` of one.
        jobs: picklable.
        writer: of the store.
        workers: processes; None: one per core.
        attributes: what is stored with the clips of a job that had this outcome.
    """
    folder = writer.root / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir()
    try:
        listed = [(job, folder / f"{number}.clips") for number, job in enumerate(jobs)]
        for (job, file), outcome in in_order(cut, listed, workers=workers or usable_cores()):
            if not isinstance(outcome, Died) and file.exists():
                more = attributes(job, outcome)
                for one in read_clips(file):
                    writer.add(one.clip, one.frames, more)
            yield job, outcome
            file.unlink(missing_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_clips(target: Path, clips: Sequence[Clip], cuts: Iterator[ClipStreams]) -> list[bool]:
    """Write the clips whose frames are sound, as they come. Where making them fails, no file is left.

    Returns:
        For each clip, whether its frames are sound.

    Raises:
        StoreError: the file cannot be written.
    """
    sound = []
    try:
        stream = target.open("wb")
    except OSError as error:
        raise _no_room(target, error) from error
    try:
        for clip, (frames, damaged) in zip(clips, cuts, strict=True):
            sound.append(not damaged)
            if damaged:
                continue
            data = pickle.dumps(CutClip(clip, frames), pickle.HIGHEST_PROTOCOL)
            try:
                stream.write(data)
                stream.flush()
            except OSError as error:
                raise _no_room(target, error) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        with suppress(OSError):  # on a full disk, closing fails again for what is still buffered
            stream.close()
    return sound


def read_clips(source: Path) -> Iterator[CutClip]:
    """The clips that `write_clips` wrote, in their order."""
    with source.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        while stream.tell() < size:
            yield pickle.load(stream)


def _no_room(target: Path, error: OSError) -> StoreError:
    return StoreError(f"{target}: cut clips cannot be written ({error.strerror}); make room and start again")

"""Rendering a miniature world: a folder of videos, transcripts and the truth about them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from hdvila.annotations.synthetic import CHANNEL
from hdvila.errors import MediaError, StoreError, UsageError
from hdvila.media.codecs import write_video
from hdvila.miniature.captions import captions
from hdvila.miniature.draw import frame
from hdvila.miniature.folder import as_lines, claim, only_writer, write_text
from hdvila.miniature.script import Script, write_script
from hdvila.miniature.world import FPS, Split, WorldConfig
from hdvila.processes import Died, in_order
from hdvila.progress import SILENT, Reporter
from hdvila.types import Pixels

_FORMAT = 1
_FEW = 16  # videos for each process; fewer are not worth its start


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a folder holds after a call.

    Attributes:
        folder: where.
        videos, new: all videos, and those that this call rendered.
        events, narrated: all events, and those that speech is about.
        seconds: length of all videos together.
    """

    folder: Path
    videos: int
    new: int
    events: int
    narrated: int
    seconds: float


def render(
    into: str | os.PathLike[str],
    videos: int,
    seed: int = 0,
    *,
    config: WorldConfig | None = None,
    split: Split | None = None,
    reporter: Reporter = SILENT,
    workers: int = 2,
) -> Rendered:
    """Render a world: ``videos/*.mp4``, their ``*.vtt``, ``truth.jsonl``, ``world.json``, ``manifest-*.jsonl``.

    Truth and captions are the same bytes for the same arguments on any machine, videos with the same versions of NumPy
    and PyAV. The same call continues a killed one; a call with more videos adds them.

    Args:
        into: the folder; created if it does not exist.
        videos: how many.
        seed: of the world.
        config: settings of the world; None is `WorldConfig()`.
        split: render only videos of this split; None renders both (`WorldConfig.test_share`).
        reporter: shows progress, one step a video.
        workers: processes; with more than one, a script that calls this needs the usual ``if __name__ == "__main__":``.

    Raises:
        UsageError: `videos` or `workers` is less than 1, or `into` holds another world or more videos.
        StoreError: the folder cannot be read or written, or another process renders into it.
        MediaError: a video cannot be written.
    """
    config = config or WorldConfig()
    if videos < 1 or workers < 1:
        raise UsageError(f"videos={videos}, workers={workers}: give 1 or more of each")
    with only_writer(Path(into)):
        return _render(Path(into), videos, seed, config, split, reporter, workers)


def _render(
    folder: Path, videos: int, seed: int, config: WorldConfig, split: Split | None, reporter: Reporter, workers: int
) -> Rendered:
    _claim_world(folder, {"format": _FORMAT, "seed": seed, "split": split, "config": config.to_dict()}, videos)
    scripts = [write_script(seed, number, config, split) for number in range(videos)]
    missing = [script for script in scripts if not (folder / "videos" / f"{script.name}.mp4").exists()]
    make = partial(_make, folder / "videos", seed, config)
    with reporter.task("rendering videos", total=videos, done=videos - len(missing)) as bar:
        for script, ended in in_order(make, missing, min(workers, len(missing) // _FEW + 1)):
            if isinstance(ended, Died):
                raise MediaError(
                    f"{script.name}: the process that rendered it died; run the same command again to continue"
                )
            bar.advance()
    for leftover in (folder / "videos").glob(".*.part*"):  # from a killed run
        leftover.unlink(missing_ok=True)
    write_text(folder / "truth.jsonl", as_lines([script.truth() for script in scripts]))
    for part in ("train", "test"):
        write_text(folder / f"manifest-{part}.jsonl", as_lines([_manifest(s) for s in scripts if s.split == part]))
    events = [event for script in scripts for event in script.events]
    seconds = sum(script.length for script in scripts)
    return Rendered(folder, videos, len(missing), len(events), sum(event.narrated for event in events), seconds)


def read_truth(folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read ``truth.jsonl`` of a world's folder: an object a video.

    Raises:
        StoreError: the file does not exist or cannot be read.
    """
    path = Path(folder) / "truth.jsonl"
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read ({error}); render the world into this folder again") from error


def frames_of(script: Script) -> Iterator[Pixels]:
    """The frames of a video, (HEIGHT, WIDTH, 3) uint8 each."""
    events = iter(script.events)
    event = next(events)
    following = next(events, None)
    for number in range(round(script.length * FPS)):
        time = number / FPS
        if following is not None and time >= following.start - 0.25:  # cut to the next place, still empty
            event, following = following, next(events, None)
        shown = event.start <= time < event.end
        thing = (event.object, event.colour, event.texture, event.mark) if shown else None
        yield frame(event.place, thing, event.path.pose(time - event.start) if shown else None)


def _make(folder: Path, seed: int, config: WorldConfig, script: Script) -> None:
    """Write the transcript before the video: where the video exists, both are complete."""
    rng = Random(f"hdvila captions {seed} {script.split} {script.name}")
    write_text(folder / f"{script.name}.vtt", captions(script, config.captions, config.jitter, rng))
    write_video(folder / f"{script.name}.mp4", frames_of(script), FPS, crf=config.crf, preset="veryfast")


def _manifest(script: Script) -> dict[str, Any]:
    return {
        "id": script.name,
        "path": f"videos/{script.name}.mp4",
        "transcript": f"videos/{script.name}.vtt",
        "category": script.category,
        "channel": CHANNEL,
        "license": "Apache-2.0",
        "language": "en",
    }


def _claim_world(folder: Path, world: dict[str, Any], videos: int) -> None:
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    claim(folder / "world.json", world, "a miniature world")
    count = sum(1 for _ in (folder / "videos").glob("[0-9]*.mp4"))
    if count > videos:
        raise UsageError(f"{folder} already holds {count} videos, more than {videos}; render into another folder")

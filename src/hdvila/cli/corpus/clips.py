"""``hdvila corpus clips`` and ``cut``: the bounds of clips, and the clips of chosen videos, stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from hdvila.cli import console
from hdvila.cli.corpus.options import (
    CLIPS,
    CLUSTER,
    CORPUS,
    FRAMES,
    JSON,
    LANGUAGE,
    ROOT,
    SOURCE,
    WORKERS,
    corpus_options,
    takes,
)
from hdvila.cli.corpus.records import emit_failures, sentence_line, sentence_record, step_line, step_record


@takes(*CLIPS)
def clips(
    source: Path = SOURCE,
    root: Path | None = ROOT,
    language: str = LANGUAGE,
    json: bool = typer.Option(False, "--json", help="One object per clip, and one per video."),
    **shape: Any,
) -> None:
    """List the clips that videos would give: start, end, words. Nothing is decoded or stored."""
    from hdvila.corpus import Failure, collect, plan_video

    options = corpus_options({**shape, "language": language})
    videos, failures = collect(source, root, language=options.track)
    for video in videos:
        plan = plan_video(video, options)
        if isinstance(plan, Failure):
            failures.append(plan)
            continue
        for clip in plan.clips:
            times = {"start": round(clip.start, 3), "end": round(clip.end, 3)}
            line = f"{clip.start:9.3f} {clip.end:9.3f}  {clip.clip_id}  {clip.text}"
            console.emit({"clip": clip.clip_id, **times, "text": clip.text}, json, line)
        counts = {"video": video.video_id, "clips": len(plan.clips), "sentences": sum(plan.sentences)}
        why = "".join(f", {number} {reason}" for reason, number in plan.left_out.items())
        of = f"{console.counted(len(plan.clips), 'clip')} of {console.counted(sum(plan.sentences), 'sentence')}"
        line = f"{video.video_id}: {of}{why}"
        console.emit({**counts, "left_out": plan.left_out}, json, line)
    emit_failures(failures, json)
    console.finish(sum(failure.is_fault for failure in failures))


@takes(*CLIPS, *FRAMES)
def cut(
    source: Path = SOURCE,
    into: Path = CORPUS,
    root: Path | None = ROOT,
    language: str = LANGUAGE,
    workers: int | None = WORKERS,
    cluster: str | None = CLUSTER,
    json: bool = JSON,
    **shape: Any,
) -> None:
    """Cut one video, or all of a folder or list, and store the clips. Videos of any size and language are taken."""
    from hdvila.corpus import collect, cut_videos
    from hdvila.corpus.failures import summarise

    options = corpus_options({**shape, "language": language, "workers": workers, "cluster": cluster}, into)
    videos, failures = collect(source, root, language=options.track)
    found = len(videos) + len(failures)
    sentences, lost = cut_videos(videos, into, options, console.reporter())
    failures += lost
    emit_failures(failures, json)
    steps = summarise(found, failures, ["clips", "cut"])
    whole = {
        "corpus": str(into),
        "videos": found,
        "failed": sum(failure.is_fault for failure in failures),
        "sentences": sentence_record(sentences),
        "steps": list(map(step_record, steps)),
    }
    lines = [*map(step_line, steps), sentence_line(sentences), f"{into}: {found - len(failures)} of {found} videos"]
    console.emit(whole, json, "\n".join(lines))
    console.finish(sum(failure.is_fault for failure in failures))

"""Results of the corpus commands as lines and as JSON: left-out videos, remarks, steps, sentences, categories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from hdvila.cli import console

if TYPE_CHECKING:
    from hdvila.corpus import CategoryHours, Failure, Sentences, SourceVideo, StepSummary


def emit_failures(failures: Iterable[Failure], json: bool) -> None:
    for failure in failures:
        named = failure.reason.startswith(failure.video)  # by its file
        what = failure.reason if named else f"{failure.video}: {failure.reason}"
        console.emit(asdict(failure), json, f"left out at {failure.step}: {what}")


def emit_remarks(videos: Iterable[SourceVideo], json: bool) -> None:
    """Remarks on usable videos: subtitle files passed over, words left out or guessed, given clips without a span."""
    for video in videos:
        if video.passed_over:
            words_from = video.spoken[0].name
            passed_over = [{"file": one.file.name, "reason": one.reason} for one in video.passed_over]
            record = {"video": video.video_id, "words_from": words_from, "passed_over": passed_over}
            why = "; ".join(f"{one['file']}: {one['reason']}" for one in passed_over)
            console.emit(record, json, f"{video.video_id}: its words are from {words_from}; passed over {why}")
        for note in video.notes:
            line = f"{video.video_id}: {video.spoken[0].name}: {note}"
            console.emit({"video": video.video_id, "note": note}, json, line)
        for refused in video.refused_clips:
            record = {"video": video.video_id, "refused_clip": refused}
            console.emit(record, json, f"{video.video_id}: without the clip {refused}")


def emit_contaminated(videos: Iterable[Failure], json: bool) -> None:
    """Videos of the corpus that should not be in it."""
    for found in videos:
        record = {"video": found.video, "contaminated": found.reason}
        console.emit(record, json, f"in the corpus though it is excluded: {found.video}: {found.reason}")


def step_record(step: StepSummary) -> dict[str, object]:
    return {"step": step.step, "in": step.came_in, "out": step.came_out, "reasons": step.reasons}


def step_line(step: StepSummary) -> str:
    why = "".join(f"\n{'':12}{count:>8}  {reason}" for reason, count in step.reasons.items())
    return f"{step.step:<12}{step.came_in:>8} in {step.came_out:>8} out{why}"


def sentence_record(said: Sentences) -> dict[str, object]:
    return {"found": said.found, "in_clips": said.in_clips, "left_out": said.left_out}


def sentence_line(said: Sentences) -> str:
    why = "".join(f"\n{'':12}{count:>8}  {reason}" for reason, count in said.left_out.items())
    return f"{'sentences':<12}{said.found:>8} in {said.in_clips:>8} in clips{why}"


def category_line(row: CategoryHours) -> str:
    from hdvila.pages import length_of_time

    found, kept = length_of_time(row.hours), length_of_time(row.hours_kept)
    if row.category is None:
        why = "a cap on them together would cut many categories as one; name each video's in the list (category)"
        return f"no category known: {found} in {console.counted(row.videos, 'video')}, all kept: {why}"
    return f"{row.category}: {found} in {row.videos} videos, kept {kept} in {row.videos_kept}"

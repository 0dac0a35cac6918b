"""Marks of synthetic benchmarks, so that no number on them is compared with a published one."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CHANNEL", "NOTICE", "NOTICE_FILE", "is_synthetic"]

NOTICE_FILE = "SYNTHETIC.txt"
"""The file beside the annotation files that marks them as synthetic."""

CHANNEL = "synthetic (miniature world)"
"""The channel of rendered videos in manifests, so that a corpus of them is marked too."""

NOTICE = (
    "These annotations describe synthetic videos, drawn by `hdvila miniature benchmarks` in the form of a published\n"
    "benchmark. They are not that benchmark, and no number on them may stand beside a published one.\n"
)

_ALL, _TRUTH = "benchmarks.json", "truth.jsonl"  # without NOTICE_FILE these two files of earlier versions count


def is_synthetic(annotations: Path) -> bool:
    """Whether an annotation file, or a folder of annotation files, belongs to a miniature benchmark.

    Recognised by `NOTICE_FILE` beside the files, or by the folder layout of `hdvila miniature benchmarks`.
    """
    folder = (annotations if annotations.is_dir() else annotations.parent).resolve()
    if any((place / NOTICE_FILE).is_file() for place in (folder, folder / "annotations")):
        return True
    return any(
        (benchmark / _TRUTH).is_file() and (benchmark.parent / _ALL).is_file() for benchmark in (folder, folder.parent)
    )

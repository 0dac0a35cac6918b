"""Whether a benchmark's files describe synthetic videos: no number on these may stand beside a published one."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CHANNEL", "MARK", "NOTICE", "is_synthetic"]

MARK = "SYNTHETIC.txt"
"""The name of the file that says so, beside the annotation files."""

CHANNEL = "synthetic (miniature world)"
"""What the lists of rendered videos name as their channel, so that a corpus of them says so."""

NOTICE = (
    "These annotations describe synthetic videos, drawn by `hdvila miniature benchmarks` in the form of a published\n"
    "benchmark. They are not that benchmark, and no number on them may stand beside a published one.\n"
)

_ALL, _TRUTH = "benchmarks.json", "truth.jsonl"  # of all benchmarks, and of each; earlier versions wrote only these


def is_synthetic(annotations: Path) -> bool:
    """Whether an annotation file, or a folder of such files, belongs to a miniature benchmark.

    The notice that is written beside the files counts, and the folder layout of `hdvila miniature benchmarks`.
    """
    folder = (annotations if annotations.is_dir() else annotations.parent).resolve()
    if any((place / MARK).is_file() for place in (folder, folder / "annotations")):
        return True
    return any(
        (benchmark / _TRUTH).is_file() and (benchmark.parent / _ALL).is_file() for benchmark in (folder, folder.parent)
    )

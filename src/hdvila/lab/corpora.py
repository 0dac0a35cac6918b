"""The miniature world as two corpora: one to learn from, one held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdvila.corpus import CorpusOptions, build_corpus
from hdvila.miniature.render import read_truth, render
from hdvila.miniature.world import HEIGHT, Split, WorldConfig
from hdvila.progress import SILENT, Reporter

OPTIONS = CorpusOptions(min_height=HEIGHT, hr_height=HEIGHT, language="any", target_seconds=0)
"""How miniature videos become clips: both streams at the size that they are rendered in and a quarter of it."""


@dataclass(frozen=True, slots=True)
class World:
    """One split of a miniature world: its videos and the corpus that was cut from them by their transcripts."""

    videos: Path
    corpus: Path
    truth: tuple[dict[str, Any], ...]

    @property
    def unrelated_share(self) -> float:
        """Part of the spoken events whose words have nothing to do with the picture."""
        spoken = [event for video in self.truth for event in video["events"] if event["sentence"]]
        return sum(not event["narrated"] for event in spoken) / len(spoken)


def corpus_of(folder: Path) -> Path:
    """Where `build_world` puts the corpus."""
    return folder / "corpus"


def build_world(
    folder: Path,
    videos: int,
    seed: int,
    split: Split,
    config: WorldConfig | None = None,
    reporter: Reporter = SILENT,
    options: CorpusOptions = OPTIONS,
) -> World:
    """Render `videos` videos of one split into ``folder/world`` and cut their clips into ``folder/corpus``.

    What is already there is left alone, so a killed call is continued by the same call.
    """
    rendered, corpus = folder / "world", corpus_of(folder)
    render(rendered, videos, seed, split=split, config=config, reporter=reporter)
    build_corpus(rendered / f"manifest-{split}.jsonl", corpus, options=options, reporter=reporter)
    return World(rendered / "videos", corpus, tuple(read_truth(rendered)))

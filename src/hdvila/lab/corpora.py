"""Corpora of the miniature world: videos of one split, rendered and cut into clips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdvila.corpus import CorpusOptions, build_corpus
from hdvila.miniature.render import read_truth, render
from hdvila.miniature.world import HEIGHT, Split, WorldConfig
from hdvila.progress import SILENT, Reporter

OPTIONS = CorpusOptions(min_height=HEIGHT, hr_height=HEIGHT, language="any", target_seconds=0)
"""How miniature videos become clips: HR frames of the rendered size, LR frames of a quarter, a clip a sentence."""


@dataclass(frozen=True, slots=True)
class World:
    """One split of a miniature world: its videos, the corpus cut from them by their transcripts, and the truth."""

    videos: Path
    corpus: Path
    truth: tuple[dict[str, Any], ...]

    @property
    def unrelated_share(self) -> float:
        """Share of the spoken events whose words have nothing to do with the video, 0..1."""
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

    Existing videos and clips are kept, so the same call continues a killed one.

    Raises:
        HdvilaError: whatever rendering or cutting raises.
    """
    rendered, corpus = folder / "world", corpus_of(folder)
    render(rendered, videos, seed, split=split, config=config, reporter=reporter)
    build_corpus(rendered / f"manifest-{split}.jsonl", corpus, options=options, reporter=reporter)
    return World(rendered / "videos", corpus, tuple(read_truth(rendered)))

"""Small corpora made by hand, with any words, and a scorer that knows what it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.store import CorpusWriter
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams


def make_corpus(
    root: Path, texts: Sequence[str], per_video: int = 2, size: tuple[int, int] = (16, 24), **attributes: Sequence[Any]
) -> Path:
    """A clip a text, 2 s + 0.5 s for each clip before it in its video; attributes are given per video.

    HR frames have four times the `size`, height and width, of LR frames.
    """
    with CorpusWriter(root, hybrid_streams(), clips_per_shard=3) as writer:
        for number, text in enumerate(texts):
            video, place = divmod(number, per_video)
            start, seconds = 10.0 * place, 2.0 + 0.5 * place
            pts = start + np.arange(int(seconds * 10)) / 10
            grey = np.full((len(pts), *size, 3), min(255, 40 * number), np.uint8)
            low, high = Frames(grey, pts), Frames(grey[::5].repeat(4, 1).repeat(4, 2), pts[::5])
            more = {name: values[video] for name, values in attributes.items() if values[video] is not None}
            clip = Clip(f"v{video}_{place:04d}", f"v{video}", start, start + seconds, text, "word")
            writer.add(clip, {"hr": high, "lr": low}, more)
    return root


class GreyScorer:
    """Embeds a clip by its grey level and a text by its number of words, so that their cosine is known."""

    def __init__(self) -> None:
        self.processor = SimpleNamespace(preprocess=Preprocess(64, 64, segments=1, neighbours=1, rate=2))

    def encode_video(self, high: torch.Tensor, low: torch.Tensor) -> torch.Tensor:
        assert high.shape[1:] == (1, 3, 64, 64)
        assert low.shape[1:] == (1, 2, 3, 16, 16)
        return _at(high.float().mean((1, 2, 3, 4)) / 255)

    def embed_text(self, texts: list[str]) -> torch.Tensor:
        return _at(torch.tensor([min(1.0, len(text.split()) / 10) for text in texts]))


def _at(angle: torch.Tensor) -> torch.Tensor:
    return torch.stack([angle.cos(), angle.sin()], 1)


@dataclass
class Page(HTMLParser):
    """An HTML file taken apart: elements as (tag, attributes), text outside of scripts and styles."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: str = ""

    @classmethod
    def read(cls, file: Path) -> Page:
        page = cls()
        HTMLParser.__init__(page)
        page.feed(file.read_text(encoding="utf-8"))
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] and self.tags[-1][0] in ("script", "style") and self.cdata_elem:
            return
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def check_self_contained(self) -> None:
        """Nothing in it is fetched from elsewhere, and no element was made by a text."""
        for tag, attributes in self.tags:
            assert tag not in ("link", "iframe", "object", "embed", "base", "form"), tag
            assert not any(name.startswith("on") for name in attributes), (tag, attributes)
            for name in ("src", "href", "xlink:href", "action", "srcset", "poster"):
                value = attributes.get(name) or ""
                assert value == "" or value.startswith(("data:image/jpeg;base64,", "#")), (tag, name, value[:80])
            assert "url(" not in (attributes.get("style") or "").replace("url(#", "")

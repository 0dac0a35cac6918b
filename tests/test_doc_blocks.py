"""The Python blocks of README and docs run: those of a page one after the other, in a folder that holds what they name.

A block under a comment ``<!-- not run: WHY -->`` is only compiled. Where a comment behind an expression is a value such
as ``Word(text='now', ...)``, this is what comes out.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdvila.hub import Processor
from hdvila.media import Preprocess, write_video
from hdvila.models.clipbert.inputs import SparseClips
from hdvila.models.clipbert.model import ClipBERT
from hdvila.text.tokenizer import Tokenizer
from tests.e2e.benchmarks import write_action
from tests.test_docs import PAGES
from tests.unit.corpus.corpora import make_corpus
from tests.unit.models.clipbert.small_clipbert import SMALL
from tests.unit.models.small_hdvila import tiny_model

BLOCK = re.compile(r"(?:<!-- not run: (?P<why>[^>]+) -->\n+)?```python\n(?P<code>.*?)```", re.DOTALL)
ELSEWHERE = {"DataLoader": "tests/unit/data/test_plain_loader.py"}  # blocks that another test runs, by a word of theirs


def blocks(page: Path) -> Iterator[tuple[str, bool]]:
    """(code, whether to run it)"""
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        code = block["code"]
        yield code, block["why"] is None and not any(word in code for word in ELSEWHERE)


def a_model(folder: Path) -> None:
    model = tiny_model()
    model.processor = Processor(Preprocess(64, 128, segments=2, neighbours=2), Tokenizer.train(["a dog", "rain"], 60))
    model.save_pretrained(folder / "runs" / "demo" / "model")


def a_video(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    frames = np.random.default_rng(len(path.name)).integers(0, 256, (40, 72, 136, 3), dtype=np.uint8)
    write_video(path, frames, 4.0)


def of_readme(folder: Path) -> None:
    a_model(folder)
    a_video(folder / "dog.mp4")


def of_clipbert(folder: Path) -> None:
    model = ClipBERT(replace(SMALL, vocab_size=100))
    model.processor = Processor(SparseClips(size=128), Tokenizer.train(["a dog catches", "guitar"], 60), 12)
    model.save_pretrained(folder / "RUN" / "model")
    a_video(folder / "dog.mp4")


def of_search(folder: Path) -> None:
    a_model(folder)
    for name in ("old.mp4", "dog.mp4"):
        a_video(folder / "videos" / name)


def of_protocols(folder: Path) -> None:
    write_action(folder / "data" / "tgif")
    lines = [json.dumps({"question_id": f"ACTION{n}", "answer": 0}) for n in range(40, 50)]
    (folder / "mine.jsonl").write_text("\n".join(lines))


def of_transcripts(folder: Path) -> None:
    words = [{"utf8": "now"}, {"utf8": " and", "tOffsetMs": 280}, {"utf8": " then", "tOffsetMs": 560}]
    events = [
        {"tStartMs": 1000, "dDurationMs": 1000, "segs": words},
        {"tStartMs": 5000, "dDurationMs": 2000, "segs": [{"utf8": "[Music]"}]},
    ]
    (folder / "talk.en.json3").write_text(json.dumps({"wireMagic": "pb3", "events": events}))


def of_corpus(folder: Path) -> None:
    make_corpus(folder / "corpus", ["a red dog"])


def nothing(folder: Path) -> None:
    pass


NEEDS: dict[str, Callable[[Path], None]] = {
    "README.md": of_readme,
    "clipbert.md": of_clipbert,
    "corpus.md": of_corpus,
    "search.md": of_search,
    "protocols.md": of_protocols,
    "transcripts.md": of_transcripts,
}
WITH_BLOCKS = [page for page in PAGES if list(blocks(page))]


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.name)
def test_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    NEEDS.get(page.name, nothing)(tmp_path)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "block"}
    for code, to_run in blocks(page):
        compiled = compile(code, f"{page.name}, a Python block", "exec")
        if to_run:
            exec(compiled, namespace)
            for expression, value in promised(code):
                assert repr(eval(expression, namespace)) == value, f"{page.name}: {expression}"


def promised(code: str) -> Iterator[tuple[str, str]]:
    """Expressions of a line of their own, and the value that stands behind them."""
    lines = code.splitlines()
    for statement in ast.parse(code).body:
        comment = lines[statement.lineno - 1].partition("  # ")[2]
        if isinstance(statement, ast.Expr) and re.fullmatch(r"[A-Z]\w+\(.*\)", comment):
            yield ast.unparse(statement), comment


def test_blocks_are_found() -> None:
    found = [block for page in WITH_BLOCKS for block in blocks(page)]
    assert len(found) >= 8
    assert sum(to_run for _, to_run in found) >= len(found) - 2

"""The page of clips shows the clips that are in the corpus, and no text in it acts."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from hdvila.cli.main import main
from hdvila.corpus.preview import show
from hdvila.errors import UsageError
from hdvila.media import decode_jpeg
from hdvila.media.transforms import shrink
from hdvila.store import Corpus
from tests.unit.corpus.corpora import GreyScorer, Page, make_corpus

HOSTILE = "</p></script><script>alert(1)</script><img src=x onerror=alert(1)> \"'>{{ 7 * 7 }}"
TEXTS = ["a red ball", HOSTILE, "こんにちは 世界", "four little words here", "five", "six"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "corpus", TEXTS, category=['"><b>', "news", None])


def test_each_clip_has_its_words_times_score_and_pictures(corpus: Path, tmp_path: Path) -> None:
    page = Page.read(show(corpus, tmp_path / "page.html", scorer=GreyScorer()))
    page.check_self_contained()
    cards = page.all("article")
    assert len(cards) == 6
    assert len(page.all("script")) == 1
    assert not page.all("b")[12:], "a category became an element"
    assert all(text in page.words for text in TEXTS)
    assert [card["data-category"] for card in cards] == ['"><b>', '"><b>', "news", "news", "", ""]
    assert {option["value"] for option in page.all("option")} >= {"", '"><b>', "news", "-score"}
    words = np.array([min(1.0, len(text.split()) / 10) for text in TEXTS])
    scores = np.cos(np.arange(6) * 40 / 255 - words)
    np.testing.assert_allclose([float(card["data-score"] or "nan") for card in cards], scores, atol=0.01)
    assert "0:10.0 – 0:12.5" in page.words
    pictures = [decode_jpeg(base64.b64decode((image["src"] or "").split(",")[1])) for image in page.all("img")]
    each = len(pictures) // 6
    assert pictures[0].shape == (64, 96, 3)
    assert pictures[1].shape == (16, 24, 3)
    for number in range(6):
        for picture in pictures[each * number : each * (number + 1)]:
            assert abs(picture.mean() - 40 * number) < 2


def test_the_same_seed_draws_the_same_clips(corpus: Path, tmp_path: Path) -> None:
    first = show(corpus, tmp_path / "1.html", sample=3).read_bytes()
    assert show(corpus, tmp_path / "2.html", sample=3).read_bytes() == first
    drawn = {show(corpus, tmp_path / "3.html", sample=3, seed=seed).read_bytes() for seed in range(5)}
    assert len(drawn) > 1
    assert len(Page.read(tmp_path / "1.html").all("article")) == 3
    assert not Page.read(tmp_path / "1.html").all("output")[1:]


def test_one_clip_no_clip_and_no_sample(tmp_path: Path) -> None:
    for texts in ([], ["one"]):
        root = make_corpus(tmp_path / f"corpus{len(texts)}", texts)
        page = Page.read(show(root, tmp_path / "page.html"))
        page.check_self_contained()
        assert len(page.all("article")) == len(texts)
        assert [select["id"] for select in page.all("select")] == ["order"]
    with pytest.raises(UsageError, match="sample=0"):
        show(root, tmp_path / "page.html", sample=0)


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "corpus", ["one"])
    page = Page.read(show(root, tmp_path / "page.html"))
    assert shrink(np.zeros((720, 1280, 3), np.uint8), width=640).shape == (360, 640, 3)
    assert shrink(np.zeros((10, 20, 3), np.uint8), height=90).shape == (10, 20, 3)
    assert len(page.all("img")) == 1 + min(6, Corpus(root).num_frames(0))


def test_the_commands(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "describe", str(corpus), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 6
    assert main(["corpus", "show", str(corpus), "--sample", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"page": str(corpus / "clips.html")}
    assert len(Page.read(corpus / "clips.html").all("article")) == 2
    assert main(["corpus", "show", str(tmp_path / "nothing")]) == 2
    assert "no such corpus" in capsys.readouterr().err

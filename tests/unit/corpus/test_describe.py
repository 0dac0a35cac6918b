"""What is said of a corpus is what is in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from hdvila.corpus.describe import describe
from hdvila.corpus.describe.croissant import MAKERS
from hdvila.corpus.failures import Failure, write_failures
from hdvila.errors import StoreError
from hdvila.progress import SILENT
from hdvila.store import Corpus
from tests.unit.corpus.corpora import GreyScorer, Page, make_corpus
from tests.unit.store.derived import forget

TEXTS = [
    "The red ball rolls to the left.",
    "Now a blue cube spins twice, and the red ball rolls.",
    "Here is the green cone again.",
    "Look at it.",
    "<script>alert('x')</script> & \"quotes\"",
    "今日はとても良い天気です。",
    "Привет, мир!",
]
CATEGORIES = ["Pets & <b>Animals</b>", "食べ物", "Pets & <b>Animals</b>", None]
FILES = ("stats.json", "report.html", "DATASHEET.md", "README.md", "croissant.json")
NEEDED = ("@context", "@type", "conformsTo", "name", "description", "license", "distribution", "recordSet")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    root = make_corpus(tmp_path / "corpus", TEXTS, category=CATEGORIES, license=["MIT", "MIT", "CC-BY-4.0", "MIT"])
    write_failures(
        root, [Failure("a", "filter", "too small"), Failure("b", "filter", "too small"), Failure("c", "cut", "x")]
    )
    return root


def test_statistics_are_those_of_the_clips_one_by_one(corpus: Path) -> None:
    stats = describe(corpus)
    assert json.loads((corpus / "stats.json").read_text(encoding="utf-8")) == stats
    rows, clips = Corpus(corpus).table.to_pylist(), Corpus(corpus).clips
    seconds = [clip.end - clip.start for clip in clips]
    assert (stats["clips"], stats["videos"]) == (7, 4)
    assert stats["hours"] == pytest.approx(sum(seconds) / 3600)
    assert stats["clip_seconds_mean"] == stats["clip_seconds"]["mean"] == pytest.approx(np.mean(seconds))
    words = [7, 11, 6, 3, 3, 12, 2]  # of Japanese each sign
    assert stats["sentence_words"]["mean"] == pytest.approx(np.mean(words))
    assert sum(stats["sentence_words"]["counts"]) == sum(stats["clip_seconds"]["counts"]) == 7
    assert stats["lr_frames"] == sum(row["lr_frames"] for row in rows)
    assert (stats["hr_fps"], stats["lr_fps"]) == (2, 10)
    by_clip = Counter(row["category"] for row in rows if row["category"])
    by_video = Counter(category for category in CATEGORIES if category)
    assert {row["name"]: (row["videos"], row["clips"]) for row in stats["categories"]} == {
        name: (by_video[name], by_clip[name]) for name in by_clip
    }
    assert stats["resolutions"] == [{"name": "96x64", "videos": 4, "clips": 7, "hours": pytest.approx(stats["hours"])}]
    assert stats["licenses"]["number"] == 2
    assert (stats["failed"], stats["failed_by_step"]) == (3, {"filter": 2, "cut": 1})
    assert stats["bytes"] == sum(file.stat().st_size for file in (corpus / "shards").iterdir())
    assert stats["parts_of_speech"]["tagged"] + stats["parts_of_speech"]["not_english"] == 7


def test_the_papers_tables_stand_beside_the_corpus(corpus: Path) -> None:
    stats = describe(corpus)
    ours, *others = stats["beside_paper"]["data_sets"]
    assert (ours["name"], ours["clips"], ours["sentences"], ours["lines"]) == ("this corpus", 7, 7, 64)
    assert len(others) == 9
    assert (others[-1]["name"], others[-1]["clips"], others[-1]["hours"]) == ("HD-VILA-100M", 103_000_000, 371_500)
    ours, *others = stats["beside_paper"]["words"]
    assert ours["unique_ngrams"] == {n: pytest.approx(stats["ngrams"][n]["unique"] / 7) for n in "234"}
    assert ours["per_sentence"]["noun"] == stats["parts_of_speech"]["per_sentence"]["noun"]
    assert [list(row["unique_ngrams"].values()) for row in others] == [[1.77, 2.08, 1.46], [4.18, 13.08, 20.89]]
    assert [list(row["per_sentence"].values()) for row in others] == [
        [2.25, 0.85, 0.68, 0.20],
        [6.63, 1.88, 2.07, 5.09],
    ]
    page, card = Page.read(corpus / "report.html").words, (corpus / "README.md").read_text(encoding="utf-8")
    for shown in (
        "HowTo100M",
        "LSMDC",
        "WebVid-2M",
        "20.89",
        "136,000,000",
        "90.0 s",
        "divided by its number of sentences",
    ):
        assert shown in page
        assert shown in card
    assert f"| {ours['unique_ngrams']['2']:.2f} | {ours['unique_ngrams']['3']:.2f} |" in card


def test_the_same_corpus_gives_the_same_bytes(corpus: Path) -> None:
    ledger = {"settings": {"padding": 0.3}, "runs": [{"source": "s", "options": {"min_height": 64}, "steps": []}]}
    (corpus / "build.json").write_text(json.dumps(ledger))
    describe(corpus)
    first = {name: (corpus / name).read_bytes() for name in FILES}
    describe(corpus)
    assert {name: (corpus / name).read_bytes() for name in FILES} == first


def test_the_report_shows_the_numbers_and_lets_no_text_act(corpus: Path) -> None:
    stats = describe(corpus)
    page = Page.read(corpus / "report.html")
    page.check_self_contained()
    assert not page.all("script")
    assert len(page.all("svg")) == 2
    assert not page.all("b")[4:], "a category became an element"
    for shown in ("Pets & <b>Animals</b>", "食べ物", "13.4 s", "32.5 words", "3 videos: 2 at “filter”, 1 at “cut”"):
        assert shown in page.words
    for row in stats["ngrams"].values():
        assert f"{row['unique']:,}" in page.words
    assert [tag for tag, _ in page.tags].count("meta") == 2


def test_datasheet_and_card_say_what_the_statistics_say(corpus: Path) -> None:
    run = {"source": "talks", "options": {"min_height": 64}, "steps": [{"name": "filter", "in": 7, "out": 4}]}
    (corpus / "build.json").write_text(json.dumps({"settings": {"padding": 0.3}, "runs": [run]}))
    stats = describe(corpus)
    sheet, card = ((corpus / name).read_text(encoding="utf-8") for name in ("DATASHEET.md", "README.md"))
    for title in ("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution", "Maintenance"):
        assert f"\n## {title}\n" in sheet
    assert f"{stats['clips']} clips of {stats['videos']} videos" in sheet
    assert f"{stats['bytes']:,} bytes in {stats['shards']} shards" in sheet
    assert f"{stats['failed']} further videos" in sheet
    assert "| `padding` | 0.3 |" in sheet
    assert "Run 1, of `talks`: `min_height` 64.\n" in sheet
    assert "| filter | 7 | 4 |" in sheet
    assert "| 食べ物 | 1 | 2 |" in sheet
    questions = [int(number) for number in re.findall(r"^\*\*(\d+)\. [A-Z].*?\?\*\* \S", sheet, re.MULTILINE)]
    assert questions == list(range(1, 51)), "all of Datasheets for Datasets, each with an answer or the maker's mark"
    assert sheet.count("**Is there anything else to say?** **To be filled in by the maker:**") == 7
    assert "<b>" not in sheet + card
    front = dict(line.split(": ", 1) for line in card.split("---\n")[1].splitlines())
    assert json.loads(front["size_categories"]) == ["n<1K"]
    assert json.loads(front["license"]) == "other"
    assert json.loads(front["configs"])[0]["data_files"] == "clips.parquet"
    assert f"| clips | {stats['clips']} |" in card


def test_croissant_names_every_column_and_the_right_bytes(corpus: Path) -> None:
    describe(corpus)
    data = json.loads((corpus / "croissant.json").read_text(encoding="utf-8"))
    assert all(data.get(key) for key in NEEDED)
    assert data["@type"] == "sc:Dataset"
    assert data["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    parts = {part["@id"]: part for part in data["distribution"]}
    assert len(parts) == len(data["distribution"]) == 4
    assert {file.name for file in corpus.glob(parts["shards"]["includes"])} == {
        file.name for file in (corpus / "shards").glob("*.tar")
    }
    ids = []
    for records in data["recordSet"]:
        files = {field["source"]["fileObject"]["@id"] for field in records["field"]}
        assert len(files) == 1
        file = corpus / files.pop()
        assert [field["source"]["extract"]["column"] for field in records["field"]] == pq.read_schema(file).names
        assert parts[file.name]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert all(
            field["dataType"] in ("sc:Text", "sc:Integer", "sc:Float", "sc:Boolean") for field in records["field"]
        )
        ids += [records["@id"], *(field["@id"] for field in records["field"])]
    assert len(ids) == len(set(ids))


def test_the_reference_implementation_reads_the_croissant_file(corpus: Path) -> None:
    croissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    describe(corpus)
    dataset = croissant.Dataset(jsonld=corpus / "croissant.json")
    issues = dataset.metadata.ctx.issues
    assert not issues.errors
    missing = {found.split('"')[1].rpartition("/")[2] for found in issues.warnings}
    assert missing <= set(MAKERS), "what only the maker of a corpus knows is missing, and nothing else"
    table = Corpus(corpus).table
    texts = [record["clips/text"].decode() for record in dataset.records("clips")]
    assert texts == table["text"].to_pylist()


def test_what_a_person_wrote_stays(corpus: Path) -> None:
    describe(corpus)
    data = json.loads((corpus / "croissant.json").read_text(encoding="utf-8"))
    (corpus / "croissant.json").write_text(
        json.dumps({**data, "url": "https://example.org", "datePublished": "2024-01-01"})
    )
    (corpus / "DATASHEET.md").write_text("my own words")
    for _ in range(2):
        stats = describe(corpus)
        assert (corpus / "DATASHEET.md").read_text() == "my own words"
        assert json.loads((corpus / "croissant.json").read_text(encoding="utf-8"))["url"] == "https://example.org"
    assert str(stats["clips"]) in (corpus / "README.md").read_text()
    (corpus / "DATASHEET.md").unlink()
    describe(corpus)
    assert "# Datasheet" in (corpus / "DATASHEET.md").read_text()


@pytest.mark.parametrize("stop", range(5))
def test_a_kill_between_two_files_leaves_nothing_behind(
    corpus: Path, tmp_path: Path, stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(corpus)
    other = Path(shutil.copytree(corpus, tmp_path / "other" / corpus.name))
    rows = [Failure("a", "filter", "too small"), Failure("d", "cut", "y")]
    write_failures(corpus, rows)
    write_failures(other, rows)
    written: list[Path] = []
    replace = os.replace

    def replace_and_die(source: Path, target: Path) -> None:
        replace(source, target)
        written.append(target)
        if len(written) == stop + 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", replace_and_die)
        with pytest.raises(KeyboardInterrupt):
            describe(corpus)
    assert len(written) == stop + 1
    describe(corpus)
    describe(other)
    assert {name: (corpus / name).read_bytes() for name in FILES} == {
        name: (other / name).read_bytes() for name in FILES
    }
    assert "1 left out at the step “cut”" in (corpus / "DATASHEET.md").read_text(encoding="utf-8")


def test_an_edit_at_either_end_of_a_text_keeps_it(corpus: Path) -> None:
    describe(corpus)
    whole = (corpus / "README.md").read_bytes()
    assert b"\n```\n\n<!-- as written by hdvila: " in whole
    for edited in (b"mine\n" + whole, whole + b"mine\n", whole[:-1], whole.replace(b"clips", b"clip s", 1)):
        (corpus / "README.md").write_bytes(edited)
        describe(corpus)
        assert (corpus / "README.md").read_bytes() == edited


def test_similarity_is_that_of_each_clip_with_its_words(corpus: Path) -> None:
    fit = describe(corpus, scorer=GreyScorer(), scorer_name="grey")["similarity"]
    grey = np.array([40 * number for number in range(7)]) / 255
    words = np.array([min(1.0, len(text.split()) / 10) for text in TEXTS])
    assert (fit["model"], fit["pairs"]) == ("grey", 7)
    assert fit["own"]["mean"] == pytest.approx(np.cos(grey - words).mean(), abs=0.01)
    assert fit["other"]["mean"] == pytest.approx(np.cos(grey - np.roll(words, 3)).mean(), abs=0.01)
    assert sum(fit["own"]["counts"]) == sum(fit["other"]["counts"]) == 7
    page = Page.read(corpus / "report.html")
    page.check_self_contained()
    assert len(page.all("svg")) == 3
    assert "grey" in page.words


def test_the_similarity_stays_as_long_as_the_clips_do(corpus: Path) -> None:
    fit = describe(corpus, scorer=GreyScorer(), scorer_name="grey")["similarity"]
    assert describe(corpus)["similarity"] == fit
    assert len(Page.read(corpus / "report.html").all("svg")) == 3
    shutil.copytree(make_corpus(corpus.parent / "more", [*TEXTS, "One more."]), corpus, dirs_exist_ok=True)
    assert "similarity" not in describe(corpus)


@pytest.mark.parametrize("texts", [[], ["ひとつ"], ["one"]])
def test_a_corpus_of_one_clip_or_none_without_categories(texts: list[str], tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "corpus", texts)
    stats = describe(root, scorer=GreyScorer())
    assert (stats["clips"], stats["videos"], stats["categories"]) == (len(texts), len(texts), [])
    for name in FILES:
        assert (root / name).stat().st_size > 100
    Page.read(root / "report.html").check_self_contained()
    assert "NaN" not in (root / "stats.json").read_text()


def test_a_corpus_whose_build_was_killed_is_described_by_its_shards(corpus: Path) -> None:
    whole = describe(corpus)
    forget(corpus)
    again = describe(corpus)
    assert {key: again[key] for key in ("clips", "hours", "categories", "ngrams")} == {
        key: whole[key] for key in ("clips", "hours", "categories", "ngrams")
    }


def test_no_corpus_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=re.escape(str(tmp_path))):
        describe(tmp_path)
    (tmp_path / "clips.parquet").write_bytes(b"no table")
    with pytest.raises(StoreError, match=r"clips\.parquet"):
        describe(tmp_path)


def test_without_sketches_and_tagger_their_numbers_alone_are_left_out(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, notes = describe(corpus), []
    for package in ("datasketches", "HanTa"):
        monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
        monkeypatch.delitem(sys.modules, "HanTa.HanoverTagger", raising=False)
    listening = SimpleNamespace(task=SILENT.task, note=notes.append)
    stats = describe(corpus, reporter=listening)
    assert {name for name in whole if whole[name] != stats[name]} == {"ngrams", "parts_of_speech", "beside_paper"}
    assert (stats["ngrams"], stats["parts_of_speech"]["per_sentence"]) == ({}, None)
    assert "HanTa was not installed" in (corpus / "report.html").read_text(encoding="utf-8")
    assert [note.partition(":")[0] for note in notes] == [
        "different n-grams are not counted",
        "parts of speech are not counted",
    ]
    assert all("hdvila[corpus]" in note for note in notes)


def test_without_matplotlib_the_report_alone_is_left_out(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    describe(corpus)
    assert {file for file in FILES if (corpus / file).exists()} == set(FILES) - {"report.html"}

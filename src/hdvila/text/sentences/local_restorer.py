"""Restore punctuation with a model in a local folder: a token classifier of transformers, or its ONNX export.

The folder holds ``config.json`` with the label names, ``tokenizer.json``, and ``model.onnx`` or weights as
saved by transformers. Labels follow the conventions of public punctuation models: ``"."``, ``"PERIOD"``,
``"B-COMMA"``, ``"?U"``, ``"Upper."``. Nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError, require
from hdvila.text.sentences.punctuation import capitalised, closed, has_end_mark, speaker_changes
from hdvila.text.sentences.restore import Restorer, restore
from hdvila.types import Transcript

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Case = Literal["keep", "capital", "upper"]
Classifier = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""Token ids (1, T) -> logits of the labels (1, T, C)."""

_NAMES = {
    "period": ".",
    "fullstop": ".",
    "full_stop": ".",
    "dot": ".",
    "comma": ",",
    "question": "?",
    "question_mark": "?",
    "questionmark": "?",
    "exclamation": "!",
    "exclamation_mark": "!",
    "colon": ":",
    "semicolon": ";",
}
_NOTHING = frozenset(("", "0", "o", "none", "empty", "space", "-", "'", "hyphen", "dash"))
_UNNAMED = {6: ("0", ".", ",", "?", "-", ":"), 4: ("O", "COMMA", "PERIOD", "QUESTION")}  # LABEL_0, LABEL_1, ...
_LONGEST, _OVERLAP = 512, 4  # tokens in a window; neighbouring windows share a quarter


@dataclass(frozen=True, slots=True)
class Label:
    """The mark that a label puts after a word (or none), and the case it gives the word."""

    mark: str
    case: Case = "keep"


@lru_cache(maxsize=2)
def find_restorer(folder: Path | None) -> Restorer:
    """The model in a folder, loaded once per process; the built-in restorer for None."""
    return restore if folder is None else load_restorer(folder)


def load_restorer(folder: str | os.PathLike[str]) -> Restorer:
    """Load the token classifier in a local folder as a restorer.

    Raises:
        UsageError: the folder has no model, or its labels follow no known convention.
        MissingDependency: transformers, or onnxruntime for ``model.onnx``, is not installed.
    """
    from tokenizers import Tokenizer

    root = Path(folder)
    try:
        config = json.loads((root / "config.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(root / "tokenizer.json"))
        names = {int(number): str(name) for number, name in config["id2label"].items()}
    except Exception as error:  # the tokenizers library raises nothing narrower
        raise UsageError(
            f"{root}: is not a punctuation model ({error}); it needs config.json with id2label, "
            "tokenizer.json, and model.onnx or the weights of transformers"
        ) from error
    labels = read_labels([names[number] for number in sorted(names)])
    scores = _onnx(root / "model.onnx") if (root / "model.onnx").exists() else _transformers(root)
    longest = min(int(config.get("max_position_embeddings", _LONGEST)), _LONGEST)
    return ModelRestorer(tokenizer, labels, scores, longest - 4)  # some models count positions from 2


def read_labels(names: Sequence[str]) -> list[Label]:
    """Parse the names of labels.

    Raises:
        UsageError: a name follows no known convention.
    """
    if all(re.fullmatch(r"LABEL_\d+", name) for name in names):
        if len(names) not in _UNNAMED:
            raise UsageError(f"{len(names)} labels without names (LABEL_0 ...): write their marks into id2label")
        names = _UNNAMED[len(names)]
    return [_label(name) for name in names]


def _label(name: str) -> Label:
    pair = re.fullmatch(r"([O.,?!:;'-])([OU])", name)  # the mark, then whether the word has a capital
    if pair:
        mark = pair[1] if pair[1] in ".,?!:;" else ""
        return Label(mark, "capital" if pair[2] == "U" else "keep")
    text = re.sub(r"^[BI]-", "", name)
    case: Case = "keep"
    found = re.match(r"(?i:(upper|capitali[sz]ed|capital|cap|title|lower))(?![a-z])[_+|]?", text)
    if found:
        text = text[found.end() :]
        case = "upper" if found[1] == "UPPER" else "keep" if found[1].lower() == "lower" else "capital"
    mark = text if text in tuple(".,?!:;…") else _NAMES.get(text.lower().replace("-", "_"))
    if mark is None and text.lower() not in _NOTHING:
        raise UsageError(
            f"the label {name!r} of the punctuation model follows no known convention: rename it in id2label"
        )
    return Label(mark or "", case)


@dataclass(frozen=True, slots=True)
class ModelRestorer:
    """Restores marks and capitals with a token classifier, window by window. Words are kept.

    Attributes:
        tokenizer: splits words into tokens.
        labels: the meaning of each class.
        scores: the classifier.
        longest: the largest number of tokens in a window.
    """

    tokenizer: Tokenizer
    labels: Sequence[Label]
    scores: Classifier
    longest: int

    def __call__(self, transcript: Transcript) -> list[str]:
        """The words with the marks of the model, and a final mark before each change of the speaker."""
        texts = [word.text for word in transcript.words]
        last_of_turns = {at - 1 for at in speaker_changes(transcript.words)}
        chosen = self._classes([text.lower() for text in texts])
        restored: list[str] = []
        for at, (text, number) in enumerate(zip(texts, chosen, strict=True)):
            label = self.labels[number]
            if label.case == "upper":
                text = text.upper()
            if label.case == "capital" or not restored or has_end_mark(restored[-1]):
                text = capitalised(text)
            if label.mark in (",", ":", ";") and text[-1:].isalnum():
                text += label.mark
            elif label.mark and label.mark not in (",", ":", ";"):
                text = closed(text, label.mark)
            restored.append(closed(text, ".") if at in last_of_turns else text)
        return restored

    def _classes(self, words: Sequence[str]) -> list[int]:
        """The likeliest class of each word: the mean over its tokens, in the window where it is most central."""
        sizes = [max(1, len(self.tokenizer.encode(word, add_special_tokens=False).ids)) for word in words]
        best = np.full(len(words), -1)
        chosen = np.zeros(len(words), dtype=np.intp)
        start = 0
        while start < len(words):
            stop, tokens = start, 0
            while stop < len(words) and (stop == start or tokens + sizes[stop] <= self.longest):
                tokens += sizes[stop]
                stop += 1
            for at, number in self._window(words[start:stop]).items():
                margin = min(at if start else len(words), stop - start - at if stop < len(words) else len(words))
                if margin > best[start + at]:
                    best[start + at], chosen[start + at] = margin, number
            start = len(words) if stop == len(words) else max(start + 1, stop - (stop - start) // _OVERLAP)
        return [int(number) for number in chosen]

    def _window(self, words: Sequence[str]) -> dict[int, int]:
        encoded = self.tokenizer.encode(list(words), is_pretokenized=True)
        ids = np.array([encoded.ids[: self.longest + 4]], dtype=np.int64)
        logits = self.scores(ids)[0].astype(np.float64)
        share = np.exp(logits - logits.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        of_word: dict[int, list[int]] = {}
        for token, word in enumerate(encoded.word_ids[: len(share)]):
            if word is not None:
                of_word.setdefault(word, []).append(token)
        return {word: int(share[tokens].mean(axis=0).argmax()) for word, tokens in of_word.items()}


def _onnx(file: Path) -> Classifier:
    session: Any = require("onnxruntime", extra="punctuation").InferenceSession(str(file))
    wanted = [value.name for value in session.get_inputs()]

    def scores(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        result: NDArray[np.float32] = session.run(None, {name: given[name] for name in wanted})[0]
        return result

    return scores


def _transformers(root: Path) -> Classifier:
    library: Any = require("transformers", extra="punctuation")
    import torch

    try:
        model = library.AutoModelForTokenClassification.from_pretrained(root, local_files_only=True).eval()
    except (OSError, ValueError) as error:
        raise UsageError(f"{root}: its punctuation model cannot be loaded: {error}") from error

    def scores(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        with torch.inference_mode():
            result: NDArray[np.float32] = model(input_ids=torch.from_numpy(ids)).logits.float().numpy()
        return result

    return scores

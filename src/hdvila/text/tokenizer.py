"""Text to token ids and back: BERT's WordPiece, on top of the `tokenizers` library."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError, is_defect
from hdvila.text.tokenizer_files import (
    DEFAULTS,
    Settings,
    find_tokenizer,
    read_settings,
    read_vocabulary,
    write_settings,
)
from hdvila.writing import drop_surrogates

PAD, UNK, CLS, SEP, MASK = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_OF_NORMALIZER = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}
_BLOCK = 10_000  # texts encoded at once, on all cores


class Tokenizer:
    """Turns texts into BERT's rows of token ids: ``[CLS] words [SEP] [PAD] ...``."""

    def __init__(self, backend: Any, source: str) -> None:
        """Wrap a `tokenizers.Tokenizer`; `source` names it in errors. Callers use `load` or `train`."""
        missing = [token for token in SPECIAL if backend.token_to_id(token) is None]
        if missing:
            raise UsageError(f"{source}: is not a BERT tokenizer: it has no token {missing[0]}; name another")
        backend.no_truncation()
        backend.no_padding()
        self._backend = backend
        self._size: int = max(backend.get_vocab().values()) + 1  # above the number of pieces if one repeats
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = map(backend.token_to_id, SPECIAL)

    @classmethod
    def load(cls, source: str | os.PathLike[str]) -> Tokenizer:
        """Load a folder with ``tokenizer.json`` or ``vocab.txt``, one of these files, or a Hugging Face name.

        The settings of ``tokenizer_config.json`` beside the file for lower case, accents and Chinese
        characters apply. The folder may be one of the hub's cache.

        ``miniature`` is the vocabulary of the miniature world, which comes with the package: every word of
        its speech, captions and questions.

        Raises:
            UsageError: the folder or file does not exist, or does not hold a BERT tokenizer.
            HdvilaError: the hub cannot be reached or does not know the name.
            MissingDependency: a hub name needs the ``hub`` extra.
        """
        from tokenizers import Tokenizer as Backend

        file = find_tokenizer(source)
        settings = read_settings(file.parent)
        if file.suffix == ".txt":
            return cls(_bert(read_vocabulary(file), settings), str(file))
        try:
            backend = Backend.from_file(str(file))
        except Exception as error:  # the library raises bare Exception
            if is_defect(error):
                raise
            raise UsageError(f"{file}: is not a tokenizer file: {error}; name a tokenizer.json or vocab.txt") from error
        _apply(backend, settings)
        return cls(backend, str(file))

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int) -> Tokenizer:
        """Learn a lower-case WordPiece vocabulary. The same texts always give the same vocabulary.

        Args:
            texts: the training texts.
            vocab_size: the largest number of entries, special tokens included.

        Raises:
            UsageError: the size leaves no room for words.
        """
        from hdvila.text.wordpiece import learn_wordpieces

        if vocab_size <= len(SPECIAL):
            raise UsageError(f"vocab_size={vocab_size}: the special tokens alone take {len(SPECIAL)}; give more")
        blank = _bert({token: number for number, token in enumerate(SPECIAL)})
        counts: Counter[str] = Counter()
        for text in map(drop_surrogates, texts):
            normal = blank.normalizer.normalize_str(text)
            counts.update(word for word, _ in blank.pre_tokenizer.pre_tokenize_str(normal))
        pieces = [*SPECIAL, *learn_wordpieces(counts, vocab_size - len(SPECIAL))]
        return cls(_bert({piece: number for number, piece in enumerate(pieces)}), "trained tokenizer")

    def __call__(self, texts: Sequence[str], length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Encode B texts, cut to `length` tokens and padded to the longest. Lone surrogates are dropped.

        Returns:
            (ids (B, L), mask (B, L)): mask is 1 on tokens and 0 on padding; L is at most `length`.

        Raises:
            UsageError: `length` is below 2, which leaves no room for ``[CLS]`` and ``[SEP]``.
        """
        if length < 2:
            raise UsageError(f"length={length}: [CLS] and [SEP] alone take 2; give more")
        rows = [
            self._backend.encode(drop_surrogates(text), add_special_tokens=False).ids[: length - 2] for text in texts
        ]
        longest = max((len(words) + 2 for words in rows), default=length)
        ids_BL = np.full((len(rows), longest), self.pad_id, np.int64)
        mask_BL = np.zeros((len(rows), longest), np.int64)
        for row, words in enumerate(rows):
            ids_BL[row, : len(words) + 2] = [self.cls_id, *words, self.sep_id]
            mask_BL[row, : len(words) + 2] = 1
        return ids_BL, mask_BL

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, ``[CLS]`` and ``[SEP]`` included, before it is cut."""
        blocks = (list(map(drop_surrogates, texts[first : first + _BLOCK])) for first in range(0, len(texts), _BLOCK))
        return [
            len(one.ids) + 2
            for block in blocks
            for one in self._backend.encode_batch_fast(block, add_special_tokens=False)
        ]

    def kept(self, text: str, length: int) -> str:
        """The part of a text that is left when it is cut to `length` tokens."""
        text = drop_surrogates(text)
        ends = self._backend.encode(text, add_special_tokens=False).offsets
        return text if len(ends) <= length - 2 else text[: ends[length - 3][1]] if length > 2 else ""

    def unknown_words(self, text: str) -> list[str]:
        """The words of a text that the vocabulary does not know, each once, as written in the text.

        These are words with an ``[UNK]``, and words of which half the letters or more are single-letter pieces.
        """
        text = drop_surrogates(text)
        encoded = self._backend.encode(text, add_special_tokens=False)
        words: dict[int, list[int]] = {}
        for place, word in enumerate(encoded.word_ids):
            words.setdefault(word, []).append(place)
        found = []
        for places in words.values():
            pieces = [encoded.tokens[place].removeprefix("##") for place in places]
            alone = sum(len(piece) == 1 for piece in pieces)
            apart = len(pieces) > 1 and 2 * alone >= sum(map(len, pieces))
            if apart or any(encoded.ids[place] == self.unk_id for place in places):
                found.append(text[encoded.offsets[places[0]][0] : encoded.offsets[places[-1]][1]])
        return list(dict.fromkeys(found))

    def whole_words(self) -> list[str]:
        """The pieces that are whole words of three letters or more, in the order of their ids."""
        pieces = sorted(self._backend.get_vocab().items(), key=lambda item: item[1])
        return [piece for piece, _ in pieces if len(piece) > 2 and piece.isalpha()]

    def decode(self, ids: Iterable[int]) -> str:
        """Turn ids back into text, without special tokens and with normalised white space."""
        return str(self._backend.decode([int(number) for number in ids], skip_special_tokens=True))

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write ``tokenizer.json``, for `load` and the `tokenizers` library, and ``vocab.txt``, for BERT tools."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        pieces = {number: piece for piece, number in self._backend.get_vocab().items()}
        lines = (pieces.get(number, "") for number in range(max(pieces) + 1))  # the line number is the id
        with (target / "vocab.txt").open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(f"{piece}\n" for piece in lines)
        write_settings(target, _changed_settings(self._backend))
        self._backend.save(str(target / "tokenizer.json"))

    def same_words(self, other: Tokenizer) -> bool:
        """Whether both tokenizers have the same piece for every id."""
        return bool(self._backend.get_vocab() == other._backend.get_vocab())

    def to_json(self) -> str:
        """The tokenizer as the text of a ``tokenizer.json``; equal tokenizers give equal texts."""
        return str(self._backend.to_str())

    @property
    def vocab_size(self) -> int:
        """The number of ids: the largest plus one."""
        return self._size

    @property
    def special_ids(self) -> tuple[int, ...]:
        """The ids of ``[PAD] [UNK] [CLS] [SEP] [MASK]``, which are never masked or predicted."""
        return self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id


def _bert(vocabulary: dict[str, int], settings: Settings = DEFAULTS) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    backend = Tokenizer(models.WordPiece(vocabulary, unk_token=UNK, max_input_chars_per_word=100))
    backend.normalizer = normalizers.BertNormalizer()
    _apply(backend, settings)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece(prefix="##")
    if CLS in vocabulary and SEP in vocabulary:
        backend.post_processor = processors.BertProcessing((SEP, vocabulary[SEP]), (CLS, vocabulary[CLS]))
    backend.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL if token in vocabulary])
    return backend


def _apply(backend: Any, settings: Settings) -> None:
    """Apply settings to BERT's normaliser. Other settings, and other normalisers, do not change."""
    normalizer = backend.normalizer
    if settings and type(normalizer).__name__ == "BertNormalizer":
        for name, value in settings.items():
            setattr(normalizer, _OF_NORMALIZER[name], value)
        backend.normalizer = normalizer


def _changed_settings(backend: Any) -> Settings:
    """The settings of BERT's normaliser that differ from the defaults."""
    if type(backend.normalizer).__name__ != "BertNormalizer":
        return {}
    return {
        name: value
        for name, here in _OF_NORMALIZER.items()
        if (value := getattr(backend.normalizer, here)) != DEFAULTS[name]
    }

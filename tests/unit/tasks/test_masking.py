"""Masked words: the shares of BERT, special tokens left alone, the same for the same key."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from hdvila.tasks.masked_words import IGNORE, Vocabulary, mask_words

VOCABULARY = Vocabulary(size=1000, mask=103, special=(0, 100, 101, 102, 103))


def texts(rows: int, length: int = 40) -> torch.Tensor:
    ids = torch.randint(104, 1000, (rows, length), generator=torch.Generator().manual_seed(rows))
    ids[:, 0], ids[:, -5], ids[:, -4:], ids[:, 3] = 101, 102, 0, 100
    return ids


def test_shares() -> None:
    ids, keys = texts(2000), torch.arange(2000)
    masked, labels = mask_words(ids, keys, 0.15, VOCABULARY)
    chosen = labels != IGNORE
    words = ids >= 104
    assert abs(chosen.sum() / words.sum() - 0.15) < 0.004
    became_mask = (masked == 103)[chosen].float().mean()
    same = (masked == ids)[chosen].float().mean()
    assert abs(became_mask - 0.8) < 0.01
    assert abs(same - 0.1) < 0.01
    assert len(set(masked[chosen & (masked != ids) & (masked != 103)].tolist())) > 300


@given(share=st.floats(0, 1), rows=st.integers(1, 5), key=st.integers(0, 2**62))
def test_only_chosen_words_change_and_labels_are_the_old_words(share: float, rows: int, key: int) -> None:
    ids = texts(rows, 12)
    masked, labels = mask_words(ids, key + torch.arange(rows), share, VOCABULARY)
    chosen = labels != IGNORE
    assert torch.equal(masked[~chosen], ids[~chosen])
    assert torch.equal(labels[chosen], ids[chosen])
    assert not chosen[ids < 104].any()
    assert not torch.isin(masked[chosen], torch.tensor([0, 100, 101, 102])).any()
    assert (masked < 1000).all()


def test_a_row_depends_on_its_own_key_alone() -> None:
    ids, keys = texts(6), torch.tensor([5, 6, 7, 8, 9, 10])
    masked, labels = mask_words(ids, keys, 0.5, VOCABULARY)
    part, part_labels = mask_words(ids[2:4], keys[2:4], 0.5, VOCABULARY)
    assert torch.equal(part, masked[2:4])
    assert torch.equal(part_labels, labels[2:4])
    other, _ = mask_words(ids[2:4], keys[3:5], 0.5, VOCABULARY)
    assert not torch.equal(other, part)


def test_more_padding_masks_the_same_words() -> None:
    ids, keys = texts(4), torch.arange(4)
    masked, labels = mask_words(ids, keys, 0.5, VOCABULARY)
    shorter, shorter_labels = mask_words(ids[:, :-4], keys, 0.5, VOCABULARY)
    assert torch.equal(shorter, masked[:, :-4])
    assert torch.equal(shorter_labels, labels[:, :-4])


def test_a_random_word_is_any_that_is_not_special_wherever_these_stand() -> None:
    last = Vocabulary(size=20, mask=19, special=(0, 7, 17, 18, 19))
    ids = torch.tensor([1, 2, 3, 16]).repeat(400, 5)
    masked, labels = mask_words(ids, torch.arange(400), 1.0, last)
    drawn = set(masked[(labels != IGNORE) & (masked != ids) & (masked != 19)].tolist())
    assert drawn == set(range(20)) - {0, 7, 17, 18, 19}

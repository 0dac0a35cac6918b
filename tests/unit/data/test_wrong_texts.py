"""Wrong texts are captions of other videos, drawn from the sample's key alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.data.dataset import ClipDataset
from hdvila.data.examples import Example
from hdvila.data.order import SampleKey
from hdvila.data.settings import DataSettings
from hdvila.data.wrong_texts import WrongTexts
from hdvila.errors import UsageError
from hdvila.types import Clip
from tests.unit.train.toy_training import LENGTH, PREPROCESS, ToyCorpus, tokenize


def clips(*videos: str) -> list[Clip]:
    return [Clip(f"c{n}", video, 0.0, 4.0, f"{n}") for n, video in enumerate(videos)]


def examples(*wordings: str) -> list[Example]:
    """An example a clip; its wordings are separated by a bar."""
    return [Example(n, tuple((text,) for text in one.split("|"))) for n, one in enumerate(wordings)]


@settings(deadline=None)
@given(
    videos=st.lists(st.sampled_from("abcd"), min_size=2, max_size=9).filter(lambda found: len(set(found)) > 1),
    count=st.integers(1, 4),
    key=st.integers(0, 2**62),
)
def test_they_are_never_of_the_own_video_and_no_two_alike_while_there_are_others(
    videos: list[str], count: int, key: int
) -> None:
    made, of = clips(*videos), examples(*(f"text {n}|other {n}" for n in range(len(videos))))
    wrong = WrongTexts(made, of, count)
    for own in of:
        drawn = wrong.draw(own, key)
        numbers = [int(text.split()[1]) for text in drawn]
        assert all(videos[number] != videos[own.clip] for number in numbers)
        others = 2 * sum(video != videos[own.clip] for video in videos)
        assert len(set(drawn)) == min(count, others)
        assert wrong.draw(own, key) == drawn


def test_captions_with_the_own_words_are_not_drawn_where_there_are_others() -> None:
    of = examples("a cat runs|it runs", "A  cat runs", "It runs", " ", "a dog")
    wrong = WrongTexts(clips(*"vwxyz"), of, 1)
    assert {wrong.draw(of[0], key) for key in range(40)} == {("a dog",)}
    alike = examples("a cat", "a cat", "a cat")
    assert WrongTexts(clips(*"vwx"), alike, 2).draw(alike[0], 7) == ("a cat", "a cat")


def test_each_other_video_is_as_likely() -> None:
    of = examples(*"abcde")
    wrong = WrongTexts(clips(*"vwxyz"), of, 1)
    found = Counter(wrong.draw(of[2], key)[0] for key in range(2000))
    assert set(found) == set("abde")
    assert max(found.values()) - min(found.values()) < 150, "500 each; one deviation is 19"


def test_one_video_has_no_wrong_texts() -> None:
    with pytest.raises(UsageError, match=r"data\.negatives=2: .* all 3 clips are of the video 'v': learn from two"):
        WrongTexts(clips("v", "v", "v"), examples(*"abc"), 2)


def toy(negatives: int, wordings: bool = False) -> ClipDataset:
    chosen = DataSettings(corpus="toy", preprocess=PREPROCESS, text_length=LENGTH, negatives=negatives)
    given = [Example(n, ((f"{n}",), (f"{n} 1",))) for n in range(24)] if wordings else None
    return ClipDataset(ToyCorpus(), chosen, tokenize, 0, given)


@pytest.mark.parametrize("wordings", [False, True])
def test_a_batch_holds_the_own_text_first_and_all_else_is_as_without(wordings: bool) -> None:
    keys = [SampleKey(0, 3), SampleKey(1, 3), SampleKey(0, 9)]
    plain, some = toy(0, wordings).batch(keys), toy(2, wordings).batch(keys)
    assert some.input_ids.shape == some.attention_mask.shape == (3, 3, LENGTH)
    assert torch.equal(some.input_ids[:, 0], plain.input_ids)
    assert torch.equal(some.keys, plain.keys)
    assert all(torch.equal(a, b) for a, b in zip(some.video, plain.video, strict=True))  # type: ignore[arg-type]
    alone = toy(2, wordings).batch(keys[2:])
    assert torch.equal(alone.input_ids[0], some.input_ids[2]), "whatever else is in the batch"
    first, second = some.input_ids[:2, 1:].numpy()
    assert not np.array_equal(first, second), "another epoch, other texts"

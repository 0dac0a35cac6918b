"""Streams are counted as if they had been kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.corpus.describe.counts import NGrams, Tally, words_of
from hdvila.corpus.describe.parts_of_speech import TAGS, count_parts, tag


@given(st.lists(st.lists(st.integers(0, 4000), max_size=20), max_size=6))
def test_a_tally_is_what_numpy_finds_in_all_the_numbers(batches: list[list[int]]) -> None:
    tally = Tally(0.01, 20.0)
    for batch in batches:
        tally.add(np.array(batch, float) / 100)
    everything = np.array([x for batch in batches for x in batch], float) / 100
    edges = [0.0, 1.0, 2.0, 5.0, 20.0]
    summary = tally.summary(edges)
    assert summary["number"] == len(everything)
    assert summary["counts"] == np.histogram(everything, [*edges, np.inf])[0].tolist()
    if len(everything):
        assert summary["mean"] == pytest.approx(everything.mean())
        assert summary["deviation"] == pytest.approx(everything.std(), abs=1e-6)
        assert (summary["min"], summary["max"]) == (everything.min(), everything.max())
        below = np.sort(np.minimum(everything, 20.0))
        assert summary["median"] == pytest.approx(below[(len(below) - 1) // 2], abs=0.0101)
    else:
        assert summary["mean"] is summary["median"] is summary["max"] is None


def test_different_words_are_counted_exactly_while_there_is_room_and_closely_beyond_it() -> None:
    texts = pa.array([f"w{number}" for number in range(40_000)] + [f"w{number}" for number in range(30_000)])
    small, large = NGrams(log_size=12), NGrams()
    for first in range(0, len(texts), 3000):
        small.add(texts[first : first + 3000])
        large.add(texts[first : first + 3000])
    assert large.summary()["1"] == {"total": 70_000, "unique": 40_000, "exact": True}
    estimate = small.summary()["1"]
    assert not estimate["exact"]
    assert estimate["unique"] == pytest.approx(40_000, rel=0.0625)  # four deviations at this size


WORDS = st.lists(st.sampled_from(["red", "ball", "don't", "the", "été", "мяч", "3"]), max_size=9)


@settings(deadline=None, max_examples=20)
@given(st.lists(WORDS, max_size=8), st.integers(1, 8))
def test_ngrams_are_those_of_each_text_alone_whatever_the_batches(texts: list[list[str]], size: int) -> None:
    count = NGrams()
    lines = [", ".join(text).upper() + "!" for text in texts]
    for first in range(0, len(lines), size):
        count.add(pa.array(lines[first : first + size], pa.string()))
    for n in range(1, 5):
        grams = [tuple(text[at : at + n]) for text in texts for at in range(len(text) - n + 1)]
        assert count.summary()[str(n)] == {"total": len(grams), "unique": len(set(grams)), "exact": True}


def test_words_of_any_script() -> None:
    texts = ["Don’t say 'hello', it's 5 o'clock — \t\n", "", None, "今日は ok", "สวัสดี", "Привет, мир!", "😀 ''"]
    words, text_of = words_of(pa.array(texts))
    found = [[w for w, t in zip(words.to_pylist(), text_of, strict=True) if t == at] for at in range(len(texts))]
    assert found[0] == ["don't", "say", "hello", "it's", "5", "o'clock"]
    assert found[1:4] == [[], [], ["今", "日", "は", "ok"]]
    assert "".join(found[4]) == "สวัสดี"
    assert len(found[4]) > 1
    assert found[5:] == [["привет", "мир"], []]


LABELLED = """now/R the/D small/J dog/N runs/V quickly/R across/I the/D kitchen/N
she/P has/V never/R seen/V that/D old/J bridge/N before/I
we/P want/V to/I mix/V two/M eggs/N with/I some/D warm/J milk/N
they/P did/V n't/R finish/V their/D careful/J work/N because/C it/P rained/V
put/V the/D cake/N into/I a/D hot/J oven/N and/C wait/V
his/D visit/N to/I the/D museum/N was/V a/D complete/J disappointment/N
can/V you/P show/V me/P how/R this/D machine/N works/V
i/P really/R like/V walking/V through/I busy/J markets/N
there/P are/V forty/M students/N in/I my/D class/N
what/P is/V the/D best/J way/N to/I cook/V rice/N
when/C the/D water/N boils/V you/P turn/V the/D heat/N down/I and/C let/V it/P simmer/V for/I about/R ten/M minutes/N
the/D first/J time/N i/P tried/V this/P i/P burned/V my/D hand/N pretty/R badly/R
if/C you/P look/V closely/R you/P will/V see/V a/D tiny/J crack/N along/I the/D left/J side/N of/I the/D pipe/N
she/P was/V born/V in/I a/D small/J fishing/N village/N and/C left/V home/N at/I sixteen/M
most/D people/N think/V that/C bees/N only/R make/V honey/N but/C they/P pollinate/V our/D crops/N too/R
these/D older/J engines/N run/V hot/J so/C check/V the/D oil/N before/I every/D long/J drive/N
he/P grabbed/V the/D ball/N spun/V around/R and/C threw/V it/P straight/R to/I second/J base/N
what/P really/R surprised/V me/P was/V how/R quiet/J the/D whole/J city/N became/V
i/P thought/V it/P would/V take/V an/D hour/N but/C it/P only/R took/V twenty/M minutes/N
nobody/P told/V us/P that/C the/D last/J bus/N leaves/V so/R early/R on/I sundays/N
keep/V your/D back/N straight/J and/C lift/V with/I your/D legs/N
those/D tiny/J birds/N fly/V across/I the/D whole/J desert/N without/I drinking/V"""

KINDS = {
    "N": "noun",
    "V": "verb",
    "J": "adjective",
    "R": "adverb",
    "P": "pronoun",
    "D": "determiner",
    "I": "preposition",
    "C": "conjunction",
    "M": "number",
}


def test_95_tags_in_a_hundred_are_right() -> None:
    right = total = 0
    for line in LABELLED.splitlines():
        labels = [item.rsplit("/", 1) for item in line.split()]
        tagged = tag(" ".join(word for word, _ in labels).replace(" n't", "n't"))
        assert [word for word, _ in tagged] == [word for word, _ in labels]
        right += sum(part == KINDS[label] for (_, part), (_, label) in zip(tagged, labels, strict=True))
        total += len(labels)
    assert (right, total) == (228, 239)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=80))
def test_any_text_has_tags(text: str) -> None:
    assert all(part in TAGS and word for word, part in tag(text))


def test_words_of_any_length_are_tagged_soon() -> None:
    assert tag("I don't know a" + "b" * 9000)[1:4] == [("do", "verb"), ("n't", "adverb"), ("know", "verb")]


def test_only_english_is_tagged() -> None:
    foreign = [
        "Heute zeigen wir euch, wie man einen guten Kuchen ohne viel Arbeit backen kann.",
        "Hoy vamos a preparar una sopa de tomate con un poco de queso y pan.",
        "Aujourd'hui on va faire une tarte aux pommes avec du beurre et de la crème.",
        "今日はとても良い天気です",
        "Сегодня мы идём в музей.",
        "",
    ]
    assert count_parts((text, None) for text in foreign)["tagged"] == 0
    assert count_parts([("So today we are going to bake a cake with the kids.", None)])["tagged"] == 1
    counted = count_parts([("a red ball", "en-US"), ("ein roter Ball ist in an as", "de"), ("пять", None)])
    assert (counted["tagged"], counted["not_english"]) == (1, 2)
    assert counted["per_sentence"] == {**dict.fromkeys(TAGS, 0.0), "determiner": 1, "adjective": 1, "noun": 1}
    assert count_parts([])["per_sentence"] is None

"""Scripts: splits that share no combination, sentences that say what they tell, shares that hold."""

from __future__ import annotations

import re
from collections import Counter
from math import log2
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.errors import UsageError
from hdvila.miniature.categories import ASIDES, BY_SLUG, CATEGORIES
from hdvila.miniature.information import bits, ceiling, describe_world
from hdvila.miniature.script import combination, split_of, write_script
from hdvila.miniature.world import (
    COLOURS,
    DIRECTIONS,
    FPS,
    MARKS,
    TEXTURES,
    ActionMix,
    Shares,
    WorldConfig,
    config_from,
)


def events(config: WorldConfig, count: int = 60, **arguments: Any) -> list[dict[str, Any]]:
    return [e for n in range(count) for e in write_script(3, n, config, **arguments).truth()["events"]]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), number=st.integers(0, 10**5), fewest=st.integers(1, 8))
def test_events_follow_each_other_on_frames_and_speech_lies_inside(seed: int, number: int, fewest: int) -> None:
    script = write_script(seed, number, WorldConfig(events=(fewest, fewest + 3)))
    assert fewest <= len(script.events) <= fewest + 3
    after = 0.0
    for event in script.events:
        assert event.start >= after + 0.29
        assert event.start * FPS == pytest.approx(round(event.start * FPS))
        assert event.end - event.start >= 2.4 - 1e-9
        for one, two in zip(event.speech, event.speech[1:], strict=False):
            assert one.start < one.end < two.start
        if event.speech:
            assert event.start < event.speech[0].start
            assert event.speech[-1].end < event.end
            assert after == 0 or event.speech[0].start - after > 0.6, "a pause parts two sentences"
            after = event.speech[-1].end
        after = max(after, event.end)
    assert after < script.length


def test_train_and_test_share_no_combination_of_attributes_even_across_seeds() -> None:
    def keys(split: Any, seed: int) -> set[str]:
        found = [e for n in range(120) for e in write_script(seed, n, WorldConfig(), split).events]
        return {combination(e.object, e.colour, e.texture, e.action.name) for e in found}

    train, test = keys("train", 0) | keys("train", 1), keys("test", 0) | keys("test", 1)
    assert len(train) > 1000 < len(test)
    assert not train & test


def test_videos_are_dealt_to_splits_by_the_share() -> None:
    splits = Counter(write_script(0, n, WorldConfig(test_share=0.2, events=(1, 1))).split for n in range(50))
    assert splits == {"train": 40, "test": 10}
    keys = [f"{n}" for n in range(4000)]
    assert sum(split_of(key, 0.2) == "test" for key in keys) / 4000 == pytest.approx(0.2, abs=0.03)


def test_a_video_does_not_depend_on_how_many_are_made() -> None:
    assert write_script(1, 5, WorldConfig()) == write_script(1, 5, WorldConfig())
    assert write_script(1, 5, WorldConfig()) != write_script(2, 5, WorldConfig())


def test_sentences_say_what_told_lists_and_nothing_more() -> None:
    for event in events(WorldConfig(), 150):
        words = event["sentence"].rstrip(".").lower().split()
        if not event["narrated"]:
            assert event["told"] == []
            assert not event["sentence"] or event["sentence"].rstrip(".").lower() in {a.lower() for a in ASIDES}
            continue
        attributes, told = event["attributes"], event["told"]
        assert event["sentence"][0].isupper()
        assert event["sentence"].endswith(".")
        for name in ("object", "colour", "place", "texture"):
            assert (attributes[name] in words) == (name in told), (name, event)
        turns = "turns" in attributes and "action" in told
        assert sum(words.count(colour) for colour in COLOURS) == ("colour" in told) + turns
        assert sum(words.count(texture) for texture in TEXTURES) == ("texture" in told)
        assert (f"with the {attributes['mark']}" in " ".join(words)) == ("mark" in told)
        for value in (attributes.get(name) for name in ("direction", "first", "second", "turns")):
            if value:
                said = DIRECTIONS.get(value, value)
                assert bool(re.search(rf"\b{said}", " ".join(words))) == ("action" in told), event


def test_each_category_has_its_own_words() -> None:
    assert len(CATEGORIES) == len(BY_SLUG) == 15
    phrases = [phrase for c in CATEGORIES for phrase in (*c.phrases, *c.still)]
    assert len(phrases) == len(set(phrases))
    names = [name for c in CATEGORIES for name in (*c.objects, *c.places)]
    assert len(names) == len(set(names)) == 75
    assert not set(names) & {*COLOURS, *TEXTURES, *MARKS}


def test_shares_hold() -> None:
    shares = Shares(
        phrase=0.3, object=0.6, colour=0.2, place=0.5, texture=0.9, mark=0.1, action=0.7, aside=0.2, silent=0.1
    )
    found = events(WorldConfig(shares), 250)
    about = [e for e in found if e["narrated"]]
    assert len(about) / len(found) == pytest.approx(0.7, abs=0.04)
    assert sum(not e["sentence"] for e in found) / len(found) == pytest.approx(0.1, abs=0.03)
    for name in ("phrase", "object", "colour", "place", "texture", "mark", "action"):
        share = sum(name in e["told"] for e in about) / len(about)
        assert share == pytest.approx(getattr(shares, name), abs=0.05), name


def test_held_out_sentences_are_nearly_all_different() -> None:
    said = [e["sentence"] for e in events(WorldConfig(), 50, split="test") if e["sentence"]][:256]
    assert len(said) == 256
    assert len(set(said)) >= 0.95 * 256


def test_bits_follow_from_the_shares() -> None:
    nothing = Shares(phrase=0, object=0, colour=0, place=0, texture=0, mark=0, action=0)
    told = bits(WorldConfig(nothing))
    assert (told.frame, told.detail, told.time) == (0, 0, 0)
    assert bits(WorldConfig(Shares(colour=1))).frame - bits(WorldConfig(Shares(colour=0))).frame == pytest.approx(3)
    moves = bits(WorldConfig(Shares(action=1), ActionMix(1, 0, 0, 0)))
    assert moves.time == pytest.approx(3), "four directions, two speeds"
    assert moves.time_hidden == pytest.approx(3), "a frame of a move shows nothing of it"
    turns = bits(WorldConfig(Shares(action=1), ActionMix(0, 1, 0, 0)))
    assert turns.time == pytest.approx(log2(7)), "any colour but the one it has"
    assert 0.4 < turns.time_hidden / turns.time < 0.6, "half of the frames show the new colour"
    steps = bits(WorldConfig(Shares(action=1), ActionMix(0, 0, 1, 0)))
    assert 1.58 < steps.time_hidden < steps.time - 0.5, "a frame may show which step, never how many"


def test_a_perfect_model_needs_both_detail_and_time() -> None:
    told = describe_world(WorldConfig())
    assert told["R@1 frame"] + 0.1 < told["R@1 frame+detail"] < told["R@1 all"] - 0.1
    assert told["R@1 frame"] + 0.1 < told["R@1 frame+time"] < told["R@1 all"] - 0.1


def test_the_ceiling_counts_ties() -> None:
    def event(colour: str, told: list[str]) -> dict[str, Any]:
        return {"attributes": {"colour": colour}, "told": told, "sentence": "x", "narrated": True}

    truth = [{"category": "music", "events": [event("red", ["colour"]), event("red", ["colour"]), event("blue", [])]}]
    assert ceiling(truth, ["frame"]) == pytest.approx((1 / 2 + 1 / 2 + 1 / 3) / 3)
    assert ceiling(truth, ["time"]) == pytest.approx(1 / 3)
    assert ceiling(truth, ["frame"], gallery=1) == 1


def test_settings_come_from_text() -> None:
    config = config_from(
        {"shares.texture": "0.5", "actions.move": "2", "events": "3-4", "captions": "plain", "crf": "18"}
    )
    assert (config.shares.texture, config.actions.move, config.events) == (0.5, 2.0, (3, 4))
    assert (config.captions, config.crf) == ("plain", 18)
    assert config_from({"events": "7"}).events == (7, 7)
    assert config_from({}) == WorldConfig()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("shares.textures", "1"),
        ("shares.texture", "1.5"),
        ("shares.texture", "much"),
        ("shares.aside", "0.95"),
        ("actions.move", "-1"),
        ("events", "0-3"),
        ("events", "a"),
        ("captions", "subtitles"),
        ("test_share", "0"),
        ("jitter", "2"),
        ("crf", "60"),
    ],
)
def test_settings_that_mean_nothing_are_refused(key: str, value: str) -> None:
    with pytest.raises(UsageError, match=key.rpartition(".")[2].removesuffix("s")):
        config_from({key: value})

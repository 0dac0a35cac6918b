"""Retrieval of short clips by one sentence: LSMDC and YouCook2."""

from __future__ import annotations

from hdvila.annotations import dense_captions, lsmdc
from hdvila.evaluate.protocols import published
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["LSMDC", "YOUCOOK2"]

LSMDC = Protocol(
    name="lsmdc",
    benchmark="LSMDC 2016 (Rohrbach et al.), the public challenge test",
    task="retrieval",
    files={
        "train": ("LSMDC16_annos_training.csv", "train_101k_frame.jsonl"),
        "validation": ("LSMDC16_annos_val.csv",),
        "test": ("LSMDC16_challenge_1000_publictect.csv", "test_1k_frame.jsonl"),
    },
    train_size=101_079,
    clips=109_487,
    seconds=4.8,
    split="training 101,079 clips, validation 7,408, test 1,000",
    captions="the one sentence of a clip",
    paragraphs="none: a query is one sentence",
    metric="r1",
    queries=1000,
    gallery=1000,
    chance=1 / 1000,
    published=published.LSMDC,
    read=lsmdc.read_lsmdc,
)

YOUCOOK2 = Protocol(
    name="youcook2",
    benchmark="YouCook2 (Zhou et al. 2018), the steps of the validation videos",
    task="retrieval",
    files={
        "train": ("train_youcook.csv", "yc2_train.json"),
        "test": ("validation_youcook.csv", "yc2_val.json"),
    },
    train_size=9586,
    clips=12_936,
    seconds=19.6,
    split="training: 9,586 steps of 1,333 videos; test: 3,350 steps of the validation videos (the test's are "
    "secret); no validation, so split one off, by whole videos",
    captions="the one sentence of a step; the clip is the step's seconds of its video",
    paragraphs="none: a query is one sentence",
    metric="r1",
    queries=3350,
    gallery=3350,
    chance=1 / 3350,
    published=published.YOUCOOK2,
    differences=(
        "These are the counts of the csv. The json of dense captions has more steps of the same videos, about 10,400 "
        "and 3,500, and lists of other lengths (3,305 steps) are in use as well: compare the gallery first.",
    ),
    read=dense_captions.read_youcook2,
)

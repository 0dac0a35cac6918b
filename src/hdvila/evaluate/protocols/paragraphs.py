"""Retrieval of long videos by paragraphs: DiDeMo and ActivityNet Captions."""

from __future__ import annotations

from hdvila.annotations import dense_captions
from hdvila.evaluate.protocols import published
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["ACTIVITYNET_VAL1", "DIDEMO"]

DIDEMO = Protocol(
    name="didemo",
    benchmark="DiDeMo (Hendricks et al. 2017), paragraph to video",
    task="retrieval",
    files={
        "train": ("train_data.json", "train_frame.jsonl"),
        "validation": ("val_data.json",),
        "test": ("test_data.json", "test_frame.jsonl"),
    },
    train_size=8395,
    clips=10_464,
    seconds=30.0,
    split="training 8,395, validation 1,065, test 1,004 videos",
    captions="one paragraph a video",
    paragraphs="all descriptions of a video joined with spaces, in the file's order; its moments are not used",
    metric="r1",
    queries=1004,
    gallery=1004,
    chance=1 / 1004,
    published=published.DIDEMO,
    read=dense_captions.read_didemo,
)

ACTIVITYNET_VAL1 = Protocol(
    name="activitynet-val1",
    benchmark="ActivityNet Captions (Krishna et al. 2017), paragraph to video",
    task="retrieval",
    files={
        "train": ("train.json", "train_modified.json", "train.jsonl"),
        "test": ("val_1.json", "val1.jsonl"),
    },
    train_size=10_009,
    clips=14_926,
    seconds=153.0,
    split="training 10,009, test 4,917 videos (val_1); no validation (val_2 has the same videos), so split one off",
    captions="one paragraph a video",
    paragraphs="all sentences of a video joined with spaces, in the file's order, as in the field's paragraph files",
    metric="r1",
    queries=4917,
    gallery=4917,
    chance=1 / 4917,
    published=published.ACTIVITYNET,
    differences=(
        "anet_entities_val_1_para.json is another test: half of these videos, 2,460, in a gallery of their own.",
    ),
    read=dense_captions.read_activitynet,
)

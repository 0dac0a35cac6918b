"""Retrieval of long videos by paragraphs: DiDeMo and ActivityNet Captions."""

from __future__ import annotations

from hdvila.annotations import dense_captions
from hdvila.evaluate.protocols import published
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.evaluate.protocols.settings import BEST_KEPT, CROPPED, DUMPED, LAST_KEPT, LOSS, sampling

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
    text_length=50,
    train=sampling(4, 11, 2),
    test=sampling(8, 11, 2),
    metric="r1",
    queries=1004,
    gallery=1004,
    chance=1 / 1004,
    published=published.DIDEMO,
    differences=(
        "Paragraphs are longer than 50 tokens in part and are cut there, in the official code too.",
        CROPPED,
        DUMPED,
        LOSS,
        BEST_KEPT,
    ),
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
    split="training 10,009, test 4,917 videos (val_1); no validation (val_2 has the same videos), so carve one",
    captions="one paragraph a video",
    paragraphs="all sentences of a video joined with spaces, in the file's order, as in the field's paragraph files",
    text_length=50,
    train=sampling(4, 13, 4),
    test=sampling(8, 13, 4),
    metric="r1",
    queries=4917,
    gallery=4917,
    chance=1 / 4917,
    published=published.ACTIVITYNET,
    differences=(
        "Paragraphs are longer than 50 tokens in most videos and are cut there, in the official code too.",
        CROPPED,
        DUMPED,
        LOSS,
        LAST_KEPT,
        "anet_entities_val_1_para.json is another test: half of these videos, 2,460, in a gallery of their own.",
    ),
    read=dense_captions.read_activitynet,
)

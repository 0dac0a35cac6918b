"""Retrieval on MSR-VTT, in the three splits that papers use; their numbers must not be mixed."""

from __future__ import annotations

from dataclasses import replace

from hdvila.annotations import msrvtt
from hdvila.evaluate.protocols import published
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["MSRVTT_1KA", "MSRVTT_1KA_7K", "MSRVTT_CATEGORIES", "MSRVTT_FULL"]

MSRVTT_CATEGORIES = (
    "music", "people", "gaming", "sports and actions", "news, events and politics", "education", "TV shows",
    "movies and comedy", "animation", "vehicles", "how-to", "travel", "science and technology", "animals and pets",
    "kids and family", "documentary", "food and drink", "cooking", "beauty and fashion", "advertisement",
)  # fmt: skip
"""MSR-VTT's own (Xu et al., CVPR 2016), in the order of the numbers in its json."""

_JSON = ("MSRVTT_data.json", "videodatainfo.json", "videodatainfo_2017.json")
_CAPTIONS_BESIDE = "captions of lists stand in MSR-VTT's own json beside them"

MSRVTT_1KA = Protocol(
    name="msrvtt-1ka",
    benchmark="MSR-VTT (Xu et al. 2016), test of 1,000 pairs (Yu et al. 2018), trained on 9,000 videos",
    task="retrieval",
    files={
        "train": ("MSRVTT_train.9k.csv", "train_list_jsfusion.txt", "train9k.jsonl"),
        "test": ("MSRVTT_JSFUSION_test.csv", "test1ka.jsonl"),
    },
    train_size=9000,
    clips=10_000,
    seconds=15.0,
    split="training: 9,000 videos, all that are not in the test; test: 1,000 videos; no validation, so split one off",
    captions=f"training: all 20 of a video, one drawn each time; test: the one of the list; {_CAPTIONS_BESIDE}",
    paragraphs="none: a query is one caption",
    metric="r1",
    queries=1000,
    gallery=1000,
    chance=1 / 1000,
    published=published.MSRVTT_1KA,
    read=msrvtt.read_1ka,
    groups=MSRVTT_CATEGORIES,
)

MSRVTT_1KA_7K = replace(
    MSRVTT_1KA,
    name="msrvtt-1ka-7k",
    benchmark="MSR-VTT (Xu et al. 2016), test of 1,000 pairs (Yu et al. 2018), trained on 7,010 videos",
    files={**MSRVTT_1KA.files, "train": ("MSRVTT_train.7k.csv",)},
    train_size=7010,
    clips=8010,
    split="training: 7,010 videos, the original training and validation; test: the 1,000 of msrvtt-1ka; no validation",
    published=published.MSRVTT_1KA_7K,
    wider=(MSRVTT_1KA.name,),
    read=msrvtt.read_1ka_7k,
)

MSRVTT_FULL = replace(
    MSRVTT_1KA,
    name="msrvtt-full",
    benchmark="MSR-VTT (Xu et al. 2016), the original split",
    files={
        "train": ("MSRVTT_train.full.csv", "train_val_videodatainfo.json", *_JSON),
        "validation": ("MSRVTT_val.full.csv", "train_val_videodatainfo.json", *_JSON),
        "test": ("MSRVTT_test.full.csv", "test_videodatainfo.json", *_JSON),
    },
    train_size=6513,
    clips=10_000,
    split="training 6,513, validation 497, test 2,990 videos",
    captions=f"all 20 of a video are queries of their own, 59,800 in the test; {_CAPTIONS_BESIDE}; "
    "video to text: the best-ranked of a video's captions counts",
    queries=59_800,
    gallery=2990,
    chance=1 / 2990,
    published=published.MSRVTT_FULL,
    read=msrvtt.read_full,
)

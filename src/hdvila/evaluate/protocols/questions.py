"""Questions about MSR-VTT and MSVD: open ones, and the choice among captions."""

from __future__ import annotations

from hdvila.annotations import msrvtt_questions
from hdvila.evaluate.protocols import published
from hdvila.evaluate.protocols.msrvtt import MSRVTT_CATEGORIES
from hdvila.evaluate.protocols.protocol import Protocol, Split

__all__ = ["MSRVTT_MC", "MSRVTT_QA", "MSVD_QA"]

_LISTS: dict[Split, tuple[str, ...]] = {
    "train": ("train_qa.json", "train.jsonl"),
    "validation": ("val_qa.json", "val.jsonl"),
    "test": ("test_qa.json", "test.jsonl"),
}

MSRVTT_QA = Protocol(
    name="msrvtt-qa",
    benchmark="MSRVTT-QA (Xu et al. 2017), open questions",
    task="open_ended",
    files={**_LISTS, "test": (*_LISTS["test"], "hqga_test.csv")},
    train_size=158_581,
    clips=10_000,
    seconds=15.0,
    split="training 158,581, validation 12,278, test 72,821 questions on the original splits of MSR-VTT",
    captions="every question; an answer outside the vocabulary counts as wrong and is reported",
    paragraphs="none: one question, one answer",
    metric="accuracy",
    queries=72_821,
    gallery=1500,
    chance=1 / 1500,
    published=published.MSRVTT_QA,
    differences=(
        "A model whose retrieval was tuned on the 9,000 videos of msrvtt-1ka has seen 1,990 of the 2,990 test videos.",
    ),
    read=msrvtt_questions.read_msrvtt_qa,
    groups=MSRVTT_CATEGORIES,
)

MSVD_QA = Protocol(
    name="msvd-qa",
    benchmark="MSVD-QA (Xu et al. 2017), open questions",
    task="open_ended",
    files=_LISTS,
    train_size=30_933,
    clips=1970,
    seconds=9.7,
    split="training 30,933 questions on 1,200 videos, validation 6,415 on 250, test 13,157 on 520",
    captions="every question; an answer outside the vocabulary counts as wrong and is reported",
    paragraphs="none: one question, one answer",
    metric="accuracy",
    queries=13_157,
    gallery=1500,
    chance=1 / 1500,
    published=published.MSVD_QA,
    read=msrvtt_questions.read_msvd_qa,
)

MSRVTT_MC = Protocol(
    name="msrvtt-mc",
    benchmark="MSRVTT-MC (Yu et al. 2018), which of five captions is the video's own",
    task="multiple_choice",
    files={
        "test": (
            "msrvtt_mc_test.jsonl",
            "mc_test.jsonl",
            "MSRVTT_data.json",
            "test_videodatainfo.json",
            "videodatainfo.json",
            "videodatainfo_2017.json",
        ),
    },
    train_size=0,
    split="test: 2,990 questions, one for each test video of MSR-VTT; no training: a retrieval model ranks captions",
    captions="the video's own caption and four of other test videos; built from MSR-VTT's json where there is no file",
    paragraphs="none: an option is one caption",
    metric="accuracy",
    queries=2990,
    gallery=5,
    chance=1 / 5,
    published=published.MSRVTT_MC,
    differences=("Questions that are built here follow the rule, with other draws than the papers' file.",),
    read=msrvtt_questions.read_msrvtt_mc,
    groups=MSRVTT_CATEGORIES,
    options_are_captions=True,
)

"""Images: questions of VQA 2.0, and the captions of COCO and Visual Genome that models are pre-trained on."""

from __future__ import annotations

from hdvila.annotations.coco import read_coco_captions
from hdvila.annotations.visual_genome import read_visual_genome
from hdvila.annotations.vqa2 import read_vqa2
from hdvila.annotations.vqa_answers import normalise_answer
from hdvila.evaluate.protocols import published
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["COCO_CAPTIONS", "VISUAL_GENOME", "VQA2"]

_QUESTIONS = "v2_OpenEnded_mscoco_{}_questions.json"

VQA2 = Protocol(
    name="vqa2",
    benchmark="VQA 2.0 (Goyal et al. 2017), open questions about images of COCO",
    task="open_ended",
    files={
        "train": (_QUESTIONS.format("train2014"), "vqa_k_trainval.jsonl"),
        "validation": (_QUESTIONS.format("val2014"), "vqa_k_test.jsonl"),
        "test": (_QUESTIONS.format("test2015"), _QUESTIONS.format("test-dev2015")),
    },
    train_size=443_757,
    clips=204_721,
    seconds=1.0,
    split="training 443,757 questions on 82,783 images, validation 214,354 on 40,504, test 447,793 on 81,434, of which "
    "107,394 are test-dev; the answers of the tests are secret, so its server scores predictions",
    captions="every question; an answer scores min(n / 3, 1) where n of ten people gave it, after normalisation",
    paragraphs="none: one question, one answer",
    metric="accuracy",
    queries=447_793,
    gallery=3129,
    chance=1 / 3129,
    published=published.VQA2,
    differences=(
        "The 3,129 answers are those that are the usual one of nine or more training and validation questions, after "
        "normalisation: data.benchmark.answers_from=train+validation with model.num_answers=3129.",
        "The benchmark's server takes the mean over the ten choices of nine people: an answer of 1, 2 or 3 people "
        "scores 0.3, 0.6 or 0.9 there, 0.33, 0.67 or 1 here, so numbers from here are higher.",
        "The released ClipBERT learns from training, most of the validation, and questions of Visual Genome, and is "
        "measured on the rest of the validation (vqa_k_test.jsonl, Karpathy's test).",
    ),
    read=read_vqa2,
    compared=normalise_answer,
)

COCO_CAPTIONS = Protocol(
    name="coco-captions",
    benchmark="COCO captions (Chen et al. 2015), to learn from",
    task="captions",
    files={
        "train": ("dataset_coco.json", "captions_train2014.json", "coco_train_captions.jsonl"),
        "validation": ("dataset_coco.json", "captions_val2014.json", "coco_val_captions.jsonl"),
    },
    train_size=82_783,
    clips=123_287,
    seconds=1.0,
    split="training 82,783 images, validation 40,504; with Karpathy's dataset_coco.json 113,287 and 5,000 (and 5,000 "
    "for a test)",
    captions="five or so of an image, one drawn each time",
    paragraphs="none: a caption is one sentence",
    metric="",
    queries=0,
    gallery=0,
    chance=0.0,
    published=(),
    read=read_coco_captions,
)

VISUAL_GENOME = Protocol(
    name="visual-genome",
    benchmark="Visual Genome (Krishna et al. 2017), phrases about regions, to learn from",
    task="captions",
    files={"train": ("region_descriptions.json", "vg_train_captions.jsonl")},
    train_size=108_077,
    clips=108_077,
    seconds=1.0,
    split="training 108,077 images, less those that COCO holds out; no validation, so split one off",
    captions="the phrases about an image's regions, some 50, as captions of the whole image, one drawn each time",
    paragraphs="none: a phrase by itself",
    metric="",
    queries=0,
    gallery=0,
    chance=0.0,
    published=(),
    differences=(
        "About half of the images are COCO's: put image_data.json and dataset_coco.json (or captions_val2014.json, or "
        "VQA's questions) beside, and those of COCO's validation and test are left out, as in UNITER's in-domain data.",
    ),
    read=read_visual_genome,
)

"""COCO captions (Chen et al. 2015): five captions or so for each image.

| file | content |
|---|---|
| captions_train2014.json, captions_val2014.json | images: id, file_name; annotations: id, image_id, caption |
| dataset_coco.json (Karpathy and Fei-Fei 2015) | images: filename, cocoid, split, sentences: raw, sentid |
| jsonl of ClipBERT | caption, coco_id |

Karpathy's split has 5,000 images each for validation and test, all from COCO's own validation; the others of those,
which it calls restval, belong to its training.

An image is called by its file of 2014, such as ``COCO_val2014_000000391895``. Where a file has only the number, it is
``000000391895``, as files of 2017 are called; image files are found by either name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from hdvila.annotations.detect_format import wrong_file
from hdvila.annotations.entries import entry_of, extension, fields_of, json_object, listed, read_entries
from hdvila.annotations.merge import merge
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Split

__all__ = ["canonical", "image_of", "images", "read_coco_captions"]

_SPLITS: dict[Split, tuple[str, ...]] = {"train": ("train", "restval"), "validation": ("val",), "test": ("test",)}
_OFFICIAL, _KARPATHY = {"images", "annotations"}, {"images", "dataset"}


def read_coco_captions(path: Path, split: Split) -> Annotations:
    """Read images and their captions. Only Karpathy's file has several splits; the others are read whole.

    Raises:
        UsageError: another file, or a broken entry.
    """
    if extension(path) == ".jsonl" and {"caption", "coco_id"} <= fields_of(path):
        return _read_jsonl(path)
    whole = json_object(path)
    if whole.keys() >= _KARPATHY:
        return _read_karpathy(path, whole, split)
    if whole.keys() >= _OFFICIAL:
        return _read_official(path, whole)
    raise wrong_file(path, "COCO's captions")


def image_of(number: int, folder: str = "") -> str:
    """The name of an image by its number and the folder it was released in, such as ``val2014``."""
    return f"COCO_{folder}_{number:012d}" if folder else f"{number:012d}"


def canonical(image: str) -> str:
    """The name of an image where a file gives a number, a name or a path."""
    stem = _stem(image)
    return image_of(int(stem)) if stem.isdecimal() else stem


def images(names: Iterable[str]) -> list[BenchmarkVideo]:
    """Images by their names."""
    return [BenchmarkVideo(name, media="image") for name in names]


def _read_official(path: Path, whole: Mapping[str, Any]) -> Annotations:
    name_of = {int(one.number("id", int)): _stem(one.text("file_name")) for one in listed(path, whole, "images")}
    captions = []
    for one in listed(path, whole, "annotations"):
        number = int(one.number("image_id", int))
        if "caption" not in one.values:
            raise wrong_file(path, "COCO's captions")
        if number not in name_of:
            raise one.error(f"the image {number} is not among the images of the file")
        captions.append(Caption(one.text("id"), name_of[number], one.text("caption")))
    return merge(path, images(name_of.values()), captions)


def _read_karpathy(path: Path, whole: Mapping[str, Any], split: Split) -> Annotations:
    names, captions = [], []
    for one in listed(path, whole, "images"):
        if one.text("split") not in _SPLITS[split]:
            continue
        one.number("cocoid", int)
        names.append(_stem(one.text("filename")))
        sentences = one.get("sentences")
        if not isinstance(sentences, list):
            raise one.error(f"'sentences' is {sentences!r:.60}, but must be a list")
        for sentence in (entry_of(one.where, value) for value in sentences):
            captions.append(Caption(sentence.text("sentid"), names[-1], sentence.text("raw")))
    return merge(path, images(names), captions)


def _read_jsonl(path: Path) -> Annotations:
    captions = [
        Caption(str(number), canonical(one.text("coco_id")), one.text("caption"))
        for number, one in enumerate(read_entries(path))
    ]
    return merge(path, images(caption.video_id for caption in captions), captions)


def _stem(file: str) -> str:
    return PurePosixPath(file).stem

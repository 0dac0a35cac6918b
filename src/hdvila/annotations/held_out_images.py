"""Images that pre-training must not see, because a benchmark on COCO's images measures on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hdvila.annotations.entries import find_beside, json_object, listed

__all__ = ["HeldOut", "held_out_images"]

_KARPATHY = "dataset_coco.json"
_WHOLE = {  # all images of these files are held out; the list that has them, and the field with the image's number
    "captions_val2014.json": ("images", "id"),
    "v2_OpenEnded_mscoco_val2014_questions.json": ("questions", "image_id"),
    "v2_OpenEnded_mscoco_test2015_questions.json": ("questions", "image_id"),
    "v2_OpenEnded_mscoco_test-dev2015_questions.json": ("questions", "image_id"),
}


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Images of COCO that are held out.

    Attributes:
        images: their numbers; empty where nothing tells.
        why: what they are, as a phrase that names the files.
    """

    images: frozenset[int]
    why: str


def held_out_images(folder: Path) -> HeldOut:
    """Read which images of COCO are held out from the files of COCO and VQA in a folder.

    With Karpathy's split beside, the images of its validation and test; UNITER's and ClipBERT's pre-training leaves
    those out. Without it all of COCO's own validation and test, as far as its captions or VQA's questions are there.

    Raises:
        UsageError: one of the files is broken.
    """
    if (karpathy := find_beside(folder, _KARPATHY)) is not None:
        entries = listed(karpathy, json_object(karpathy), "images")
        numbers = frozenset(int(one.number("cocoid", int)) for one in entries if one.text("split") in ("val", "test"))
        return HeldOut(numbers, f"they are of the validation or test of {karpathy.name}")
    found = {name: file for name in _WHOLE if (file := find_beside(folder, name)) is not None}
    images: set[int] = set()
    for name, file in found.items():
        what, field = _WHOLE[name]
        images |= {int(one.number(field, int)) for one in listed(file, json_object(file), what)}
    return HeldOut(frozenset(images), f"they are in {' or '.join(file.name for file in found.values())}")

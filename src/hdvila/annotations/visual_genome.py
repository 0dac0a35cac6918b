"""Visual Genome (Krishna et al. 2017): phrases about regions of images, each taken as a caption of the whole image.

| file | content |
|---|---|
| region_descriptions.json | a list: id (of the image), regions: region_id, phrase |
| image_data.json | a list: image_id, coco_id (null where the image is not one of COCO), url |
| jsonl of ClipBERT | caption, vg_id |

About half of the images are COCO's too, and some of those belong to its validation and test. As in UNITER's
"in-domain" data (Chen et al. 2020), which ClipBERT names, such images are left out of the training: by the COCO ids of
image_data.json, and by the files of COCO or VQA beside it (`hdvila.annotations.held_out_images`). ClipBERT's jsonl is
taken as it is.

Image 2345 is called ``VG_2345``, because COCO has numbers too; its file is ``2345.jpg``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from hdvila.annotations.detect_format import wrong_file
from hdvila.annotations.entries import entry_of, extension, fields_of, find_beside, read_entries, read_json
from hdvila.annotations.held_out_images import held_out_images
from hdvila.annotations.merge import count_note, merge
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Split

__all__ = ["read_visual_genome"]

_IMAGES = "image_data.json"


def read_visual_genome(path: Path, split: Split) -> Annotations:
    """Read images and phrases, without the images that COCO or VQA hold out.

    A note says how many images were left out, or what is missing to tell.

    Raises:
        UsageError: another file, or a broken entry.
    """
    if extension(path) == ".jsonl" and {"caption", "vg_id"} <= fields_of(path):
        return _read_jsonl(path)
    whole = read_json(path) if extension(path) == ".json" else None
    first = whole[0] if isinstance(whole, list) and whole else None
    if not isinstance(whole, list) or not isinstance(first, dict) or not {"id", "regions"} <= first.keys():
        raise wrong_file(path, "Visual Genome's region descriptions")
    away, note = _held_out(path.parent)
    seen: Counter[str] = Counter()
    images: dict[int, BenchmarkVideo | None] = {}
    captions = []
    for number, caption in _regions(path, whole):
        images.setdefault(number, None if number in away else _image(str(number)))
        if number in away:
            continue
        seen[caption.query_id] += 1
        again = seen[caption.query_id] - 1
        captions.append(Caption(f"{caption.query_id}/{again}", caption.video_id, caption.text) if again else caption)
    kept = [image for image in images.values() if image is not None]
    gone = count_note(len(images) - len(kept), f"image is left out: {note}", f"images are left out: {note}")
    return merge(path, kept, captions, notes=[gone if away else note])


def _regions(path: Path, whole: list[Any]) -> Iterator[tuple[int, Caption]]:
    """The number of the image and the phrase of every region."""
    for place, value in enumerate(whole, start=1):
        image = entry_of(f"{path}, entry {place}", value)
        number = int(image.number("id", int))
        regions = image.get("regions")
        if not isinstance(regions, list):
            raise image.error(f"'regions' is {regions!r:.60}, but must be a list")
        for one in regions:
            region = entry_of(f"{image.where} (image {number})", one)
            yield number, Caption(region.text("region_id"), f"VG_{number}", region.text("phrase"))


def _held_out(folder: Path) -> tuple[set[int], str]:
    """The numbers of images that are not learned from, and a note: why, or why none is known."""
    facts = find_beside(folder, _IMAGES)
    if facts is None:
        return set(), _lacks(_IMAGES)
    away = held_out_images(folder)
    if not away.images:
        return set(), _lacks("dataset_coco.json, captions_val2014.json or VQA's questions")
    numbers = set()
    for image in read_entries(facts):
        key = "image_id" if "image_id" in image.values else "id"
        coco = image.values.get("coco_id")
        if coco is not None and int(image.number("coco_id", int)) in away.images:
            numbers.add(int(image.number(key, int)))
    return numbers, f"{away.why}, by the COCO ids of {facts.name}"


def _lacks(files: str) -> str:
    return (
        f"images that COCO holds out for validation and test may be among these: put {files} beside the file, "
        "and they are left out"
    )


def _read_jsonl(path: Path) -> Annotations:
    captions, images = [], []
    for number, line in enumerate(read_entries(path)):
        images.append(_image(PurePosixPath(line.text("vg_id")).stem.removeprefix("VG_")))
        captions.append(Caption(str(number), images[-1].video_id, line.text("caption")))
    return merge(path, images, captions)


def _image(number: str) -> BenchmarkVideo:
    return BenchmarkVideo(f"VG_{number}", number, media="image")

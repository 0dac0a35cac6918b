"""``croissant.json``: the corpus for data set search and loaders (MLCommons Croissant 1.0, JSON-LD)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hdvila.corpus.describe.documents import summary

CROISSANT = "croissant.json"
MAKERS = ("url", "creator", "license", "datePublished", "version", "citeAs")
"""Fields that only the maker knows. Added to the file by hand, they stay when the corpus is described again."""

_TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)  # of the Croissant vocabulary
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
_TABLES = {
    "clips.parquet": ("clips", "One row per clip."),
    "failures.parquet": (
        "failures",
        "Videos that are not in the corpus: the step at which they were left out, and why.",
    ),
}
_MEANING = {
    "clip_id": "name of the clip",
    "video_id": "name of the video it was cut from",
    "start": "seconds on the video's clock, counted from its container's start time",
    "end": "seconds; the clip ends before it",
    "text": "the words said in the clip",
    "words": "number of words, split at white space",
    "timed_by": "word: the transcript timed every word; cue: only the subtitle line, the words' times are estimates",
    "shard": "file in shards/ that holds the clip",
    "hr_frames": "frames of the stream hr",
    "lr_frames": "frames of the stream lr",
    "hr_height": "pixels of a frame of the stream hr",
    "hr_width": "pixels of a frame of the stream hr",
    "lr_height": "pixels of a frame of the stream lr",
    "lr_width": "pixels of a frame of the stream lr",
    "height": "pixels of the largest frame",
    "width": "pixels of the largest frame",
    "video": "name of the video",
    "step": "step of the build",
    "reason": "the reason, in one line",
    "kind": "the kind of the reason, without the details of one video",
    "file": "path of the video's file relative to the folder of its source",
    "file_print": "fingerprint of that file, 16 hexadecimal digits",
    "transcript_print": "fingerprint of its subtitle file",
}


def croissant_json(name: str, root: Path, stats: dict[str, Any]) -> str:
    """The text of the file. Checksums are of the tables in `root`; fields that a person added (`MAKERS`) are kept."""
    tables = {file: about for file, about in _TABLES.items() if (root / file).exists()}
    ending = "jpg" if stats["form"] == "jpeg" else stats["form"]
    licences = [row["name"] for row in stats["licenses"]["largest"]]
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name,
        "description": summary(stats),
        **({"license": licences if len(licences) > 1 else licences[0]} if licences else {}),
        **({"inLanguage": languages} if (languages := [row["name"] for row in stats["languages"]["largest"]]) else {}),
        "keywords": ["video", "video-text", "narrated video"],
        **_by_hand(root),
        "distribution": [
            *(_file(root, file, description) for file, (_, description) in tables.items()),
            {
                "@type": "cr:FileSet",
                "@id": "shards",
                "name": "shards",
                "description": "Tar files with the frames ("
                + ", ".join(f"KEY.{stream['name']}.NNN.{ending}" for stream in stats["streams"])
                + "), text and facts of clips.",
                "encodingFormat": "application/x-tar",
                "includes": "shards/*.tar",
            },
            {
                "@type": "cr:FileSet",
                "@id": "index",
                "name": "index",
                "description": "Arrow files with a row per frame: its place in its shard.",
                "encodingFormat": "application/vnd.apache.arrow.file",
                "includes": "index/*.arrow",
            },
        ],
        "recordSet": [_records(root, file, set_name, text) for file, (set_name, text) in tables.items()],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _by_hand(root: Path) -> dict[str, Any]:
    """The fields in `MAKERS` of the existing file."""
    try:
        there = json.loads((root / CROISSANT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: there[key] for key in MAKERS if key in there} if isinstance(there, dict) else {}


def _file(root: Path, file: str, description: str) -> dict[str, Any]:
    with (root / file).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject",
        "@id": file,
        "name": file,
        "description": description,
        "contentUrl": file,
        "contentSize": f"{(root / file).stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": digest,
    }


def _records(root: Path, file: str, name: str, description: str) -> dict[str, Any]:
    schema = pq.read_schema(root / file)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        **({"key": {"@id": f"{name}/clip_id"}} if name == "clips" else {}),
        "field": [_field(name, file, column) for column in schema],
    }


def _field(record_set: str, file: str, column: Any) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{column.name}",
        "name": column.name,
        "description": _MEANING.get(column.name, f"{column.name} of the video, as the source gives it"),
        "dataType": _data_type(column.type),
        "source": {"fileObject": {"@id": file}, "extract": {"column": column.name}},
    }


def _data_type(kind: Any) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"

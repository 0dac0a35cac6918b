"""Figures that HD-VILA's authors print of their corpus and others (CVPR 2022 and supplement), and a corpus beside them.

Only figures printed as numbers; nothing is read off a plot. The first version of the paper counts 100 million clips,
the second, quoted here, 103 million.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DataSet:
    """A row of Table 1: numbers of clips and sentences, their mean lengths, hours, and lines of a frame if printed."""

    name: str
    domain: str
    clips: int
    sentences: int
    clip_seconds: float
    sentence_words: float
    hours: int
    lines: int | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A row of Table 10: mean unique n-grams by n, and words of each kind in a sentence."""

    name: str
    unique_ngrams: dict[int, float]
    per_sentence: dict[str, float]


HD_VILA_100M = DataSet(
    "HD-VILA-100M", "open", 103_000_000, 103_000_000, clip_seconds=13.4, sentence_words=32.5, hours=371_500, lines=720
)
MOST_SECONDS = (5.0, 15.0)
"""Most of its clips are as long (Figure 6)."""
MOST_WORDS = (15, 50)
"""Most of its texts are as long."""
CATEGORIES = 15
CATEGORY_HOURS = 30_000
"""The cap of their sampling: no category has more."""
DATA_SETS = (
    DataSet("MSR-VTT", "open", 10_000, 200_000, 15.0, 9.3, 40, 240),
    DataSet("DiDeMo", "Flickr", 27_000, 41_000, 6.9, 8.0, 87),
    DataSet("LSMDC", "movie", 118_000, 118_000, 4.8, 7.0, 158, 1080),
    DataSet("YouCook2", "cooking", 14_000, 14_000, 19.6, 8.8, 176),
    DataSet("How2", "instructional", 80_000, 80_000, 90.0, 20.0, 2_000),
    DataSet("ActivityNet Captions", "action", 100_000, 100_000, 36.0, 13.5, 849),
    DataSet("WebVid-2M", "open", 2_500_000, 2_500_000, 18.0, 12.0, 13_000, 360),
    DataSet("HowTo100M", "instructional", 136_000_000, 136_000_000, 3.6, 4.0, 134_500, 240),
    HD_VILA_100M,
)
"""Table 1."""
WORDS = (
    Words(
        "HowTo100M",
        {2: 1.77, 3: 2.08, 4: 1.46},
        {"noun": 2.25, "adjective": 0.85, "adverb": 0.68, "verb": 0.20},
    ),
    Words(
        HD_VILA_100M.name,
        {2: 4.18, 3: 13.08, 4: 20.89},
        {"noun": 6.63, "adjective": 1.88, "adverb": 2.07, "verb": 5.09},
    ),
)
"""Table 10."""
NGRAM_READING = (
    "Mean unique n-grams are read as the number of different n-grams of the whole set, divided by its number of "
    "sentences: those of HD-VILA-100M rise with n, while a single sentence has fewer 4-grams than 2-grams. That is our "
    "reading, and of how many sentences the paper does not say. The size matters: the more sentences, the more n-grams "
    "are repeated and the lower the mean, so compare sets of one size only."
)
"""How we read the first half of Table 10."""
CITATION = """@inproceedings{xue2022hdvila,
  title     = {Advancing High-Resolution Video-Language Representation with Large-Scale Video Transcriptions},
  author    = {Xue, Hongwei and Hang, Tiankai and Zeng, Yanhong and Sun, Yuchong and Liu, Bei and Yang, Huan and Fu, Jianlong and Guo, Baining},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2022}
}"""  # noqa: E501


def beside_paper(stats: dict[str, Any]) -> dict[str, Any]:
    """``data_sets`` and ``words``: the row of this corpus, then those of the paper, and how we read its n-gram means.

    Unknown values are None. No row names a folder, so equal corpora give equal rows.

    Args:
        stats: the numbers of the corpus (see `corpus_statistics`). As in the paper, a clip has one sentence, its text.
    """
    clips, parts = stats["clips"], stats["parts_of_speech"]["per_sentence"]
    ours = {
        "name": "this corpus",
        "domain": None,
        "clips": clips,
        "sentences": clips,
        "clip_seconds": stats["clip_seconds"]["mean"],
        "sentence_words": stats["sentence_words"]["mean"],
        "hours": stats["hours"],
        "lines": min(map(int, stats["resolutions"][0]["name"].split("x"))) if stats["resolutions"] else None,
    }
    said = {
        "name": "this corpus",
        "unique_ngrams": {
            n: stats["ngrams"][str(n)]["unique"] / clips if clips and stats["ngrams"] else None
            for n in WORDS[0].unique_ngrams
        },
        "per_sentence": {part: parts[part] if parts else None for part in WORDS[0].per_sentence},
    }
    words = [said, *map(asdict, WORDS)]
    for row in words:
        row["unique_ngrams"] = {str(n): mean for n, mean in row["unique_ngrams"].items()}
    return {"data_sets": [ours, *map(asdict, DATA_SETS)], "words": words, "ngram_reading": NGRAM_READING}

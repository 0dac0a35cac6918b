"""Search in one's own videos: a library finds the moment that a query describes.

library.py        `open_library`: the folder on disk, `index`, `search`, `said`
database.py       its tables, how they are opened, and the meaning of their errors
library_model.py  which model made its vectors
encoder.py        requirements on a model
scan.py           the videos of a folder, and a stamp that shows changes
clips.py          the clips that a video is split into
embed.py          one video -> clips and their vectors
prefetch.py       many videos at once, decoded by threads
index.py          new, changed, moved and missing files, and the work that follows
vectors.py        all vectors of a library, and exact search over them
vector_file.py    the same in a memory-mapped file
words.py          how a model reads a query
speech.py         search in the subtitles
query.py          from a query to moments
"""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "Library": "library",
    "open_library": "library",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

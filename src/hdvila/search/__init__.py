"""One's own videos, searched by words down to the moment.

library.py    `open_library`: the folder on disk, `index`, `search`, `said`
database.py   its tables, how they are opened, what their errors mean
lock.py       one writer at a time
scan.py       which videos a folder holds, and a stamp by which a change is seen
clips.py      into which clips a video is cut
look.py       how much of a picture its vectors show
encoder.py    what a library needs of a model
embed.py      one video to clips and their vectors
ahead.py      many videos at once, decoded by threads
index.py      what is new, changed, moved or gone, and the work that follows
identity.py   which model made the vectors
vectors.py    all vectors of a library, and the exact search over them
vector_file.py  the same in a file that is mapped
words.py      what a model makes of a query
speech.py     what is said in the clips
query.py      from words to moments
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

"""The files of a BERT tokenizer beside ``tokenizer.json``: one piece a line, and what is done to texts before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from hdvila.errors import UsageError, reason_of

SETTINGS = "tokenizer_config.json"
Settings = Mapping[str, bool | None]
USUAL: Settings = MappingProxyType({"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True})
"""What BERT does to texts where nothing else is said; accents go with capitals."""


def read_vocabulary(file: Path) -> dict[str, int]:
    r"""The pieces of a ``vocab.txt`` with their ids, the number of a line from 0.

    Only ``\n`` ends a line, with ``\r`` before it where it stands in all of them: other signs that Unicode calls line
    ends are pieces. A byte order mark belongs to no piece.

    Raises:
        UsageError: the file is no text in UTF-8.
    """
    try:
        lines = file.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {reason_of(error)}; name a vocab.txt") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not a vocabulary, one piece a line in UTF-8 ({error}); name another") from error
    ended, last = lines[:-1], lines[-1]
    if ended and all(line.endswith("\r") for line in ended):
        ended = [line[:-1] for line in ended]
    return {piece: number for number, piece in enumerate([*ended, last] if last else ended)}


def read_settings(folder: Path) -> Settings:
    """What ``tokenizer_config.json`` in the folder says of texts, of the names in `USUAL`; nothing where there is none.

    Raises:
        UsageError: it cannot be read, or says something else than true, false or null there.
    """
    file = folder / SETTINGS
    try:
        said = json.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read ({reason_of(error)}); put it back, or take it away") from error
    found = {name: said[name] for name in USUAL if name in said} if isinstance(said, dict) else {}
    for name, value in found.items():
        if not isinstance(value, bool) and not (value is None and name == "strip_accents"):
            raise UsageError(f"{file}: {name} is {value!r}, where true or false must stand; mend it")
    return found


def write_settings(folder: Path, settings: Settings) -> None:
    """Write ``tokenizer_config.json`` into the folder, for `read_settings` and others; none where all is usual."""
    if not settings:
        (folder / SETTINGS).unlink(missing_ok=True)
        return
    whole = {"tokenizer_class": "BertTokenizer", **settings}
    (folder / SETTINGS).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

"""The files of a BERT tokenizer beside ``tokenizer.json``: one piece a line, and what is done to texts before."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from hdvila.errors import HdvilaError, UsageError, is_defect, reason_of, require

FILES = ("tokenizer.json", "vocab.txt")
"""Of a tokenizer's folder; the first that is there is read."""
SETTINGS = "tokenizer_config.json"
Settings = Mapping[str, bool | None]
USUAL: Settings = MappingProxyType({"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True})
"""What BERT does to texts where nothing else is said; accents go with capitals."""

_OWN = Path(__file__).parent / "vocabularies"
_ONE_WORD_NAMES = ("bert-", "distilbert-")  # BERT's first tokenizers have no owner in their names
_PATIENCE = 10.0  # seconds for the hub's first answer


def find_tokenizer(source: str | os.PathLike[str]) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    if path.is_dir():
        found = [path / name for name in FILES if (path / name).is_file()]
        found = found or [file for name in FILES for file in sorted(path.glob(f"snapshots/*/{name}"))]
        if not found:
            raise UsageError(f"{path}: holds neither tokenizer.json nor vocab.txt; name the folder of a BERT tokenizer")
        return found[0]
    name = str(source)
    if name in {file.stem for file in _OWN.glob("*.txt")}:
        return _OWN / f"{name}.txt"
    if path.is_absolute() or name.startswith(".") or name.count("/") > 1 or path.suffix in (".json", ".txt"):
        raise UsageError(f"{path}: there is no such tokenizer folder or file; check the path")
    if "/" not in name and not name.startswith(_ONE_WORD_NAMES):
        raise UsageError(
            f"{name}: there is no such tokenizer folder or file; check the path, or name a tokenizer of the Hugging "
            "Face hub as owner/name"
        )
    return _from_hub(name)


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


def _from_hub(name: str) -> Path:
    hub = require("huggingface_hub", extra="hub")
    cause: Exception | None = None
    for file in FILES:
        if isinstance(known := hub.try_to_load_from_cache(name, file), str):
            return Path(known)
        try:
            # Asked once and briefly: without a network a download tries again for a minute, with a line for each try.
            hub.get_hf_file_metadata(hub.hf_hub_url(name, file), timeout=_PATIENCE)
            found = Path(hub.hf_hub_download(name, file))
            with suppress(hub.errors.EntryNotFoundError):
                hub.hf_hub_download(name, SETTINGS)
            return found
        except Exception as error:  # offline, unknown name, no such file: the library has a dozen kinds
            if is_defect(error):
                raise
            cause = error
            if "EntryNotFound" not in type(error).__name__:  # only a file that is not there leaves hope for the next
                break
    reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    raise HdvilaError(
        f"tokenizer {name!r}: is no local folder, and the Hugging Face hub did not give it ({reason}); "
        "name a local folder with tokenizer.json or vocab.txt"
    ) from cause

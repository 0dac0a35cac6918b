"""Find the files of a BERT tokenizer, and read its ``vocab.txt`` and ``tokenizer_config.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from hdvila.errors import HdvilaError, UsageError, is_defect, reason_of, require

FILES = ("tokenizer.json", "vocab.txt")
"""The files of a tokenizer folder that hold the vocabulary, in order of preference."""
SETTINGS = "tokenizer_config.json"
Settings = Mapping[str, bool | None]
DEFAULTS: Settings = MappingProxyType({"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True})
"""How BERT normalises text by default. With `strip_accents` None, accents are stripped if case is."""

_OWN = Path(__file__).parent / "vocabularies"
_ONE_WORD_NAMES = ("bert-", "distilbert-")  # the first BERT tokenizers have no owner in their names
_PATIENCE = 10.0  # seconds to wait for the first answer of the hub


def find_tokenizer(source: str | os.PathLike[str]) -> Path:
    """The vocabulary file of a folder, file, built-in vocabulary or hub name (downloaded if it is not cached).

    Raises:
        UsageError: nothing of that name exists.
        HdvilaError: the hub cannot be reached or does not know the name.
    """
    path = Path(source)
    if path.is_file():
        return path
    if path.is_dir():
        found = [path / name for name in FILES if (path / name).is_file()]
        found = found or [file for name in FILES for file in sorted(path.glob(f"snapshots/*/{name}"))]
        if not found:
            raise UsageError(f"{path}: has neither tokenizer.json nor vocab.txt; name the folder of a BERT tokenizer")
        return found[0]
    name = str(source)
    if name in {file.stem for file in _OWN.glob("*.txt")}:
        return _OWN / f"{name}.txt"
    if path.is_absolute() or name.startswith(".") or name.count("/") > 1 or path.suffix in (".json", ".txt"):
        raise UsageError(f"{path}: no such tokenizer folder or file; check the path")
    if "/" not in name and not name.startswith(_ONE_WORD_NAMES):
        raise UsageError(
            f"{name}: no such tokenizer folder or file; check the path, or name a tokenizer of the Hugging "
            "Face hub as owner/name"
        )
    return _from_hub(name)


def read_vocabulary(file: Path) -> dict[str, int]:
    r"""The pieces of a ``vocab.txt`` with their ids, which are line numbers from 0.

    Lines end with ``\n``, or with ``\r\n`` if all of them do; other characters that Unicode counts as line
    ends are pieces. A byte order mark is dropped.

    Raises:
        UsageError: the file cannot be read, or is not UTF-8 text.
    """
    try:
        lines = file.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {reason_of(error)}; name a vocab.txt") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not a vocabulary, one piece a line in UTF-8 ({error})") from error
    ended, last = lines[:-1], lines[-1]
    if ended and all(line.endswith("\r") for line in ended):
        ended = [line[:-1] for line in ended]
    return {piece: number for number, piece in enumerate([*ended, last] if last else ended)}


def read_settings(folder: Path) -> Settings:
    """The settings of `DEFAULTS` that ``tokenizer_config.json`` in the folder makes; empty without the file.

    Raises:
        UsageError: the file cannot be read, or a setting is not true, false or null.
    """
    file = folder / SETTINGS
    try:
        said = json.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read ({reason_of(error)}); restore or remove it") from error
    found = {name: said[name] for name in DEFAULTS if name in said} if isinstance(said, dict) else {}
    for name, value in found.items():
        if not isinstance(value, bool) and not (value is None and name == "strip_accents"):
            raise UsageError(f"{file}: {name} is {value!r}; it must be true or false")
    return found


def write_settings(folder: Path, settings: Settings) -> None:
    """Write ``tokenizer_config.json`` into the folder; without settings, remove it."""
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
            # Ask once and briefly: without a network a download retries for a minute and prints each time.
            hub.get_hf_file_metadata(hub.hf_hub_url(name, file), timeout=_PATIENCE)
            found = Path(hub.hf_hub_download(name, file))
            with suppress(hub.errors.EntryNotFoundError):
                hub.hf_hub_download(name, SETTINGS)
            return found
        except Exception as error:  # offline, unknown name, no such file: the library raises a dozen types
            if is_defect(error):
                raise
            cause = error
            if "EntryNotFound" not in type(error).__name__:  # only then may the next file exist
                break
    reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    raise HdvilaError(
        f"tokenizer {name!r}: is not a local folder, and the Hugging Face hub did not provide it ({reason}); "
        "name a local folder with tokenizer.json or vocab.txt"
    ) from cause

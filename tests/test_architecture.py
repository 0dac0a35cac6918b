"""Who may import whom: the rooms stand in layers, imports go downwards only, and nobody below the CLI prints."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "hdvila"
EVERYONE = {"types", "errors", "settings", "files", "processes", "progress", "progress_proxy", "writing", "lazy"}
MAY_IMPORT: dict[str, set[str]] = {
    "types": set(),
    "errors": set(),
    "settings": {"errors"},
    "files": {"errors"},
    "processes": {"errors"},
    "progress": set(),
    "progress_proxy": {"progress"},
    "writing": set(),
    "lazy": set(),
    "media": set(),
    "text": {"media"},  # opening a file whose tracks hold subtitles
    "nn": set(),
    "models": {"nn", "media"},
    "annotations": {"text"},
    "store": {"media"},
    "sources": {"store", "media"},
    "pages": {"media"},  # HTML with everything inside
    "hub": {"models", "nn", "media", "text"},
    "miniature": {"media", "annotations"},
    "corpus": {"store", "sources", "media", "text", "pages", "annotations"},
    "data": {"store", "sources", "media", "text", "annotations", "nn", "models"},
    "tasks": {"models", "nn", "data"},  # of data only the Batch
    "train": {"tasks", "data", "hub", "models", "nn", "text", "evaluate", "annotations"},
    "evaluate": {"tasks", "data", "hub", "models", "nn", "text", "media", "annotations", "pages"},
    "search": {"hub", "models", "nn", "media", "text"},
    "recipes": {"train", "tasks", "models", "data", "evaluate"},  # configuration classes and protocols only
}
MAY_IMPORT["lab"] = set(MAY_IMPORT)  # the whole library, as its users may
SYSTEMS = {folder.name for folder in (SOURCE / "models").iterdir() if folder.is_dir() and folder.name[0] not in "_."}
MAY_NAME_A_SYSTEM = {"models", "recipes"}
ANYTHING = {"__main__", "cli", "__init__"}  # nobody imports these back; nobody but them imports lab


def imports(file: Path) -> list[tuple[int, list[str]]]:
    """(line, dotted parts below hdvila) of every import of our own code in `file`."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" if node.module == "hdvila" else node.module for alias in node.names]
        found += [(node.lineno, name.split(".")[1:]) for name in names if name.split(".")[0] == "hdvila"]
    return found


def room_of(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def test_rooms_import_downwards_only() -> None:
    wrong = []
    for file in sorted(SOURCE.rglob("*.py")):
        room = room_of(file)
        if room in ANYTHING:
            continue
        assert room in MAY_IMPORT, f"{file}: the room {room!r} has no place in the plan (tests/test_architecture.py)"
        for line, parts in imports(file):
            target = parts[0] if parts else "__init__"
            if target not in MAY_IMPORT[room] | EVERYONE | {room}:
                wrong.append(f"{file.relative_to(SOURCE.parents[1])}:{line}: {room} may not import {target}")
            if room == target == "models" and len(parts) > 1:
                own, other = file.relative_to(SOURCE).parts[1], parts[1]
                if own != other and own in SYSTEMS and other in SYSTEMS:
                    wrong.append(f"{file.relative_to(SOURCE.parents[1])}:{line}: model {own} imports model {other}")
    assert not wrong, "\n".join(wrong)


def test_nobody_names_a_system() -> None:
    """Who needs one asks the registry. Old public names of HD-VILA stand as strings in `__init__` files."""
    wrong = [
        f"{file.relative_to(SOURCE.parents[1])}:{line}: imports {'.'.join(parts)}"
        for file in sorted(SOURCE.rglob("*.py"))
        if room_of(file) not in MAY_NAME_A_SYSTEM and file != SOURCE / "__init__.py"
        for line, parts in imports(file)
        if parts[:1] == ["models"] and parts[1:2] and parts[1] in SYSTEMS
    ]
    assert not wrong, "\n".join(wrong)


def test_scripts_outside_import_what_is_there() -> None:
    """Benchmarks run rarely: a name that has moved would be found when somebody needs its figure."""
    wrong = []
    for folder in ("benchmarks", "tools"):
        for file in sorted((SOURCE.parents[1] / folder).glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if not (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "hdvila"):
                    continue
                wrong += [
                    f"{folder}/{file.name}:{node.lineno}: {node.module} has no {alias.name}"
                    for alias in node.names
                    if not is_there(str(node.module), alias.name)
                ]
    assert not wrong, "\n".join(wrong)


def is_there(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("hdvila"):
            return False
        raise


KNOWING_TWO_RESOLUTIONS = (
    "models/hdvila/",
    "recipes/hdvila",
    "recipes/__init__.py",  # names of recipes
    "store/version1.py",
    "lab/",
    "generation/",
    "evaluate/report/tables.py",  # names of columns: the ends of an interval
)
PAPERS_TITLE = "Advancing High-Resolution Video-Language Representation"


def test_only_hdvila_knows_high_and_low() -> None:
    """Everywhere else streams have names, such as `hr` and `lr`, and bounds are lower and upper, least and most."""
    wrong = [
        f"{file.relative_to(SOURCE.parents[1])}:{number}: {line.strip()}"
        for file in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.j2")])
        if not file.relative_to(SOURCE).as_posix().startswith(KNOWING_TWO_RESOLUTIONS)
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search(r"\b(high|low)\b", line.replace(PAPERS_TITLE, ""), re.IGNORECASE)
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_command_line_prints() -> None:
    wrong = [
        f"{file.relative_to(SOURCE.parents[1])}:{node.lineno}"
        for file in sorted(SOURCE.rglob("*.py"))
        if room_of(file) != "cli"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not wrong, f"print below the command line: {wrong}"


def test_one_place_chooses_the_device() -> None:
    asking = {file.relative_to(SOURCE).as_posix() for file in SOURCE.rglob("*.py") if "cuda.is_av" in file.read_text()}
    assert asking == {"nn/device.py", "cli/doctor.py"}  # doctor only says what is there


def test_what_others_import_is_public_where_a_module_says_what_is() -> None:
    public, wanted, modules = {}, [], set()
    for file in sorted(SOURCE.rglob("*.py")):
        parts = ("hdvila", *file.relative_to(SOURCE).with_suffix("").parts)
        module = ".".join(parts).removesuffix(".__init__")
        modules.add(module)
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                if not any(isinstance(part, ast.Starred) for part in ast.walk(node.value)):
                    public[module] = set(ast.literal_eval(node.value))
            elif isinstance(node, ast.ImportFrom) and node.module:
                wanted += [(node.module, alias.name, f"{file}:{node.lineno}") for alias in node.names]
    assert len(public) > 50
    hidden = [
        f"{where} imports {name}, which is not in __all__ of {module}"
        for module, name, where in wanted
        if module in public and name not in public[module] and f"{module}.{name}" not in modules
    ]
    assert not hidden, hidden

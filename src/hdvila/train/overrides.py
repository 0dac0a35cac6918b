"""``--set key=value``: change settings of a recipe by dotted keys, checked against their types."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from hdvila.errors import UsageError

T = TypeVar("T")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Settings by dotted key, as plain values; ``<key>.type`` names the kind where a field allows several."""
    if not is_dataclass(value) or isinstance(value, type):
        return {prefix: list(value) if isinstance(value, tuple) else value}
    out: dict[str, Any] = {}
    for name, annotation in get_type_hints(type(value)).items():
        if name not in {field.name for field in fields(value)}:
            continue
        key = f"{prefix}.{name}" if prefix else name
        part = getattr(value, name)
        if sum(map(is_dataclass, _alternatives(annotation))) > 1:
            out[f"{key}.type"] = type(part).__name__
        out |= flatten(part, key)
    return out


def defaults(value: Any, prefix: str = "") -> dict[str, Any]:
    """By dotted key the values of settings that nobody gives; those that must be given are not in it."""
    out: dict[str, Any] = {}
    for one in fields(value):
        key = f"{prefix}.{one.name}" if prefix else one.name
        if is_dataclass(part := getattr(value, one.name)):
            out |= defaults(part, key)
        elif one.default is not MISSING:
            out |= flatten(one.default, key)
    return out


def override(settings: T, changes: Iterable[str]) -> T:
    """The same settings with ``key=value`` changes.

    Raises:
        UsageError: an unknown key (the nearest ones are named) or a value of another type (key, value and the expected
            type are named).
    """
    wanted: dict[str, str] = {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise UsageError(f"--set {change!r} has no value: write --set KEY=VALUE")
        wanted[key.strip()] = text.strip()
    return cast(T, _apply(settings, settings, "", wanted))


def as_set(value: Any) -> str:
    """A value as ``--set`` takes it."""
    if isinstance(value, list):
        return ",".join(map(as_set, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ, or that only one of the two has."""
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def _apply(root: Any, settings: Any, prefix: str, wanted: Mapping[str, str]) -> Any:
    """`settings`, the group of `root` under `prefix`, with all changes below it made at once: some need each other."""
    new: dict[str, Any] = {}
    for name, changes in _by_first_part(wanted).items():
        key = f"{prefix}{name}"
        if name not in {field.name for field in fields(settings)}:
            raise _unknown(root, key + next((f".{rest}" for rest in changes if rest), ""))
        annotation, part = get_type_hints(type(settings))[name], getattr(settings, name)
        if part is None:  # an optional group is switched on by setting something in it
            part = next((kind() for kind in _alternatives(annotation) if is_dataclass(kind)), None)  # type: ignore[operator]
        if not is_dataclass(part):
            if "" not in changes:
                raise _unknown(root, f"{key}.{next(iter(changes))}")
            new[name] = _parse(key, changes[""], annotation)
        elif "" in changes and changes[""].lower() == "none" and type(None) in _alternatives(annotation):
            if len(changes) > 1:
                raise UsageError(f"{key}=none switches off what {key}.{max(changes)} sets: give one of the two")
            new[name] = None
        elif "" in changes:
            inside = ", ".join(f"{key}.{field.name}" for field in fields(part))
            raise UsageError(f"{key} is a group of settings, not a value: set one of {inside}")
        else:
            new[name] = _apply(root, part, f"{key}.", changes)
    return replace(settings, **new)


def _by_first_part(wanted: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """{"a.b": x, "a.c": y, "d": z} -> {"a": {"b": x, "c": y}, "d": {"": z}}."""
    groups: dict[str, dict[str, str]] = {}
    for key, text in wanted.items():
        name, _, rest = key.partition(".")
        groups.setdefault(name, {})[rest] = text
    return groups


def _unknown(root: Any, key: str) -> UsageError:
    known = [name for name in flatten(root) if not name.endswith(".type")]
    near = get_close_matches(key, known, n=3, cutoff=0.5)
    near += [other for other in known if other.rpartition(".")[2] == key.rpartition(".")[2] and other not in near]
    name = getattr(root, "name", type(root).__name__)
    hint = f"did you mean {' or '.join(near[:3])}?" if near else f"there are {', '.join(known)}"
    return UsageError(f"the recipe {name} has no setting {key!r}: {hint}")


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def _parse(key: str, text: str, annotation: Any) -> Any:
    kinds = _alternatives(annotation)
    if type(None) in kinds and text.lower() in ("none", ""):
        return None
    for kind in kinds:
        if kind is not type(None):
            try:
                return _parse_one(text, kind)
            except ValueError:
                continue
    raise UsageError(f"{key}={text!r} is not {_describe(annotation)}")


def _parse_one(text: str, kind: Any) -> Any:
    """The value, or ValueError."""
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError
        return text
    if get_origin(kind) is tuple:
        return _parse_tuple(text, get_args(kind))
    if kind is bool:
        if text.lower() not in _WORDS:
            raise ValueError
        return _WORDS[text.lower()]
    if kind in (int, float, str):
        return kind(text)
    raise ValueError


def _parse_tuple(text: str, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    items = [item.strip() for item in text.strip("()[]").split(",") if item.strip()]
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(items)
    if len(items) != len(kinds):
        raise ValueError
    return tuple(_parse_one(item, kind) for item, kind in zip(items, kinds, strict=True))


def _describe(annotation: Any) -> str:
    names = []
    for kind in _alternatives(annotation):
        if get_origin(kind) is Literal:
            names.append("one of " + ", ".join(map(str, get_args(kind))))
        elif get_origin(kind) is tuple:
            inner = [getattr(k, "__name__", "...") for k in get_args(kind)]
            names.append(f"a list such as {','.join(inner)}")
        else:
            words = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "none"}
            names.append(words.get(kind, getattr(kind, "__name__", str(kind))))
    return " or ".join(names)

"""Typed settings: frozen dataclasses read from JSON, changed by ``key=value`` texts, and written flat.

A setting is named by its dotted key, such as ``optim.lr``. Kinds are what annotations say: numbers, text, true or
false, `Literal`, tuples, dictionaries, unions, `TypedDict` and further dataclasses (groups). Nothing is converted
silently: ``"5"`` is not a number in JSON, and true is not 1.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from hdvila.errors import HdvilaError, UsageError, some_of

__all__ = [
    "OF_SEVERAL_KINDS",
    "as_text",
    "changed_keys",
    "defaults",
    "flatten",
    "from_json",
    "given",
    "override",
    "pairs",
]

T = TypeVar("T")
OF_SEVERAL_KINDS = {"of several kinds": True}
"""The metadata of a field whose value is of a subclass of its annotation; `flatten` then names the subclass."""
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NAMES: dict[Any, tuple[str, str, str]] = {  # one of a kind, several, and an example of several
    int: ("a whole number", "whole numbers", "1234"),
    float: ("a number", "numbers", "1234"),
    bool: ("true or false", "of true or false", ""),
    str: ("text", "texts", "abcd"),
    NoneType: ("none", "none", ""),
}


def from_json(kind: type[T], values: Mapping[str, Any], of: str, *, unknown: Literal["refuse", "drop"] = "refuse") -> T:
    """A dataclass from plain values, as JSON has them; lists stand for tuples, and 1 for 1.0.

    Args:
        of: what has these settings, for errors, such as ``"an HD-VILA model"``.
        unknown: whether keys that are no settings are an error or left out, at any depth.

    Raises:
        UsageError: a key that is no setting (with the nearest), a value of another kind, or a setting that is lacking.
    """
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    if unknown == "drop":
        values = {key: value for key, value in values.items() if key in known}
    needed = [key for key, one in known.items() if one.default is MISSING and one.default_factory is MISSING]
    found = given(kind, values, of, unknown=unknown)
    if lacking := [key for key in needed if key not in values]:
        raise UsageError(f"{of} lacks {some_of(lacking)}")
    return kind(**found)


def given(
    kind: type, values: Mapping[str, Any], of: str, *, unknown: Literal["refuse", "drop"] = "refuse"
) -> dict[str, Any]:
    """Those settings of a dataclass that are given, as values of their kinds.

    Args:
        values: by key, plain values.
        of, unknown: as for `from_json`.

    Raises:
        UsageError: a key that is no setting (with the nearest), or a value of another kind.
    """
    hints = get_type_hints(kind)
    kinds = {one.name: hints[one.name] for one in fields(kind)}
    for key in values:
        if key not in kinds:
            raise _unknown(key, list(kinds), of)
    return {key: _read(value, kinds[key], key, of, False, unknown) for key, value in values.items()}


def override(settings: T, changes: Iterable[str] | Mapping[str, str], of: str = "") -> T:
    """The same settings with changes, ``key=value`` texts or texts by their keys, all made at once.

    Setting something in an optional group switches it on; ``group=none`` switches it off.

    Args:
        of: what has these settings, for errors; by default the settings' type and their `name`.

    Raises:
        UsageError: a key that is no setting (with the nearest), or a value of another kind.
    """
    wanted = changes if isinstance(changes, Mapping) else pairs(changes)
    of = of or f"the {type(settings).__name__.lower()} {getattr(settings, 'name', '')}".rstrip()
    changed: T = _apply(settings, settings, "", wanted, of)
    return changed


def pairs(changes: Iterable[str]) -> dict[str, str]:
    """``key=value`` texts as texts by their keys; of equal keys the last.

    Raises:
        UsageError: a text without ``=`` or without a key.
    """
    found = {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {change!r} has no value: write --set KEY=VALUE")
        found[key.strip()] = text.strip()
    return found


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Settings by dotted key, as plain values; ``<key>.type`` names the kind where a field allows several."""
    out: dict[str, Any] = {}
    if _is_list_of_groups(value):
        for number, part in enumerate(value):
            out |= flatten(part, f"{prefix}.{number}")
        return out
    if not is_dataclass(value) or isinstance(value, type):
        return {prefix: list(value) if isinstance(value, tuple) else value}
    kinds = get_type_hints(type(value))
    for one in fields(value):
        key = f"{prefix}.{one.name}" if prefix else one.name
        part = getattr(value, one.name)
        if one.metadata == OF_SEVERAL_KINDS or sum(map(is_dataclass, _alternatives(kinds[one.name]))) > 1:
            out[f"{key}.type"] = type(part).__name__
        if part or not _is_list_of_groups_kind(kinds[one.name]):
            out |= flatten(part, key)
    return out


def defaults(value: Any, prefix: str = "") -> dict[str, Any]:
    """By dotted key the values of settings that nobody gives; those that must be given are not in it."""
    out: dict[str, Any] = {}
    kinds = get_type_hints(type(value))
    for one in fields(value):
        key = f"{prefix}.{one.name}" if prefix else one.name
        if is_dataclass(part := getattr(value, one.name)):
            out |= defaults(part, key)
        elif one.default is not MISSING and not _is_list_of_groups_kind(kinds[one.name]):
            out |= flatten(one.default, key)
    return out


def as_text(value: Any) -> str:
    """A plain value as `override` reads it."""
    if isinstance(value, list):
        return ",".join(map(as_text, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ, or that only one of the two has."""
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def _apply(root: Any, settings: Any, prefix: str, wanted: Mapping[str, str], of: str) -> Any:
    """`settings`, the group of `root` under `prefix`, with all changes below it made at once: some need each other."""
    groups: dict[str, dict[str, str]] = {}  # {"a.b": x, "a.c": y, "d": z} -> {"a": {"b": x, "c": y}, "d": {"": z}}
    for key, text in wanted.items():
        name, _, rest = key.partition(".")
        groups.setdefault(name, {})[rest] = text
    kinds, new = get_type_hints(type(settings)), dict[str, Any]()
    for name, changes in groups.items():
        key = f"{prefix}{name}"
        if name not in {one.name for one in fields(settings)}:
            raise _unknown(key + next((f".{rest}" for rest in changes if rest), ""), _keys(root), of)
        part = getattr(settings, name)
        if part is None:  # an optional group is switched on by setting something in it
            part = next((kind() for kind in _alternatives(kinds[name]) if is_dataclass(kind)), None)  # type: ignore[operator]
        if _is_list_of_groups(part):
            new[name] = _apply_to_list(root, part, key, changes, of)
        elif not is_dataclass(part):
            if "" not in changes:
                raise _unknown(f"{key}.{next(iter(changes))}", _keys(root), of)
            new[name] = _read(changes[""], kinds[name], key, of, True, "refuse")
        elif "" in changes and changes[""].lower() == "none" and NoneType in _alternatives(kinds[name]):
            if len(changes) > 1:
                raise UsageError(f"{key}=none switches off what {key}.{max(changes)} sets: give one of the two")
            new[name] = None
        elif "" in changes:
            inside = ", ".join(f"{key}.{one.name}" for one in fields(part))
            raise UsageError(f"{key} is a group of settings, not a value: set one of {inside}")
        else:
            new[name] = _apply(root, part, f"{key}.", changes, of)
    return replace(settings, **new)


def _apply_to_list(root: Any, parts: tuple[Any, ...], key: str, wanted: Mapping[str, str], of: str) -> tuple[Any, ...]:
    """Groups that are known by their number, with the changes below ``key.NUMBER``."""
    by_number: dict[int, dict[str, str]] = {}
    for name, text in wanted.items():
        number, _, rest = name.partition(".")
        if not number.isdecimal() or int(number) >= len(parts) or not rest:
            raise _unknown(f"{key}.{name}" if name else key, _keys(root), of)
        by_number.setdefault(int(number), {})[rest] = text
    return tuple(
        _apply(root, part, f"{key}.{at}.", by_number[at], of) if at in by_number else part
        for at, part in enumerate(parts)
    )


def _is_list_of_groups_kind(kind: Any) -> bool:
    return _is_tuple(kind) and is_dataclass(get_args(kind)[0])


def _is_list_of_groups(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(is_dataclass(part) for part in value)


def _read(value: Any, kind: Any, key: str, of: str, text: bool, unknown: str) -> Any:
    try:
        return _converter(text, unknown == "refuse").structure(value, kind)
    except Exception as error:
        raise _explained(error, key, value, kind, of) from error


@cache
def _converter(text: bool, refuse: bool) -> Any:
    """What turns a plain value, or a text, into a value of a kind."""
    from cattrs import Converter  # its import takes a tenth of a second

    converter = Converter(forbid_extra_keys=refuse)

    def union(value: Any, kind: Any) -> Any:
        kinds = [one for one in get_args(kind) if one is not NoneType]
        if len(kinds) < len(get_args(kind)) and (value is None or (text and value.lower() in ("none", ""))):
            return None
        for one in kinds[:-1]:
            try:
                return converter.structure(value, one)
            except Exception:
                continue
        return converter.structure(value, kinds[-1])

    def sequence(value: Any, kind: Any) -> Any:
        items = [item.strip() for item in value.strip("()[]").split(",") if item.strip()] if text else value
        if not isinstance(items, list | tuple):
            raise TypeError
        inner = get_args(kind)
        if inner[1:] == (...,):
            whole: Any = GenericAlias(list, inner[:1])
            return tuple(converter.structure(items, whole))
        return tuple(converter.structure(item, one) for item, one in zip(items, inner, strict=True))

    def plain(value: Any, kind: Any) -> Any:
        if text:
            return _WORDS[value.lower()] if kind is bool else kind(value)
        if not (type(value) is kind or (kind is float and type(value) is int)):
            raise TypeError
        return value

    for kind in _NAMES:
        converter.register_structure_hook(kind, plain)
    converter.register_structure_hook_func(_is_tuple, sequence)
    converter.register_structure_hook_func(lambda kind: len(_alternatives(kind)) > 1, union)
    return converter


def _explained(error: Exception, key: str, value: Any, kind: Any, of: str) -> HdvilaError:
    """What is wrong with `value`, or with the part of it that an error of the converter is about."""
    from cattrs.errors import AttributeValidationNote, BaseValidationError, ForbiddenExtraKeysError

    if isinstance(error, HdvilaError):
        return error
    if isinstance(error, ForbiddenExtraKeysError):
        return _unknown(min(error.extra_fields), list(get_type_hints(error.cl)), of, f"{key}.")
    if isinstance(error, BaseValidationError) and not isinstance(value, str):
        inner = error.exceptions[0]
        note = next((note for note in getattr(inner, "__notes__", ()) if hasattr(note, "type")), None)
        if note is None:
            return _explained(inner, key, value, kind, of)
        name = note.name if isinstance(note, AttributeValidationNote) else note.index
        key = f"{key}.{name}" if isinstance(name, str) else f"{key}[{name}]"
        if isinstance(inner, KeyError):
            return UsageError(f"{of} lacks {key}")
        return _explained(inner, key, value[name], note.type, of)
    return UsageError(f"{key}={value!r:.60} is not {_describe(kind)}")


def _keys(settings: Any) -> list[str]:
    return [key for key in flatten(settings) if not key.endswith(".type")]


def _unknown(key: str, known: list[str], of: str, group: str = "") -> UsageError:
    near = get_close_matches(key, known, n=3)
    near += [other for other in known if other.rpartition(".")[2] == key.rpartition(".")[2] and other not in near]
    hint = " or ".join(repr(group + other) for other in near[:3])
    hint = f"did you mean {hint}?" if hint else f"it has {', '.join(group + other for other in known)}"
    return UsageError(f"{of} has no setting {group + key!r}: {hint}")


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (typing.Union, UnionType) else (kind,)


def _describe(kind: Any) -> str:
    return " or ".join(map(_describe_one, _alternatives(kind)))


def _describe_one(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "one of " + ", ".join(map(str, inner))
    if _is_tuple(kind):
        count = None if inner[1:] == (...,) else len(inner)
        _, several, examples = _NAMES.get(inner[0], ("", "values", ""))
        such = f", such as {','.join(examples[: count or 2])}" if examples else ""
        return f"{count or 'a list of'} {several}{such}"
    if kind in _NAMES:
        return _NAMES[kind][0]
    names = "" if origin is dict else f" of {', '.join(get_type_hints(kind))}"
    return f"a group{names}"

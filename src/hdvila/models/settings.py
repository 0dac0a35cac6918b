"""Settings of a frozen dataclass that come from elsewhere: a JSON file, a keyword, a command line."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from hdvila.errors import UsageError

__all__ = ["check_settings"]


def check_settings(kind: type, values: Mapping[str, Any]) -> None:
    """Make sure that these are settings of `kind`, and values of their kinds.

    Raises:
        UsageError: a key that is not a setting, with the nearest one, or a value of another kind.
    """
    kinds = {name: hint for name, hint in get_type_hints(kind).items() if get_origin(hint) is not ClassVar}
    for key, value in values.items():
        if key not in kinds:
            near = get_close_matches(str(key), kinds, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(kinds)}"
            raise UsageError(f"{key!r} is not a setting of {_article(kind)}: {hint}")
        if kinds[key] is int:
            fits, wanted = type(value) is int, "a whole number"
        elif kinds[key] is float:
            fits, wanted = type(value) in (int, float), "a number"
        elif get_origin(kinds[key]) is tuple:
            count = len(get_args(kinds[key]))
            fits = isinstance(value, list | tuple) and [type(one) for one in value] == [int] * count
            wanted = f"{count} whole numbers, such as {','.join('1234'[:count])}"
        else:
            fits, wanted = isinstance(value, str), "a name"
        if not fits:
            raise UsageError(f"{key}={value!r}: {key} is {wanted}")


def _article(kind: type) -> str:
    return f"a model of {kind.system}" if hasattr(kind, "system") else kind.__name__

"""Frozen dataclasses from mappings (TOML), with unknown keys and wrong types refused in one line."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from asd_core.errors import UsageError, did_you_mean

T = TypeVar("T")


class UnknownKeyError(UsageError):
    """A mapping has a key that its dataclass does not have."""


def from_mapping(cls: type[T], mapping: Mapping[str, Any], where: str) -> T:
    """Make a dataclass from a mapping of its fields.

    Args:
        cls: a dataclass whose fields are numbers, strings, booleans, ``Literal`` choices, tuples of numbers (lists in
            a mapping), or one of several of these.
        mapping: field name → value; fields left out keep their defaults.
        where: the mapping's name in messages, e.g. ``[detector]``.

    Raises:
        UnknownKeyError: an unknown key, with the nearest known one.
        UsageError: a value of the wrong type.
    """
    hints = _hints_of(cls)  # type: ignore[arg-type]
    known = [field.name for field in dataclasses.fields(cls) if field.init]  # type: ignore[arg-type]
    check_keys(mapping, known, where)
    return cls(**{key: checked(value, hints[key], f"{where} {key}") for key, value in mapping.items()})


@lru_cache(maxsize=64)
def _hints_of(cls: type[Any]) -> dict[str, Any]:
    return get_type_hints(cls)


def check_keys(mapping: Mapping[str, Any], known: list[str], where: str) -> None:
    """Refuse the first key that is not among the known ones."""
    for key in mapping:
        if key not in known:
            raise UnknownKeyError(f"{where} has no key {key!r}{did_you_mean(key, known)}")


def check_choices(settings: Any) -> None:
    """Raise UsageError unless every ``Literal`` field of a dataclass holds one of its choices."""
    for name, hint in _hints_of(settings.__class__).items():
        if get_origin(hint) is Literal and (value := getattr(settings, name)) not in get_args(hint):
            raise UsageError(f"{name} = {value!r}: must be one of {', '.join(map(repr, get_args(hint)))}")


def check_integer(name: str, value: int, at_least: int) -> None:
    """Raise UsageError unless the value is a whole number and large enough."""
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise UsageError(f"{name} = {value!r}: must be a whole number, {at_least} or more")


def check_number(name: str, value: float, above: float, below: float = math.inf) -> None:
    """Raise UsageError unless above < value < below."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not above < value < below:
        upper = "" if below == math.inf else f" and below {below:g}"
        raise UsageError(f"{name} = {value!r}: must be a number above {above:g}{upper}")


def checked(value: Any, hint: Any, where: str) -> Any:
    """The value in the type of the hint; an integer becomes a float where the hint is float.

    Raises:
        UsageError: the value does not fit.
    """
    origin = get_origin(hint)
    if origin is Literal:
        if value not in get_args(hint):
            raise UsageError(f"{where} = {value!r}{did_you_mean(str(value), map(str, get_args(hint)))}")
        return value
    if origin in (Union, types.UnionType):
        if value is None and type(None) in get_args(hint):
            return None
        return checked(value, _type_for(value, [arg for arg in get_args(hint) if arg is not type(None)]), where)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(checked(item, get_args(hint)[0], f"{where}[{place}]") for place, item in enumerate(value))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(hint, type) or not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise UsageError(f"{where} = {value!r} is not {_NAMES.get(hint, hint)}")
    if hint is float and value != value:
        raise UsageError(f"{where} is not a number")
    return value


def _type_for(value: Any, hints: Sequence[Any]) -> Any:
    """The type that says best what is wrong with a value, or takes it: a list's, a word's or a number's."""
    if isinstance(value, list | tuple):
        fitting = [hint for hint in hints if get_origin(hint) is tuple]
    elif isinstance(value, str):
        fitting = [hint for hint in hints if hint is str or get_origin(hint) is Literal]
    else:
        fitting = [hint for hint in hints if get_origin(hint) is None and hint is not str]
    return [*fitting, *hints][0]


_NAMES = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}

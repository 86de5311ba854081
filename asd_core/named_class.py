"""Classes that a recipe names as ``package.module:Class``: imported, and made from settings that they take."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from asd_core.errors import UsageError
from asd_core.settings import check_keys


def named_class(name: str, where: str) -> Any:
    """Import the class that ``package.module:Class`` names.

    Args:
        name: of the class.
        where: how messages name the table, e.g. ``[encoder]``.

    Raises:
        UsageError: it cannot be imported.
    """
    module, _, class_name = name.partition(":")
    try:
        return getattr(importlib.import_module(module), class_name)
    except (ImportError, AttributeError, ValueError) as error:  # the latter of an empty name
        raise UsageError(f"{where} kind = {name!r} cannot be imported: {error}; is its package installed?") from error


@lru_cache(maxsize=64)
def constructor_keys(named: Any) -> frozenset[str] | None:
    """The settings that a class' constructor takes, ``device`` left out; None where it takes any.

    Raises:
        ValueError: the class hides them.
    """
    parameters = inspect.signature(named).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return frozenset(parameters) - {"device"}


def made_by(
    name: str, settings: Mapping[str, Any], where: str, kept: Collection[str], protocol: str, **given: Any
) -> Any:
    """Make an object of a named class.

    Args:
        name: ``package.module:Class``.
        settings: for its constructor.
        where: how messages name the table that holds them.
        kept: names of the members that the object must have.
        protocol: the file that describes these members.
        given: for the constructor where it takes them.

    Raises:
        UsageError: a class that cannot be imported or lacks a member, or a setting that it does not take.
    """
    named = named_class(name, where)
    try:
        keys = constructor_keys(named)
        check_keys(settings, sorted(settings if keys is None else keys), where)
        taken = inspect.signature(named).parameters
        made = named(**settings, **{key: value for key, value in given.items() if key in taken})
    except (TypeError, ValueError) as error:
        told = " ".join(str(error).split())
        raise UsageError(f"{where} kind = {name!r} does not take these settings: {told}") from error
    for member in kept:
        if not hasattr(made, member):
            raise UsageError(f"{where} kind = {name!r} has no {member}: see {protocol} for what is kept")
    return made

"""Packages of one's own that a recipe names, which a cluster's computers may lack: where they lie, to be sent along."""

from __future__ import annotations

import site
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def own_module_paths(settings: Mapping[str, Any]) -> list[str]:
    """The folders and ``.py`` files of the classes that a recipe names as ``package.module:Class``.

    A package that is installed (in site-packages) is left out: the computers of a cluster must have it installed too.

    Args:
        settings: of a recipe, its tables nested.
    """
    names = dict.fromkeys(kind.partition(":")[0].partition(".")[0] for kind in _own_kinds(settings))
    return [str(path) for name in names if (path := _path_of(name)) is not None and not _is_installed(path)]


def _own_kinds(settings: object) -> Iterator[str]:
    if isinstance(settings, Mapping):
        kind = settings.get("kind")
        if isinstance(kind, str) and ":" in kind:
            yield kind
        for value in settings.values():
            yield from _own_kinds(value)
    elif isinstance(settings, Sequence) and not isinstance(settings, str):
        for value in settings:
            yield from _own_kinds(value)


def _path_of(name: str) -> Path | None:
    """The folder of a package or the file of a module; None where it is neither."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):  # what is wrong with it is said where the class is made
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    path = Path(spec.origin or "")
    return path if path.suffix == ".py" else None


def _is_installed(path: Path) -> bool:
    places = [*site.getsitepackages(), site.getusersitepackages(), *map(sysconfig.get_path, ("stdlib", "platstdlib"))]
    return any(path.resolve().is_relative_to(Path(place).resolve()) for place in places)

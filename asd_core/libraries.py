"""Versions of the libraries that results depend on."""

from __future__ import annotations

import importlib.metadata
from functools import lru_cache


@lru_cache(maxsize=64)
def library_version(name: str) -> str:
    """The installed version of a distribution, read once a process: its metadata take a millisecond to parse.

    Raises:
        importlib.metadata.PackageNotFoundError: it is not installed.
    """
    return importlib.metadata.version(name)

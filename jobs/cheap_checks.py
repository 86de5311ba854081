"""Checks that need no listing, no store and no Ray: they come first, for an archive may hold millions of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from asd_core.errors import UsageError

if TYPE_CHECKING:
    from asd_core.recipe.recipe import Recipe


def check_archive_options(recipe: Recipe, options: Mapping[str, Any]) -> None:
    """Refuse an ARCHIVE, --layout, --pattern and --night-ends that cannot be, before anything is listed.

    Args:
        recipe: of the command.
        options: that the command was given; one without an ARCHIVE has nothing to refuse.

    Raises:
        UsageError: the first of them.
    """
    from asd_core.clips.manifest_table import is_manifest
    from asd_core.clips.nights import checked_night_end
    from asd_core.clips.pattern import compile_pattern
    from asd_core.encoders.build import kind_of

    archive, layout, pattern = (options.get(name) for name in ("archive", "layout", "pattern"))
    if archive is not None and not kind_of(recipe.for_machine("").encoder.kind).is_from_audio:
        raise UsageError(f"recipe {recipe.name} takes imported embeddings: leave ARCHIVE out")
    if pattern is not None and layout != "auto":
        raise UsageError(f"--layout {layout} and --pattern {pattern!r} exclude each other: leave one out")
    if pattern is not None:
        compile_pattern(pattern)
    if options.get("night_ends") is not None:
        checked_night_end(options["night_ends"])
        if archive is None and _is_typed("night_ends"):
            raise UsageError("--night-ends is for an ARCHIVE: stored clips keep the nights that they were listed with")
    if archive is None or "://" in archive:
        return
    if not Path(archive).exists() and not is_manifest(archive):
        raise UsageError(f"no such folder, or nothing in it: {archive}")


def _is_typed(name: str) -> bool:
    """True where an option stands in the command itself, not in a file of defaults."""
    return click.get_current_context().get_parameter_source(name) == ParameterSource.COMMANDLINE


def check_date(date: str | None) -> None:
    """Refuse a --date that is none."""
    from asd_core.clips.clip import UNDATED
    from asd_core.clips.selection import checked_date

    if date is not None and date != UNDATED:
        checked_date(date)


def check_normals(since: str | None, until: str | None, normal_list: str | None) -> None:
    """Refuse dates that are none or in the wrong order, and a list beside them or that is not there."""
    from asd_core.clips.selection import checked_date

    if normal_list is not None and (since or until):
        raise UsageError("--normal-list and --since or --until exclude each other: leave one out")
    first, last = since and checked_date(since), until and checked_date(until)
    if first and last and first > last:
        raise UsageError(f"no date is since {first} and until {last}: the span ends before it begins")
    if normal_list is not None and not Path(normal_list).is_file():
        raise UsageError(f"cannot read --normal-list {normal_list}: there is no such file")


def check_folder(option: str, place: str | None) -> None:
    """Refuse a file where an option names a folder to write to."""
    if place is not None and "://" not in place and Path(place).is_file():
        raise UsageError(f"{option} {place} is a file: name a folder")

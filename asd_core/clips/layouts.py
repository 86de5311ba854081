"""The layouts of names that an archive may have, and the one that places most of its recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from urllib.parse import unquote

from asd_core.clips import dcase, fleet, mimii
from asd_core.clips.clip import Placement
from asd_core.clips.namesakes import above_dcase, above_fleet, above_pattern
from asd_core.clips.pattern import compile_pattern
from asd_core.clips.suggestion import suggested_pattern
from asd_core.errors import UsageError

Place = Callable[[str], Placement]

LAYOUTS = ("fleet", "dcase", "mimii")


@dataclass(frozen=True)
class Placed:
    """Recordings as a layout places them.

    Attributes:
        layout: ``fleet``, ``dcase``, ``mimii`` or ``pattern``.
        placements: of the recordings, in their order.
        above: a recording's folder → the folders above its machine's; see `asd_core.clips.namesakes.namesakes`.
        notes: a line on each thing that a user should know of it.
    """

    layout: str
    placements: list[Placement]
    above: Callable[[str], str]
    notes: list[str] = field(default_factory=list)


def place_all(url: str, paths: Sequence[str], layout: str = "auto", pattern: str | None = None) -> Placed:
    """Place recordings by the layout that places most of them.

    Args:
        url: of the archive. It may be one machine type's folder, or its train folder: the names above it count too.
        paths: of the recordings in the archive.
        layout: one of `LAYOUTS`, or ``auto``.
        pattern: the user's own layout instead; see `compile_pattern`.

    Raises:
        UsageError: no layout places any of them.
    """
    layouts = _layouts(url, layout, pattern)
    chosen, placements, most = "", list[Placement](), 0
    for name, place in layouts.items():
        found = [place(path) for path in paths]
        count = sum(not placed.is_unplaced for placed in found)
        if count > most:
            chosen, placements, most = name, found, count
        if count == len(paths):
            break
    if not most:
        raise UsageError(_nothing_placed(paths, layout, pattern))
    notes = _notes_on_others(layouts, chosen, paths, placements)
    if chosen == "mimii":
        placements, own = mimii.arrange(paths, placements)
        notes += own
    above = above_pattern(pattern) if pattern is not None else _ABOVE[chosen]
    return Placed(chosen, placements, above, notes)


_ABOVE = {"fleet": above_fleet, "dcase": above_dcase, "mimii": mimii.above_mimii}


def _layouts(url: str, layout: str, pattern: str | None) -> dict[str, Place]:
    if pattern is not None:
        return {"pattern": compile_pattern(pattern)}
    parts = unquote(url).rstrip("/").split("/")
    near, far = "/".join(parts[-2:]), "/".join(parts[-6:])
    layouts: dict[str, Place] = {
        "fleet": lambda path: fleet.place(path, far),
        "dcase": lambda path: dcase.place(f"{near}/{path}"),
        "mimii": lambda path: mimii.place(f"{far}/{path}"),
    }
    return layouts if layout == "auto" else {layout: layouts[layout]}


def _nothing_placed(paths: Sequence[str], layout: str, pattern: str | None) -> str:
    asked = f"--pattern {pattern}" if pattern else f"layout {layout}" if layout != "auto" else "any known layout"
    suggested = suggested_pattern(paths)
    perhaps = f" (perhaps {suggested[0]!r}, which fits {suggested[1]} of them)" if suggested else ""
    return (
        f"none of {len(paths)} recordings fits {asked}, the first: {paths[0]!r}; known ones look like {fleet.EXAMPLE} "
        f"(fleet), {dcase.EXAMPLE} (dcase) or {mimii.EXAMPLE} (mimii); describe others with --pattern{perhaps} or list "
        "them in a manifest"
    )


def _notes_on_others(
    layouts: dict[str, Place], chosen: str, paths: Sequence[str], placements: Sequence[Placement]
) -> list[str]:
    """A line on each other layout that recordings without a machine look like."""
    rest = list(compress(paths, (placement.is_unplaced for placement in placements)))
    if not rest:
        return []
    main = _folder(next(path for path, one in zip(paths, placements, strict=True) if not one.is_unplaced))
    first = f"{len(paths) - len(rest)} recordings are laid out as {chosen}, such as those in {main}"
    notes = []
    for name, place in layouts.items():
        if name != chosen and (alike := [path for path in rest if not place(path).is_unplaced]):
            notes.append(
                f"the archive mixes layouts: {first}, and {len(alike)} as {name}, such as those in "
                f"{_folder(alike[0])}; the latter count as of no known machine: name their folder as an ARCHIVE of its "
                "own, or list all in a manifest"
            )
    return notes


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "the archive itself"

"""Classes of normal clips, from what is known of each: machine, domain, attributes, or pseudo-labels in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.errors import AsdError, UsageError

COLUMNS = {"section": "machine_id"}
"""Parts of a label that are written otherwise in CLIPS."""

_JOINT = " / "


@dataclass(frozen=True)
class Classes:
    """The classes of clips.

    Attributes:
        names: (C,) sorted.
        indices: (N,) int64: each clip's class; -1 for one that has none.
        counts: (C,) clips of each class.
        notes: lines that a reader must be told.
    """

    names: tuple[str, ...]
    indices: NDArray[np.int64]
    counts: tuple[int, ...]
    notes: tuple[str, ...] = ()


def class_names(
    clips: pa.Table,
    parts: Sequence[str],
    pseudo_labels: Mapping[str, str] | None = None,
    where: Literal["missing", "all"] = "missing",
) -> list[str | None]:
    """The name of each clip's class: its parts, joined; equal names mean that all parts are equal.

    Attributes are one string, whatever it holds. A part that is not known is ``-``. The joint and a lone ``-`` inside
    a part are percent-encoded.

    Args:
        clips: rows of CLIPS.
        parts: names of columns; ``section`` is ``machine_id``.
        pseudo_labels: clip id → label, which takes the place of attributes; None: there are none.
        where: ``missing``: only of clips without attributes; ``all``: of all clips.

    Returns:
        A name for each row; None for a clip that should have a pseudo-label and has none.

    Raises:
        UsageError: pseudo-labels, but attributes are no part of the label.
    """
    if pseudo_labels is not None and "attributes" not in parts:
        raise UsageError('pseudo-labels take the place of attributes: put "attributes" into training.labels')
    columns = {part: clips[COLUMNS.get(part, part)].to_pylist() for part in parts}
    names: list[str | None] = []
    for row, clip_id in enumerate(clips["clip_id"].to_pylist()):
        values = {part: column[row] for part, column in columns.items()}
        if pseudo_labels is not None and (where == "all" or not values["attributes"]):
            if clip_id not in pseudo_labels:
                names.append(None)
                continue
            values["attributes"] = pseudo_labels[clip_id]
        names.append(_JOINT.join(_plain(value) for value in values.values()))
    return names


def classes_of(names: Sequence[str | None]) -> Classes:
    """Number the classes in the order of their names.

    Raises:
        AsdError: fewer than two classes, which leave nothing to tell apart.
    """
    known = [name for name in names if name is not None]
    found, counts = np.unique(np.array(known, dtype=object), return_counts=True)
    if len(found) < 2:
        only = f"only one class, {found[0]!r}" if len(found) else "no classes"
        raise AsdError(
            f"{len(known)} normal clips to learn from have {only}: give training.labels a part in which clips differ "
            "(machine_type, machine_id, domain, attributes), or more machines"
        )
    numbers = {str(name): number for number, name in enumerate(found)}
    indices = np.array([-1 if name is None else numbers[name] for name in names], np.int64)
    return Classes(tuple(numbers), indices, tuple(map(int, counts)), _notes(found, counts, len(names) - len(known)))


def _notes(found: NDArray[np.object_], counts: NDArray[np.int64], missing: int) -> tuple[str, ...]:
    lines = []
    single = [str(name) for name, count in zip(found, counts, strict=True) if count == 1]
    if single:
        more = f" and {len(single) - 3} more" if len(single) > 3 else ""
        some = ", ".join(map(repr, single[:3]))
        lines.append(f"{len(single)} of {len(found)} classes have one clip only: {some}{more}")
    if missing:
        lines.append(f"{missing} clips have no pseudo-label and are left out")
    return tuple(lines)


def _plain(value: str) -> str:
    if not value:
        return "-"
    return "%2D" if value == "-" else value.replace("%", "%25").replace("/", "%2F")

"""The folders of MIMII: ``6_dB_fan/fan/id_00/abnormal/00000000.wav``.

H. Purohit et al., "MIMII Dataset: Sound Dataset for Malfunctioning Industrial Machine Investigation and Inspection",
DCASE Workshop 2019. The condition's folder may bear any word of `asd_core.clips.conditions`. The signal-to-noise ratio
stands in the folder above the machine type's, or before the machine type (``6_dB_fan/id_00``), or nowhere; it is kept
in ``attributes`` as ``6_dB``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from asd_core.clips.clip import UNPLACED, Placement
from asd_core.clips.conditions import WORDS, condition_of
from asd_core.clips.held_out import held_out

EXAMPLE = "6_dB_fan/fan/id_00/abnormal/00000000.wav"

_ID = re.compile(r"id[_-]?(\d+)", re.ASCII | re.IGNORECASE)
_RATIO = re.compile(r"(-|min_?|minus_?)?(\d+)_?dB(?:_(.+))?", re.ASCII | re.IGNORECASE | re.DOTALL)


def place(path: str) -> Placement:
    """The placement of a path ``…/<machine type>/id_<id>/<condition>/<name>``, without its split; unplaced for others.

    An unplaced clip counts as ``test``, so that a run on the test clips reports it.
    """
    above, kind, machine, word, _ = ["", "", "", "", *path.rsplit("/", 4)][-5:]
    ident, condition = _ID.fullmatch(machine), condition_of(word) if re.fullmatch(WORDS, word) else None
    own = _RATIO.fullmatch(kind)
    machine_type = (own[3] or "") if own else kind
    if ident is None or not condition or not machine_type or "=" in machine_type:
        return Placement(UNPLACED, UNPLACED, "test")
    ratio = own or _RATIO.fullmatch(above.rpartition("/")[2])
    attributes = f"{'-' if ratio[1] else ''}{ratio[2]}_dB" if ratio else ""
    return Placement(machine_type, ident[1], "", "", attributes, condition)


def arrange(paths: Sequence[str], placements: Sequence[Placement]) -> tuple[list[Placement], list[str]]:
    """The placements with the usual split, and machines of several signal-to-noise ratios kept apart.

    All anomalous recordings and those that `held_out` chooses are of split ``test``, the other normal ones of split
    ``train``. A machine type that is there at
    several ratios becomes one type for each, such as ``fan_6_dB``.

    Args:
        paths: of the recordings.
        placements: of the recordings, as `place` gives them.

    Returns:
        The placements in their order, and a line on each of the two.
    """
    placed, notes = _types_apart(placements)
    machines, conditions = [one[:2] for one in placed], [one.condition for one in placed]
    held = held_out(machines, paths, conditions)
    for number, one in enumerate(placed):
        if one.condition:
            is_test = number in held or one.condition != "normal"
            placed[number] = one._replace(split="test" if is_test else "train")
    normal = conditions.count("normal")
    notes.append(
        f"{len(held)} of {normal} normal recordings are held out as test, as is usual for MIMII: of each machine as "
        "many as there are anomalous ones, at most half, the first by name; the others are of split train"
    )
    return placed, notes


def above_mimii(folder: str) -> str:
    """The folders above the machine type's."""
    return folder.rsplit("/", 3)[0] if folder.count("/") > 2 else ""


def _types_apart(placements: Sequence[Placement]) -> tuple[list[Placement], list[str]]:
    ratios: dict[str, set[str]] = defaultdict(set)
    for placement in placements:
        ratios[placement.machine_type].add(placement.attributes)
    several = {kind: found for kind, found in ratios.items() if len(found) > 1 and kind != UNPLACED}
    placed = [
        placement._replace(machine_type=f"{placement.machine_type}_{placement.attributes}")
        if placement.machine_type in several and placement.attributes
        else placement
        for placement in placements
    ]
    if not several:
        return placed, []
    kind, found = next(iter(several.items()))
    names = ", ".join(f"{kind}_{ratio}" if ratio else kind for ratio in sorted(found))
    return placed, [f"machines at several signal-to-noise ratios count as machines of their own: {kind} as {names}"]

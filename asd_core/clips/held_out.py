"""Normal recordings that are held out of learning, so that detection can be measured on a machine's labelled clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence


def held_out(machines: Sequence[Hashable], names: Sequence[str], conditions: Sequence[str]) -> set[int]:
    """The normal recordings that are kept for the test: of each machine as many as there are anomalous ones.

    At most half of a machine's normal recordings are held out, the first by name. This is the split of the MIMII
    baseline (H. Purohit et al., DCASE Workshop 2019).

    Args:
        machines: of each recording.
        names: by which the recordings of a machine are sorted.
        conditions: "normal", "anomalous" or "".

    Returns:
        The places of the recordings that are held out.

    Example:
        >>> held_out(["fan"] * 4, ["b", "a", "c", "d"], ["normal", "normal", "normal", "anomalous"])
        {1}
    """
    normals: dict[Hashable, list[int]] = defaultdict(list)
    anomalies: dict[Hashable, int] = defaultdict(int)
    for place, (machine, condition) in enumerate(zip(machines, conditions, strict=True)):
        if condition == "normal":
            normals[machine].append(place)
        anomalies[machine] += condition == "anomalous"
    held: set[int] = set()
    for machine, places in normals.items():
        places.sort(key=lambda place: names[place])
        held.update(places[: min(anomalies[machine], len(places) // 2)])
    return held

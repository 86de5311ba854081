"""Alarms with simulated sound, for docs/alarm-figures.md: `python -m tests.accuracy.sound_nights [FIRST LAST]`.

Fleets of the seeds FIRST to LAST, 0 to 4 if not said otherwise, of 20 machines; 14 nights are learnt and 20 judged, of
five clips of two seconds. Everything goes through the functions of the commands: simulate, fit, score, alarms.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import asd_core as asd
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.alarms import find_alarms
from asd_core.store.store import open_store
from asd_core.synthesis.fleet import simulate_fleet
from asd_core.synthesis.fleet.changes import Changes, GainChange, GrowingFault, MicrophoneChange
from asd_core.synthesis.fleet.machine import MACHINE_TYPES
from tests.accuracy.alarm_rules import distance_from_uniform, nights_to_alarm
from tests.accuracy.alarm_tables import mean_and_error, table

LEARNT, JUDGED, CLIPS, SECONDS, PER_TYPE = 14, 20, 5, 2.0, 4
AFTER = 8
"""Judged nights before a change."""

WITH_BEARING = ("fan", "gearbox", "pump")
_COLUMNS = ("p_value", "state", "tier", "drifted_by", "fleet_shift")


@dataclass(frozen=True)
class SoundNights:
    """M machines over the judged nights, T, in the order of machines and dates.

    Attributes:
        machines: type and id.
        values: column of ALARMS → (M, T) of it.
    """

    machines: Sequence[tuple[str, str]]
    values: Mapping[str, NDArray[np.object_]]

    def floats(self, name: str) -> NDArray[np.float64]:
        """(M, T), NaN for none."""
        return self.values[name].astype(np.float64)

    @property
    def new(self) -> NDArray[np.bool_]:
        """(M, T), True on the first night of an alarm."""
        return np.asarray(self.values["state"] == "new")

    @property
    def in_alarm(self) -> NDArray[np.bool_]:
        """(M, T)."""
        return np.asarray(self.values["tier"] == "act")

    @property
    def fleet_shifted(self) -> NDArray[np.bool_]:
        """(T,)."""
        return np.asarray(np.isfinite(self.floats("fleet_shift")[0]))

    @property
    def drifts(self) -> NDArray[np.bool_]:
        """(M, T)."""
        return np.asarray(np.isfinite(self.floats("drifted_by")))

    def first_of(self, types: Sequence[str]) -> NDArray[np.bool_]:
        """(M,), True for the machines 00 of some types."""
        return np.array([name == "00" and kind in types for kind, name in self.machines])


def matrices(tables: Mapping[str, pa.Table]) -> SoundNights:
    """Rows of ALARMS by date, each date with the same machines."""
    nights = []
    for day in sorted(tables):
        nights.append({(row["machine_type"], row["machine_id"]): row for row in tables[day].to_pylist()})
    machines = sorted(nights[0])
    values = {name: np.array([[night[one][name] for night in nights] for one in machines], object) for name in _COLUMNS}
    return SoundNights(machines, values)


def judged(seed: int, changes: Changes, recipe: str = "fleet", per_type: int = PER_TYPE) -> SoundNights:
    """Simulate a fleet, fit its first nights, score the others, and find their alarms."""
    with tempfile.TemporaryDirectory() as folder:
        archive, store = str(Path(folder) / "archive"), open_store(str(Path(folder) / "store"))
        made = simulate_fleet(
            archive,
            machines_per_type=per_type,
            nights=LEARNT + JUDGED,
            clips_per_night=CLIPS,
            seconds=SECONDS,
            fault_nights=[],
            seed=seed,
            changes=changes,
        )
        listed = asd.list_clips(archive)
        asd.fit(store, recipe, asd.select(listed, until=made.dates[LEARNT - 1]))
        asd.score(store, recipe, asd.select(listed, since=made.dates[LEARNT]))
        return matrices(find_alarms(store, load_recipe(recipe), made.dates[LEARNT:]))


ONSET = LEARNT + AFTER
CHANGES = {
    "none": Changes(),
    "night effects × 3": Changes(night_effects=3.0),
    "gain + 3 dB, one night": Changes(gains=(GainChange(ONSET, 3.0), GainChange(ONSET + 1, -3.0))),
    "new microphones": Changes(microphones=tuple(MicrophoneChange(ONSET, kind, "00") for kind in MACHINE_TYPES)),
    "drift and bearings": Changes(
        drift_db=1.0, faults=tuple(GrowingFault(ONSET, kind, "00", "bearing", 1.5) for kind in WITH_BEARING)
    ),
}
CHANGED = {"new microphones": MACHINE_TYPES, "drift and bearings": WITH_BEARING}


def normal_row(name: str, fleets: Sequence[SoundNights]) -> list[str]:
    """Alarms, and how even p is, of fleets without a fault."""
    p_values = np.concatenate([one.floats("p_value").ravel() for one in fleets])
    shares = [f"{(p_values <= level).mean():.3f}" for level in (0.1, 0.01)]
    return [name, mean_and_error([one.new.sum() for one in fleets]), *shares, f"{distance_from_uniform(p_values):.3f}"]


def changed_row(name: str, fleets: Sequence[SoundNights]) -> list[str]:
    """Alarms of the other machines and of those that changed, and what is told as a shift or as drift."""
    changed = [one.first_of(CHANGED.get(name, ())) for one in fleets]
    others = mean_and_error([one.new[~own].sum() for one, own in zip(fleets, changed, strict=True)])
    lasting = np.concatenate([one.in_alarm[own, AFTER:] for one, own in zip(fleets, changed, strict=True)])
    delays = nights_to_alarm(lasting) if len(lasting) else np.array([])
    found = f"{np.isfinite(delays).sum()} of {len(delays)}" if len(delays) else ""
    night = f"{np.median(delays):.0f} (last: {np.max(delays):.0f})" if len(delays) else ""
    each = f"{lasting.sum(axis=1).mean():.1f}" if len(delays) else ""
    shifted = f"{np.mean([one.fleet_shifted.sum() for one in fleets]):.1f}"
    drifting = f"{np.mean([one.drifts[:, -1].sum() for one in fleets]):.1f}"
    return [name, others, found, night, each, shifted, drifting]


def main() -> None:
    first, last = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (0, 4)
    fleets = {name: [judged(seed, changes) for seed in range(first, last + 1)] for name, changes in CHANGES.items()}
    show(fleets)


def show(fleets: Mapping[str, Sequence[SoundNights]]) -> None:
    """Print both tables."""
    still = ("none", "night effects × 3")
    columns = ["fleets", f"alarms ({JUDGED / 7:.1f} asked for)", "p ≤ 0.1", "p ≤ 0.01", "distance from even p"]
    table("Normal fleets with sound", columns, [normal_row(name, fleets[name]) for name in still])
    columns = ["change", "other machines' alarms", "changed in alarm", "first night", "nights in alarm"]
    columns += ["shifted nights", "drifting"]
    table("Changes with sound", columns, [changed_row(name, own) for name, own in fleets.items() if name != still[1]])


if __name__ == "__main__":
    main()

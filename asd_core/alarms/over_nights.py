"""All nights of a fleet judged one after the other: common shifts told apart, then alarms.

A pure function of the scores and the rules: the same nights give the same alarms, and later nights change nothing of
earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.calibration import Calibration
from asd_core.alarms.discoveries import Rule, Tiers, alarm_level, alarm_levels, persistent
from asd_core.alarms.drift import WINDOW, FleetNull, FleetShift, fleet_shift, machine_drift
from asd_core.alarms.episodes import Episodes, OpenAlarms, episodes, tiers
from asd_core.alarms.machine_nights import Floats, Integers, MachineNights
from asd_core.alarms.settled import settled


class AlarmRules(Protocol):
    """The settings that turn evidence into alarms; a recipe's ``[alarm]``."""

    @property
    def false_alarms(self) -> float:
        """Expected over the fleet in a night in which all machines are well."""

    @property
    def rule(self) -> Rule:
        """``family`` or ``bh``."""

    @property
    def persistence(self) -> tuple[int, ...]:
        """M of n nights in a row that must be as unlikely."""

    @property
    def clear_after(self) -> int:
        """Quiet nights in a row after which an alarm is over."""

    @property
    def least_nights(self) -> int:
        """Learnt nights below which nothing is decided."""

    @property
    def watch(self) -> float:
        """The largest p that is watched."""

    @property
    def drift(self) -> float:
        """The largest p of a common shift; 0 leaves shifts among the alarms."""


@dataclass(frozen=True)
class FleetNights:
    """M machines over T nights.

    Attributes:
        nights: (T,) their numbers, ascending.
        p_values: (M, T) of each night by itself, common shifts taken off; NaN for a night that is not decided.
        p_floors: (M, T) the smallest p that the machine's pool supports.
        p_means: (M, T) of the mean of the clips.
        p_worst: (M, T) of the worst clip.
        strength: (M, T) evidence to rank by.
        levels: (T,) the largest p that is an alarm, over as many nights as the rules ask for.
        episodes: the alarms.
        tiers: (M, T).
        shifts: (T,) of the whole fleet.
        fleet_shifted: (T,) True for nights whose machines were judged against the fleet.
        drift_p_values: (M, T) of a slow shift of the machine.
        drifts: (M, T) True for nights that were judged against the machine's last nights.
        drifted_by: (M, T) how far the machine has drifted, in deviations of its nights; 0 without drift.
        settled: (M, T) True for alarms that have neither grown nor faded for a week.
    """

    nights: Integers
    p_values: Floats
    p_floors: Floats
    p_means: Floats
    p_worst: Floats
    strength: Floats
    levels: Floats
    episodes: Episodes
    tiers: Tiers
    shifts: tuple[FleetShift, ...]
    fleet_shifted: NDArray[np.bool_]
    drift_p_values: Floats
    drifts: NDArray[np.bool_]
    drifted_by: Floats
    settled: NDArray[np.bool_]


def judge_nights(calibration: Calibration, null: FleetNull, nights: MachineNights, rules: AlarmRules) -> FleetNights:
    """Judge the nights of a fleet in their order.

    Args:
        calibration: of the learnt nights.
        null: the fleet's medians in the learnt nights.
        nights: further nights of the same machines.
        rules: what becomes an alarm.
    """
    numbers, columns = np.unique(nights.nights, return_inverse=True)
    machines, total = len(calibration.pool_of), len(numbers)
    distances = np.full((2, machines, total), np.nan)
    distances[:, nights.machines, columns] = calibration.standardise(nights)
    clips = np.zeros((machines, total), dtype=np.int64)
    clips[nights.machines, columns] = nights.clips
    return judge_distances(calibration, null, numbers, distances, clips, rules)


def judge_distances(
    calibration: Calibration,
    null: FleetNull,
    numbers: Integers,
    distances: Floats,
    clips: Integers,
    rules: AlarmRules,
) -> FleetNights:
    """As `judge_nights`, of nights that are in deviations of their machines already (`Calibration.standardise`).

    Args:
        calibration: of the learnt nights.
        null: the fleet's medians in the learnt nights.
        numbers: (T,) of the nights, ascending.
        distances: (2, M, T) by the mean and by the worst clip; NaN for unknown.
        clips: (M, T) number of clips.
        rules: what becomes an alarm.
    """
    machines, total = clips.shape
    distances, learnt = distances.copy(), calibration.means.learnt
    distances[:, learnt < rules.least_nights] = np.nan

    found = np.full((5, machines, total), np.nan)  # p, floor, p of the mean, p of the worst, strength
    drift_p, drifted_by = np.full((machines, total), np.nan), np.zeros((machines, total))
    shifts, shifted = [], np.zeros(total, dtype=bool)
    quiet_ones = np.full((2, machines, total), np.nan)
    alarms = OpenAlarms.none(machines)
    for night in range(total):
        means, worst = distances[:, :, night]
        shift = fleet_shift(means, worst, null)
        shifts.append(shift)
        shifted[night] = shift.p_value <= rules.drift
        if shifted[night]:
            means, worst = shift.taken_from(means, worst)
        before = quiet_ones[:, :, max(0, night - WINDOW) : night]
        drift = machine_drift(before[0], before[1], learnt, calibration.means.freedom)
        drifts = drift.p_values <= rules.drift
        drift_p[:, night], drifted_by[drifts, night] = drift.p_values, drift.mean[drifts]
        apart = drift.taken_from(means, worst, drifts)
        evidence = calibration.evidence(np.arange(machines), clips[:, night], *apart)
        found[:, :, night] = (
            evidence.p_values,
            evidence.p_floors,
            evidence.p_means,
            evidence.p_worst,
            evidence.strength,
        )
        # Nights that stand out are kept out of the mean that drift is seen by: a fault is not to become normal.
        level = alarm_level(evidence.p_values, rules.false_alarms, rules.rule)
        states, _, _ = alarms.night(night, evidence.p_values, level, rules.clear_after, rules.watch)
        is_quiet = ((states == "") | (states == "cleared")) & (evidence.p_values > rules.watch)
        quiet_ones[:, is_quiet, night] = means[is_quiet], worst[is_quiet]

    least, in_a_row = rules.persistence
    judged = persistent(found[0], least, in_a_row, learnt)
    levels = alarm_levels(judged, rules.false_alarms, rules.rule)
    alarmed = episodes(judged, levels, rules.clear_after, rules.watch)
    stands_out = alarmed.in_alarm & (found[0] <= rules.watch)
    return FleetNights(
        nights=numbers,
        p_values=found[0],
        p_floors=found[1],
        p_means=found[2],
        p_worst=found[3],
        strength=found[4],
        levels=levels,
        episodes=alarmed,
        tiers=tiers(found[0], alarmed.in_alarm, rules.watch),
        shifts=tuple(shifts),
        fleet_shifted=shifted,
        drift_p_values=drift_p,
        drifts=drift_p <= rules.drift,
        drifted_by=drifted_by,
        settled=settled(np.where(np.isnan(found[0]), np.nan, distances[0]), stands_out),
    )

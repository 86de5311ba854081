"""Fleets on which alarms are measured, and how the figures are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.over_nights import FleetNights
from asd_core.recipe.alarm_settings import AlarmConfig
from tests.accuracy.alarm_rules import nights_to_alarm
from tests.accuracy.simulated_scores import Fault, Fleet, scores

LEARNT, MACHINES, NIGHTS, CLIPS = 14, 200, 60, 5
ONSET, FAULTY = 34, tuple(range(50))  # the fault's first night, 20 after the learnt ones, and its machines
RATES = {"1 a night": 1.0, "1 a week": 1 / 7, "1 a month": 1 / 30}
WEEKLY = AlarmConfig(false_alarms=1 / 7)
NO_DRIFT = replace(WEEKLY, drift=1e-12)
TWO_OF_THREE = replace(WEEKLY, persistence=(2, 3))
SEVERITIES, KINDS = ("mild", "moderate", "severe"), ("rare", "all")
WEEK = 7


def fleet(seed: int, night_effects: float = 1.0, drift: float = 0.0) -> Fleet:
    return Fleet(MACHINES, LEARNT + NIGHTS, CLIPS, night_effects, drift, seed)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n**{title}**\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def mean_and_error(counts: Sequence[float]) -> str:
    return f"{np.mean(counts):.1f} ± {np.std(counts, ddof=1) / np.sqrt(len(counts)):.1f}"


def new_alarms(found: FleetNights) -> float:
    return float((found.episodes.states == "new").sum())


def faulty_scores(seed: int, kind: str, severity: str, drift: float = 0.0) -> NDArray[np.float64]:
    return scores(fleet(seed, drift=drift), (Fault(FAULTY, ONSET, kind, severity),))


def delay(alarmed: NDArray[np.bool_]) -> str:
    nights = nights_to_alarm(alarmed)
    median = float(np.median(nights))
    return f"{'over 40' if np.isinf(median) else f'{median:.0f}'}, {np.isinf(nights).mean():.0%}"

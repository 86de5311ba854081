"""Alarms over nights: when one begins, how long it goes on, and when it is over.

An alarm begins on the first night whose p is at most the alarm level. It goes on until so many quiet nights in a row
have passed, so that one better night does not end it and the next one does not begin another. Nights that cannot be
judged neither prolong nor end it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.discoveries import Tiers
from asd_core.alarms.machine_nights import Floats, Integers

State = Literal["", "new", "continuing", "cleared"]


@dataclass(frozen=True)
class Episodes:
    """Alarms of M machines over T nights.

    Attributes:
        states: (M, T) "new" on the first night of an alarm, "continuing" on further ones, "cleared" on the last quiet
            one that ends it, "" without an alarm.
        since: (M, T) int64, position of the night on which the present or just cleared alarm began; -1 without one.
        nights_in_alarm: (M, T) int64, judged nights of that alarm so far, this one among them; 0 without one.
    """

    states: NDArray[np.str_]
    since: Integers
    nights_in_alarm: Integers

    @property
    def in_alarm(self) -> NDArray[np.bool_]:
        """(M, T), True on new and continuing nights."""
        return np.asarray((self.states == "new") | (self.states == "continuing"))


def episodes(p_values: Floats, levels: Floats, clear_after: int, quiet_above: float) -> Episodes:
    """Alarms from p-values.

    Args:
        p_values: (M, T) in the order of the nights, persistence taken into account already; NaN for a night that
            cannot be judged.
        levels: (T,) the largest p that is an alarm in each night.
        clear_after: quiet nights in a row that end an alarm, at least 1.
        quiet_above: p above which a night is quiet, if it is no alarm.
    """
    machines, nights = p_values.shape
    states = np.full((machines, nights), "", dtype="U10")
    since = np.full((machines, nights), -1, dtype=np.int64)
    counts = np.zeros((machines, nights), dtype=np.int64)
    begun, lasted, quiet = (np.full(machines, start, dtype=np.int64) for start in (-1, 0, 0))
    for night in range(nights):
        tonight = p_values[:, night]
        judged = ~np.isnan(tonight)
        raised = judged & (tonight <= levels[night])
        is_new = raised & (begun < 0)
        was = begun >= 0
        begun[is_new], lasted[is_new] = night, 0
        is_quiet = judged & ~raised & (tonight > quiet_above)
        quiet = np.where(is_quiet, quiet + 1, np.where(judged, 0, quiet))
        is_over = was & is_quiet & (quiet >= clear_after)
        lasted += judged & (begun >= 0)
        states[was & judged, night] = "continuing"
        states[is_new, night] = "new"
        states[is_over, night] = "cleared"
        shown = states[:, night] != ""
        since[shown, night], counts[shown, night] = begun[shown], lasted[shown]
        begun[is_over], lasted[is_over] = -1, 0
    return Episodes(states, since, counts)


def tiers(p_values: Floats, in_alarm: NDArray[np.bool_], watch: float) -> Tiers:
    """The tier of each machine-night, of any shape: "act", "watch", "within_chance" or "not_decided".

    Args:
        p_values: NaN for a night that cannot be judged.
        in_alarm: True for new and continuing alarms.
        watch: the largest p that is watched.
    """
    judged = ~np.isnan(p_values)
    return np.select(
        [judged & in_alarm, judged & (np.nan_to_num(p_values, nan=1.0) <= watch), judged],
        ["act", "watch", "within_chance"],
        "not_decided",
    )

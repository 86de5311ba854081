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
_STATE = "U10"


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


def episodes(
    p_values: Floats,
    levels: Floats,
    clear_after: int,
    quiet_above: float,
    ended: NDArray[np.bool_] | None = None,
) -> Episodes:
    """Alarms from p-values.

    Args:
        p_values: (M, T) in the order of the nights, persistence taken into account already; NaN for a night that
            cannot be judged.
        levels: (T,) the largest p that is an alarm in each night.
        clear_after: quiet nights in a row that end an alarm, at least 1.
        quiet_above: p above which a night is quiet, if it is no alarm.
        ended: (M, T) True for nights that are no alarm whatever their p, and end one; None for none.
    """
    machines, nights = p_values.shape
    states = np.full((machines, nights), "", dtype=_STATE)
    since, counts = np.full((machines, nights), -1), np.zeros((machines, nights), dtype=np.int64)
    alarms = OpenAlarms.none(machines)
    for night in range(nights):
        over = None if ended is None else ended[:, night]
        found = alarms.night(night, p_values[:, night], levels[night], clear_after, quiet_above, over)
        states[:, night], since[:, night], counts[:, night] = found
    return Episodes(states, since, counts)


@dataclass
class OpenAlarms:
    """Alarms of M machines that go on.

    Attributes:
        begun: (M,) position of the night on which each began; -1 without one.
        lasted: (M,) judged nights since, that one among them.
        quiet: (M,) quiet nights in a row up to the last one.
    """

    begun: Integers
    lasted: Integers
    quiet: Integers

    @classmethod
    def none(cls, machines: int) -> OpenAlarms:
        """No alarm of any machine."""
        return cls(np.full(machines, -1), np.zeros(machines, np.int64), np.zeros(machines, np.int64))

    def night(
        self,
        night: int,
        p_values: Floats,
        level: float,
        clear_after: int,
        quiet_above: float,
        ended: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.str_], Integers, Integers]:
        """Take one more night, and give its states, since when they are, and for how many nights, (M,) each.

        Args:
            night: its position.
            p_values: (M,) of this night.
            level: the largest p that is an alarm.
            clear_after: as in `episodes`.
            quiet_above: as in `episodes`.
            ended: (M,) as in `episodes`.
        """
        judged, over = ~np.isnan(p_values), np.zeros(len(p_values), bool) if ended is None else ended
        raised, went_on = judged & ~over & (p_values <= level), self.begun >= 0
        is_quiet = judged & ~raised & (p_values > quiet_above)
        self.quiet = np.where(is_quiet, self.quiet + 1, np.where(judged, 0, self.quiet))
        is_new, is_over = raised & ~went_on, went_on & (over | (is_quiet & (self.quiet >= clear_after)))
        self.begun = np.where(is_new, night, self.begun)
        self.lasted = np.where(is_new, 0, self.lasted) + np.where(judged & (self.begun >= 0), 1, 0)
        states = np.select([is_new, is_over, judged & went_on], ["new", "cleared", "continuing"], "").astype(_STATE)
        shown = states != ""
        since, counts = np.where(shown, self.begun, -1), np.where(shown, self.lasted, 0)
        self.begun, self.lasted = np.where(is_over, -1, self.begun), np.where(is_over, 0, self.lasted)
        return states, since, counts


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

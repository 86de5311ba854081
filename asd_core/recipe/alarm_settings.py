"""A recipe's ``[alarm]``: which nights of a machine become an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asd_core.errors import UsageError
from asd_core.settings import check_choices, check_integer, check_number

AlarmRule = Literal["family", "bh"]


@dataclass(frozen=True)
class AlarmConfig:
    """A recipe's ``[alarm]``: the rule that turns the p-values of nights into alarms. No score depends on it.

    Attributes:
        false_alarms: expected over the whole fleet in a night in which all machines are well; 0.142857 is one a week.
        rule: "family" alarms where p is at most ``false_alarms`` / machines of the night; "bh" controls the share of
            false alarms among all, after Benjamini and Hochberg (1995).
        persistence: m of n: so many of so many nights in a row must be as unlikely, the last of them among these.
        clear_after: quiet nights in a row after which an alarm is over.
        least_nights: learnt nights of a machine below which nothing is decided on it, 5 or more.
        watch: p of a night from which on a machine that is not in alarm is watched.
        drift: p of a common shift, of a machine or of the fleet, from which on it is told as drift; 0 tells none apart.
    """

    false_alarms: float = 0.142857
    rule: AlarmRule = "family"
    persistence: tuple[int, ...] = (1, 1)
    clear_after: int = 2
    least_nights: int = 5
    watch: float = 0.01
    drift: float = 0.001

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        check_choices(self)
        check_number("false_alarms", self.false_alarms, above=0)
        if len(self.persistence) != 2 or not 1 <= self.persistence[0] <= self.persistence[1]:
            raise UsageError(
                f"persistence = {list(self.persistence)}: must be [m, n], m of n nights in a row, such as [2, 3]"
            )
        check_integer("clear_after", self.clear_after, 1)
        check_integer("least_nights", self.least_nights, 5)
        check_number("watch", self.watch, above=0, below=1)
        if self.drift != 0:
            check_number("drift", self.drift, above=0, below=1)

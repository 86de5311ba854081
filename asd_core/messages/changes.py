"""Changes that a receiver has to be told: the alarms of a night against those that it was told of before.

Only the newest night counts. So whatever changed it (new recordings, another rule, a label, nights that nobody told of)
becomes the same few messages, and the same night again becomes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Row = Mapping[str, Any]
Machine = tuple[str, str]
"""Type and id."""

COLUMNS = (
    "machine_type",
    "machine_id",
    "date",
    "tier",
    "state",
    "since",
    "nights_in_alarm",
    "p_value",
    "sentence",
    "acknowledged",
)
"""Columns of ALARMS that messages are made from."""


@dataclass(frozen=True)
class ToldAlarm:
    """An alarm that a receiver was told of and that it was not told to be over.

    Attributes:
        since: first night of the alarm.
        alarm_id: name of the alarm in messages.
        told_at: when it was told first, ISO time.
        is_acknowledged: it is quiet, because a person answered it.
    """

    since: str
    alarm_id: str
    told_at: str
    is_acknowledged: bool = False


@dataclass(frozen=True)
class Change:
    """An alarm that is to be told, or its end.

    Attributes:
        kind: of the message.
        row: of ALARMS.
        since: first night of the alarm.
        is_return: the alarm was acknowledged before, and is back.
        before: what was told of the alarm; None of a new one.
    """

    kind: Literal["alarm", "cleared"]
    row: Row
    since: str
    is_return: bool = False
    before: ToldAlarm | None = None

    @property
    def machine(self) -> Machine:
        """The machine."""
        return machine_of(self.row)


def machine_of(row: Row) -> Machine:
    """The machine of a row."""
    return (row["machine_type"], row["machine_id"])


def is_in_alarm(row: Row) -> bool:
    """Tell if the machine of a row is in alarm, and nobody has answered it."""
    return bool(row["tier"] == "act" and not row["acknowledged"])


def changes(told: Mapping[Machine, ToldAlarm], rows: Iterable[Row], last_night: str) -> list[Change]:
    """The changes since the last night that was told, ends of alarms first and then in the order of the rows.

    Args:
        told: alarms that the receiver knows.
        rows: of ALARMS, of the newest night. A machine without a row, or that is not decided, has not changed.
        last_night: up to which it was told; "" where nothing was.
    """
    ended, begun = list[Change](), list[Change]()
    for row in rows:
        known = told.get(machine_of(row))
        since = row["since"] or row["date"]
        if is_in_alarm(row):
            is_another = known is not None and last_night < since and known.since < since
            if known is not None and is_another:
                ended.append(Change("cleared", row, known.since, before=known))
            if known is None or is_another:
                begun.append(Change("alarm", row, since))
            elif known.is_acknowledged:
                begun.append(Change("alarm", row, known.since, is_return=True, before=known))
        elif known is not None and _is_over(row):
            ended.append(Change("cleared", row, known.since, before=known))
    return [*ended, *begun]


def acknowledged(told: Mapping[Machine, ToldAlarm], rows: Sequence[Row]) -> dict[Machine, ToldAlarm]:
    """The alarms that were told and that a person has answered by now; nothing is said of them."""
    quiet = {machine_of(row) for row in rows if _is_quiet(row)} & told.keys()
    return {machine: replace(told[machine], is_acknowledged=True) for machine in sorted(quiet)}


def _is_quiet(row: Row) -> bool:
    return bool(row["acknowledged"]) and row["state"] in ("new", "continuing")


def _is_over(row: Row) -> bool:
    """Tell if the night of a machine that was in alarm says that it is no more."""
    if row["state"] == "cleared":
        return True
    return row["tier"] in ("watch", "within_chance") and not _is_quiet(row)

"""Lengths of time as people type them: 90m, 26h, 180d."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_FORM = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) *([mhdw])")


class Duration(click.ParamType[timedelta]):
    """A length of time: a number and m, h, d or w for minutes, hours, days or weeks.

    Args:
        least: shortest that is taken.
    """

    name = "duration"

    def __init__(self, least: timedelta = timedelta(0)) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length of time that a text tells."""
        if isinstance(value, timedelta):
            return value
        told = _FORM.fullmatch(str(value).strip().lower())
        if told is None:
            self.fail(f"{value!r} is no length of time: write 90m, 26h, 180d or 4w.", param, ctx)
        try:
            length = timedelta(seconds=float(told[1]) * _SECONDS[told[2]])
        except OverflowError:
            self.fail(f"{value!r} is too long.", param, ctx)
        if length <= timedelta(0) or length < self._least:
            self.fail(
                f"{value!r} is too short: at least {in_words(max(self._least, timedelta(minutes=1)))}.", param, ctx
            )
        return length


def in_words(length: timedelta) -> str:
    """A length of time in one or two of its units: ``26 h``, ``3 d 4 h``, ``12 min``, ``8 s``."""
    seconds = round(abs(length).total_seconds())
    sign = "-" if length < timedelta(0) and seconds else ""
    if seconds < 60:
        return f"{sign}{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{sign}{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{sign}{hours} h" + (f" {minutes} min" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{sign}{days} d" + (f" {hours} h" if hours else "")


def at_minute(iso: str | None) -> str:
    """An ISO time to the minute, in UTC as it is stored; "" for none."""
    return "" if not iso else f"{iso[:16].replace('T', ' ')}"

"""Alerts for Prometheus' Alertmanager, in the form of its API v2.

Alerts with the same labels are one alert, so they may be sent any number of times. An alert ends when its ``endsAt``
has passed. So those of machines in alarm are sent anew each night with an end beyond the next night, and those of
machines that are well again with an end that is now. Source: https://prometheus.io/docs/alerting/latest/alerts_api
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from asd_core.messages.changes import Row
from asd_core.messages.message import time_text
from asd_core.messages.webhook import About
from asd_core.readable import machine_name, readable

Alert = dict[str, Any]

LASTS = timedelta(hours=50)
"""From one night to the end of an alert that is not sent again: two nights and two hours, so that a late night or a
missing one ends no alert."""

MOST_ALERTS = 500
"""In one request; some 400 KB."""

_NAMES = {"night_failed": "AsdNightFailed", "night_missing": "AsdNightMissing", "test": "AsdTest"}
_TEST_LASTS = timedelta(minutes=5)


def machine_alert(about: About, row: Row, starts: str, now: datetime, *, is_over: bool = False) -> Alert:
    """The alert of a machine.

    Args:
        about: the night.
        row: of ALARMS.
        starts: when the alarm was told first, ISO time.
        now: the time.
        is_over: it is in alarm no more, or a person has answered it.
    """
    kind, name = readable(row["machine_type"]), readable(row["machine_id"])
    labels = {"alertname": "AsdMachineInAlarm", "machine_type": kind, "machine_id": name}
    p_value = "" if row["p_value"] is None else f"{row['p_value']:.3g}"
    notes = {"summary": f"{machine_name(kind, name)}: {readable(row['sentence'])}", "p_value": p_value}
    return _alert(about, labels, notes | {"since": row["since"] or ""}, starts, now if is_over else now + LASTS)


def night_alert(about: About, kind: str, sentence: str, now: datetime, *, is_over: bool = False) -> Alert:
    """The alert of a night that failed or is missing, or a test, which ends by itself after five minutes.

    Args:
        about: the night.
        kind: of the message.
        sentence: for people.
        now: the time.
        is_over: the alert ends now.
    """
    ends = now if is_over else now + (_TEST_LASTS if kind == "test" else LASTS)
    starts = "" if is_over else time_text(now)
    return _alert(about, {"alertname": _NAMES[kind]}, {"summary": readable(sentence)}, starts, ends)


def merged(alerts: Iterable[Alert]) -> list[Alert]:
    """The alerts, of those with the same labels the last one."""
    return list({tuple(sorted(alert["labels"].items())): alert for alert in alerts}.values())


def in_requests(alerts: Sequence[Alert]) -> list[list[Alert]]:
    """The alerts in lists of at most `MOST_ALERTS`."""
    return [list(alerts[start : start + MOST_ALERTS]) for start in range(0, len(alerts), MOST_ALERTS)]


def _alert(about: About, labels: dict[str, str], notes: dict[str, str], starts: str, ends: datetime) -> Alert:
    known = {"night": about.night or "", "report": about.report or "", "run_id": about.run_id or ""}
    alert: Alert = {
        "labels": labels | {"key": about.key},
        "annotations": {name: value for name, value in (notes | known).items() if value},
        "endsAt": time_text(ends),
    }
    if starts:
        alert["startsAt"] = starts
    if about.report and about.report.startswith(("http://", "https://")):
        alert["generatorURL"] = about.report
    return alert

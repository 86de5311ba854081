"""Messages as JSON with a text that Slack and others show. docs/messages.md lists the fields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asd_core.messages.changes import Change
from asd_core.messages.chat_text import escaped, harmless, within_limit
from asd_core.messages.message import VERSION
from asd_core.readable import machine_name, readable

MOST_MESSAGES = 20
"""Alarms and ends of alarms of a night that are told one by one; of more, one message tells all."""

MOST_LISTED = 100
"""Machines that such a message lists; it counts all."""

REPEATED = "(possibly sent before) "

_FIELDS: dict[str, Any] = {
    "version": VERSION,
    "kind": "",
    "message_id": "",
    "possibly_repeated": False,
    "created_at": "",
    "key": "",
    "night": None,
    "machine_type": None,
    "machine_id": None,
    "alarm_id": None,
    "tier": None,
    "state": None,
    "since": None,
    "nights_in_alarm": None,
    "p_value": None,
    "sentence": "",
    "is_return": False,
    "alarms": None,
    "cleared": None,
    "machines": [],
    "report": None,
    "run_id": None,
    "text": "",
}


@dataclass(frozen=True)
class About:
    """The night that messages are about.

    Attributes:
        key: of the recipe.
        night: its date; None where it is not known.
        report: address of its page; None without one.
        run_id: of the run that scored it; None likewise.
    """

    key: str
    night: str | None
    report: str | None = None
    run_id: str | None = None


def told_change(about: About, change: Change, alarm_id: str) -> dict[str, Any]:
    """The body of a message on one machine, without its id and time."""
    row = change.row
    body = _body(about, change.kind, str(row["sentence"])) | _machine(change, alarm_id)
    body |= {"tier": row["tier"], "state": row["state"], "nights_in_alarm": row["nights_in_alarm"]}
    return body | {"is_return": change.is_return, "text": within_limit([_line(change)], _link(about))}


def digest(about: About, changes: Sequence[Change], alarm_ids: Sequence[str]) -> dict[str, Any]:
    """The body of one message on all changes of a night, the first `MOST_LISTED` of them listed, alarms first."""
    ordered = sorted(zip(changes, alarm_ids, strict=True), key=lambda pair: pair[0].kind != "alarm")
    begun = sum(change.kind == "alarm" for change in changes)
    alarms = f"{begun:,} new alarm{'s' * (begun != 1)}"
    sentence = f"{alarms} and {len(changes) - begun:,} over in the night {about.night}."
    listed = ordered[:MOST_LISTED]
    machines = [
        {"kind": one.kind, "sentence": readable(one.row["sentence"])} | _machine(one, name) for one, name in listed
    ]
    text = within_limit([f"*{harmless(sentence)}*", *(_line(one) for one, _ in listed)], _link(about))
    counts = {"alarms": begun, "cleared": len(changes) - begun}
    return _body(about, "digest", sentence) | counts | {"machines": machines, "text": text}


def told_night(about: About, kind: str, sentence: str) -> dict[str, Any]:
    """The body of a message on a whole night: that it failed, is missing, or is there again."""
    head = {
        "night_failed": "asd: the night failed",
        "night_missing": "asd: a night is missing",
        "night_recovered": "asd: nights come again",
        "test": "asd: a test",
    }[kind]
    night = f" ({harmless(about.night)})" if about.night else ""
    lines = [f"*{head}*{night}: {harmless(sentence)}"]
    return _body(about, kind, sentence) | {"text": within_limit(lines, _link(about))}


def sent_again(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a message that its receiver may have already."""
    return body | {"possibly_repeated": True, "text": REPEATED + body["text"]}


def _body(about: About, kind: str, sentence: str) -> dict[str, Any]:
    known = {"kind": kind, "key": about.key, "night": about.night, "report": about.report, "run_id": about.run_id}
    return _FIELDS | known | {"sentence": readable(sentence)}


def _machine(change: Change, alarm_id: str) -> dict[str, Any]:
    row, p_value = change.row, change.row["p_value"]
    names = {name: readable(row[name]) for name in ("machine_type", "machine_id")}
    is_number = p_value is not None and math.isfinite(p_value)  # JSON has no other
    return names | {"alarm_id": alarm_id, "since": change.since, "p_value": p_value if is_number else None}


def _line(change: Change) -> str:
    row = change.row
    name = harmless(machine_name(row["machine_type"], row["machine_id"]))
    what = {"alarm": "in alarm again" if change.is_return else "in alarm", "cleared": "alarm over"}[change.kind]
    return f"*{name}*: {what}, {harmless(row['date'])}. {harmless(row['sentence'])}"


def _link(about: About) -> str:
    if not about.report:
        return ""
    is_link = about.report.startswith(("http://", "https://")) and not set(about.report) & set("<>| ")
    return f"<{escaped(about.report)}|report>" if is_link else f"report: {escaped(readable(about.report))}"

"""The messages about a night: its alarms and their ends, that it failed, that it is missing, that it is there again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asd_core.messages import alertmanager, webhook
from asd_core.messages.alertmanager import Alert
from asd_core.messages.changes import Change, Machine, Row, ToldAlarm, acknowledged, changes, is_in_alarm, machine_of
from asd_core.messages.teller import Telling, alarm_id
from asd_core.messages.webhook import MOST_MESSAGES, About


@dataclass(frozen=True)
class AlarmsOfNight:
    """Plans messages about the alarms of a night; of a night before the newest that was told, none.

    Attributes:
        about: the night.
        rows: of ALARMS, with `asd_core.messages.changes.COLUMNS`.
    """

    about: About
    rows: Sequence[Row]

    def __call__(self, telling: Telling) -> None:
        """Plan them."""
        night, told = self.about.night or "", telling.told
        if night < told.night:
            return
        found = changes(told.alarms, self.rows, told.night)
        quiet = acknowledged(told.alarms, self.rows)
        newly_quiet = [machine for machine in quiet if not told.alarms[machine].is_acknowledged]
        starts = {machine: alarm.told_at for machine, alarm in told.alarms.items()}
        names = [self._note(telling, change) for change in found]
        told.alarms |= quiet
        told.night = night
        if telling.receiver.form == "alertmanager":
            self._alert(telling, found, newly_quiet, starts)
        elif len(found) > MOST_MESSAGES:
            begun = tuple(change.machine for change in found if change.kind == "alarm")
            _plan(telling, "digest", webhook.digest(self.about, found, names), begun)
        else:
            for change, name in zip(found, names, strict=True):
                begun = (change.machine,) if change.kind == "alarm" else ()
                _plan(telling, change.kind, webhook.told_change(self.about, change, name), begun)

    def _note(self, telling: Telling, change: Change) -> str:
        """Note a change in what the receiver was told, and give the name of its alarm."""
        alarms = telling.told.alarms
        if change.kind == "cleared":
            return alarms.pop(change.machine).alarm_id
        name = change.before.alarm_id if change.before else alarm_id(telling, *change.machine, change.since)
        alarms[change.machine] = ToldAlarm(change.since, name, telling.stamp)
        return name

    def _alert(
        self, telling: Telling, found: Sequence[Change], newly_quiet: Sequence[Machine], starts: dict[Machine, str]
    ) -> None:
        """Plan the alerts of all machines in alarm, and the ends of others; they take the place of those that wait."""
        now, told = telling.now, telling.told.alarms
        ended = {change.machine for change in found if change.kind == "cleared"} | set(newly_quiet)
        alerts = _waiting_alerts(telling)
        for row in self.rows:
            machine = machine_of(row)
            if is_in_alarm(row):
                alerts.append(alertmanager.machine_alert(self.about, row, told[machine].told_at, now))
            elif machine in ended:
                began = starts.get(machine, telling.stamp)
                alerts.append(alertmanager.machine_alert(self.about, row, began, now, is_over=True))
        _plan_alerts(telling, alerts)


@dataclass(frozen=True)
class FailedNight:
    """Plans the message that a night failed, once a day.

    Attributes:
        about: the night.
        error: the line that the command ended with.
    """

    about: About
    error: str

    def __call__(self, telling: Telling) -> None:
        """Plan it."""
        mark = f"{telling.now.date().isoformat()} {self.about.night or ''}"
        if telling.told.failed != mark:
            telling.told.failed = mark
            _plan_night(telling, self.about, "night_failed", self.error)


@dataclass(frozen=True)
class MissingNight:
    """Plans the message that a night is missing, once a night.

    Attributes:
        about: the newest night that there is.
        committed_at: when its run ended, ISO time; "" where there is none.
        nights: how many are missing by now.
        sentence: for people.
    """

    about: About
    committed_at: str
    nights: int
    sentence: str

    def __call__(self, telling: Telling) -> None:
        """Plan it."""
        mark = f"{self.committed_at},{self.nights}"
        if telling.told.missing != mark:
            telling.told.missing = mark
            _plan_night(telling, self.about, "night_missing", self.sentence)


@dataclass(frozen=True)
class NightIsThere:
    """Plans the message that nights come again, where one was told to be missing or to have failed.

    Attributes:
        about: the newest night.
        committed_at: when its run ended, ISO time.
        is_whole: nothing of the night failed; False ends only that one is missing.
    """

    about: About
    committed_at: str
    is_whole: bool = True

    def __call__(self, telling: Telling) -> None:
        """Plan it."""
        told = telling.told
        is_back = bool(told.missing) and self.committed_at > told.missing.partition(",")[0]
        is_mended = bool(told.failed) and self.is_whole and (self.about.night or "") >= told.failed.partition(" ")[2]
        if not is_back and not is_mended:
            return
        told.missing = "" if is_back else told.missing
        told.failed = "" if is_mended else told.failed
        sentence = f"the night {self.about.night} is scored."
        if telling.receiver.form != "alertmanager":
            _plan(telling, "night_recovered", webhook.told_night(self.about, "night_recovered", sentence))
            return
        names = [*(["night_missing"] if is_back else []), *(["night_failed"] if is_mended else [])]
        ends = [alertmanager.night_alert(self.about, name, sentence, telling.now, is_over=True) for name in names]
        _plan_alerts(telling, [*_waiting_alerts(telling), *ends])


@dataclass(frozen=True)
class Trial:
    """Plans a message that tries a receiver.

    Attributes:
        about: the recipe.
    """

    about: About

    def __call__(self, telling: Telling) -> None:
        """Plan it."""
        _plan_night(telling, self.about, "test", "this receiver is told of alarms and of nights that fail.")


def _plan_night(telling: Telling, about: About, kind: str, sentence: str) -> None:
    if telling.receiver.form == "alertmanager":
        alert = alertmanager.night_alert(about, kind, sentence, telling.now)
        _plan_alerts(telling, [*_waiting_alerts(telling), alert])
    else:
        _plan(telling, kind, webhook.told_night(about, kind, sentence))


def _plan(telling: Telling, kind: str, body: object, machines: tuple[Machine, ...] = ()) -> None:
    telling.told.message(telling.place, kind, telling.key, body, telling.stamp, machines)


def _waiting_alerts(telling: Telling) -> list[Alert]:
    """The alerts that Alertmanager does not have yet; newer ones take their place."""
    waiting = [message for message in [*telling.waiting, *telling.told.planned] if message.kind == "alerts"]
    return [alert for message in waiting for alert in message.body]


def _plan_alerts(telling: Telling, alerts: Sequence[Alert]) -> None:
    """Plan requests with these alerts, in the place of all that wait or were planned."""
    telling.superseded.extend(message for message in telling.waiting if message.kind == "alerts")
    told = telling.told
    told.planned = [message for message in told.planned if message.kind != "alerts"]
    for request in alertmanager.in_requests(alertmanager.merged(alerts)):
        _plan(telling, "alerts", request)

"""Rows of alarms, and tellers without a network."""

from datetime import UTC, datetime

from asd_core.messages.night_messages import AlarmsOfNight
from asd_core.messages.posting import Answer
from asd_core.messages.receivers import Receiver
from asd_core.messages.teller import Teller
from asd_core.messages.webhook import About
from asd_core.store.local_files import LocalFiles

WEBHOOK = Receiver("webhook", "https://hook.example/secret-word")
ALERTS = Receiver("alertmanager", "http://alerts.example:9093/api/v2/alerts")
SLACK = Receiver("slack", "https://hooks.slack.com/services/secret-word")


def row(name, state="new", date="2026-11-15", since=None, **more):
    """A row of ALARMS by the state of its alarm, which decides its tier; "" is a night within chance."""
    is_open = state in ("new", "continuing")
    told = {"machine_type": "fan", "machine_id": name, "date": date, "state": state or None, "p_value": 0.001}
    told |= {"tier": "act" if is_open else "within_chance", "since": since or (date if state else None)}
    told |= {"nights_in_alarm": int(is_open), "sentence": "New alarm.", "acknowledged": False if is_open else None}
    return told | more


def acknowledged_row(name, date, since):
    return row(name, "continuing", date, since, tier="watch", acknowledged=True)


def night(*rows, date="2026-11-15", report=None):
    """Plans the messages of a night."""
    return AlarmsOfNight(About("twfr-gmm-1", date, report, "nightly-1"), [{**one, "date": date} for one in rows])


class Taken(list):
    """Takes every message, or answers what it is told to; keeps the bodies."""

    def __init__(self, *answers):
        super().__init__()
        self.answers = list(answers)

    def __call__(self, url, body, seconds):
        answer = self.answers.pop(0) if self.answers else Answer(True, True)
        if answer.is_taken:
            self.append(body)
        return answer


def teller(folder, *receivers, post=None, now=None, **more):
    """Tells receivers by a function, without a wait."""
    moment = now or (lambda: datetime.now(UTC))
    post = Taken() if post is None else post
    return Teller(LocalFiles(folder), receivers or (WEBHOOK,), post, sleep=lambda _: None, now=moment, **more)

"""Telling receivers about nights: alarms and their ends, nights that failed or are missing."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

from asd_core.clips.clip import UNDATED
from asd_core.messages.changes import COLUMNS
from asd_core.messages.night_messages import AlarmsOfNight, FailedNight, MissingNight, NightIsThere, Trial
from asd_core.messages.outbox import Sendings
from asd_core.messages.posting import Post, post
from asd_core.messages.receivers import Receiver
from asd_core.messages.teller import Plan, Teller
from asd_core.messages.unrecorded import post_unrecorded
from asd_core.messages.webhook import About
from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.runs.newest_night import NewestNight, newest_night
from asd_core.store.layout import night_page_path
from asd_core.store.store import Store

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Outcome:
    """Outcome of the messages of one command.

    Attributes:
        receivers: counts of each.
    """

    receivers: Sequence[Sendings]

    def json(self) -> dict[str, Any]:
        """Counts over all receivers, and of each."""
        names = ("sent", "possibly_repeated", "pending", "given_up")
        totals: dict[str, Any] = {name: sum(getattr(one, name) for one in self.receivers) for name in names}
        return totals | {"receivers": [one.json() for one in self.receivers]}

    def notes(self) -> list[str]:
        """A line for each receiver that could not be told."""
        lines = []
        for one in self.receivers:
            if one.pending:
                what = "message waits" if one.pending == 1 else "messages wait"
                lines.append(f"{one.pending} {what} for {one.receiver}: {one.why}; the next run sends them")
            if one.given_up and one.is_kept:
                what = "message was" if one.given_up == 1 else "messages were"
                lines.append(f"{one.given_up} {what} too old for {one.receiver}; what still holds is told anew")
            elif one.given_up:
                lines.append(f"{one.receiver} could not be told: {one.why}")
        return lines

    @property
    def is_whole(self) -> bool:
        """Tell if nothing waits."""
        return not any(one.pending for one in self.receivers)


@dataclass(frozen=True)
class Audience:
    """Who is told, and how.

    Attributes:
        receivers: who.
        link_base: address under which the store's files are served; "" links to the store itself.
        post: posts a body once.
        sleep: waits so many seconds.
    """

    receivers: Sequence[Receiver]
    link_base: str = ""
    post: Post = post
    sleep: Callable[[float], None] = time.sleep

    def teller(self, store: Store) -> Teller:
        """Tells them, with what waits kept in a store."""
        return Teller(store.files, self.receivers, self.post, self.sleep)


def tell_night(store: Store, key: str, night: AlarmSummary | None, to: Audience, *, is_whole: bool = True) -> Outcome:
    """Tell what changed since the newest night that was told, and send what waits.

    Args:
        store: where the night is scored; keeps what was told and what waits.
        key: of the recipe.
        night: the newest one; None where its alarms could not be found.
        to: who is told.
        is_whole: nothing of the night failed.
    """
    if night is None:
        return Outcome(to.teller(store).tell(key))
    run, newest = max(store.scored_dates(key).get(night.date, []), default=None), newest_night(store, key)
    about = About(key, night.date, _report(store, key, night.date, to.link_base), run.run_id if run else None)
    teller, alarms = to.teller(store), AlarmsOfNight(about, night.rows.select(COLUMNS).to_pylist())
    plans: list[Plan] = [] if newest is None else [NightIsThere(about, newest.committed_at, is_whole)]
    if night.date != UNDATED:
        return Outcome(teller.tell(key, _all_of([alarms, *plans])))
    # Nights without a date have no order, so their alarms are compared with one another alone.
    first, second = teller.tell(f"{key} {UNDATED}", alarms), teller.tell(key, _all_of(plans))
    return Outcome([one.followed_by(other) for one, other in zip(first, second, strict=False)])


def tell_failed_night(store: Store, key: str, night: str | None, error: str, to: Audience) -> Outcome:
    """Tell that a night failed, once a day, and send what waits.

    Where the store cannot be reached it is told all the same, and said that it may come again.

    Args:
        store: keeps what was told and what waits.
        key: of the recipe; "" where it is not known.
        night: its date; None where it is not known.
        error: the line that the command ended with.
        to: who is told.
    """
    told = to.teller(store).tell(key, FailedNight(About(key, night), error))
    lost = [receiver for receiver, counts in zip_longest(to.receivers, told) if counts is None or not counts.is_kept]
    kept = [counts for counts in told if counts.is_kept]
    return Outcome([*kept, *post_unrecorded(lost, error, to.post, datetime.now(UTC))])


def tell_missing_night(
    store: Store, key: str, newest: NewestNight | None, max_age: timedelta, to: Audience, now: datetime | None = None
) -> Outcome:
    """Tell that a night is missing, or that nights come again, once for each, and send what waits.

    A night is missing where the newest one is older than it may be; a day later the next one is missing too.

    Args:
        store: keeps what was told and what waits.
        key: of the recipe; "" where the store has no night of any.
        newest: of its nights; None where there is none.
        max_age: of the newest night.
        to: who is told.
        now: the time; None for the computer's.
    """
    present = now or datetime.now(UTC)
    if newest is None:
        sentence = f"no night{key and f' of {key}'} was ever scored."
        return Outcome(to.teller(store).tell(key, MissingNight(About(key, None), "", present.toordinal(), sentence)))
    about, age = About(key, newest.date), newest.age(present)
    if age <= max_age:
        return Outcome(to.teller(store).tell(key, NightIsThere(about, newest.committed_at, is_whole=False)))
    scored = f"the newest night, {newest.date}, was scored {age / timedelta(hours=1):.0f} h ago"
    sentence = f"{scored}; {max_age / timedelta(hours=1):g} h are allowed."
    missing = 1 + (age - max_age) // _DAY
    return Outcome(to.teller(store).tell(key, MissingNight(about, newest.committed_at, missing, sentence)))


def tell_trial(store: Store, key: str, to: Audience) -> Outcome:
    """Send a message that tries each receiver."""
    return Outcome(to.teller(store).tell(key, Trial(About(key, None))))


def tell_without_store(error: str, to: Audience) -> Outcome:
    """Tell that a night failed whose store cannot be reached, so that nothing can be kept.

    Args:
        error: the line that the command ended with.
        to: who is told.
    """
    return Outcome(post_unrecorded(to.receivers, error, to.post, datetime.now(UTC)))


def _report(store: Store, key: str, date: str, base: str) -> str | None:
    """The address of a night's page; None where it has none."""
    path = night_page_path(key, date)
    if not store.files.exists(path):
        return None
    return f"{base.rstrip('/')}/{urllib.parse.quote(path)}" if base else store.files.address(path)


def _all_of(plans: Sequence[Plan]) -> Plan:
    def plan(telling: Any) -> None:
        for one in plans:
            one(telling)

    return plan

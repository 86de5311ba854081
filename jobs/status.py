"""``asd status``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import AsdError, UsageError
from jobs.console import Talk
from jobs.durations import Duration, at_minute, in_words
from jobs.job import with_talk
from jobs.notify_options import audience_of, notify_options
from jobs.opened import key_of, open_store_of
from jobs.options import RECIPE_VARIABLE, store_option

if TYPE_CHECKING:
    from asd_core.runs.newest_night import NewestNight
    from asd_core.runs.notify import Audience
    from asd_core.store.store import Store


@click.command("status")
@click.option(
    "--recipe",
    "only",
    envvar=RECIPE_VARIABLE,
    show_envvar=True,
    metavar="NAME",
    help="Only this recipe, or KEY. [default: all that are in use]",
)
@click.option(
    "--max-age",
    type=Duration(),
    metavar="TIME",
    help="Exit 1 with one line where the newest night is older, or there is none; such as 26h, 90m, 2d.",
)
@click.option("--nights", type=click.IntRange(1, 366), default=7, show_default=True, help="Nights of each recipe.")
@notify_options
@store_option
@with_talk
def command(
    talk: Talk, store_url: str, only: str | None, max_age: timedelta | None, nights: int, **receivers: Any
) -> None:
    """Tell a store at a glance: its last nights, silent machines, scorers, and what is at work or was left.

    Without --recipe every recipe that is in use is told: its newest night was committed at most --nights days before
    the newest of the store. A night's age counts from its first commit: scoring a past night again makes no newer one.

    \b
    Example:
      asd status --store store
      asd status --store store --max-age 26h --notify-file receivers.txt
    """
    from asd_core.runs.newest_night import overdue
    from asd_core.runs.status import store_status

    audience = _audience(max_age, **receivers)
    store = open_store_of(store_url)
    newest = _newest(store, only, nights)
    late = None if max_age is None else overdue(newest, max_age)
    told = None if max_age is None or audience is None else _tell(talk, store, newest, max_age, audience, only)
    if max_age is None or talk.as_json:
        from jobs.status_lines import status_text

        status = store_status(store, newest, nights)
        keys = None if late is None else [one.key for one in late]
        talk.result({**status.json(), "late": keys, "messages": told}, status_text(status))
    elif newest and not late and not talk.quiet:
        talk.result({}, "\n".join(_age(one) for one in newest))
    if max_age is not None:
        _refuse_late(newest, late or [], max_age, store_url, only)


def _newest(store: Store, name: str | None, nights: int) -> list[NewestNight]:
    from asd_core.runs.newest_night import newest_night, newest_nights

    if name is None:
        return newest_nights(store, nights)
    one = newest_night(store, key_of(store, name))
    return [] if one is None else [one]


def _audience(
    max_age: timedelta | None, notify: tuple[str, ...], notify_file: str | None, notify_link: str | None
) -> Audience | None:
    if max_age is None and (notify or notify_file):
        raise UsageError("receivers are told of a night that is too old: give --max-age too")
    return audience_of(notify, notify_file, notify_link)


def _tell(
    talk: Talk, store: Store, newest: list[NewestNight], max_age: timedelta, audience: Audience, name: str | None
) -> dict[str, Any]:
    """Tell receivers of missing nights, and of those that came again; how that went."""
    from asd_core.runs.notify import Outcome, tell_missing_night

    found: list[NewestNight | None] = [*newest] or [None]
    none = "" if name is None else key_of(store, name)
    told = [tell_missing_night(store, one.key if one else none, one, max_age, audience) for one in found]
    outcome = Outcome([counts for one in told for counts in one.receivers])
    for note in outcome.notes():
        talk.say(f"note: {note}")
    return outcome.json()


def _refuse_late(
    newest: list[NewestNight], late: list[NewestNight], max_age: timedelta, store_url: str, name: str | None
) -> None:
    if not newest:
        of = "" if name is None else f" of {name}"
        raise AsdError(f"no night{of} is in {store_url}: run asd nightly")
    if late:
        more = f"; {len(late) - 1} more recipes are late" if len(late) > 1 else ""
        raise AsdError(f"{_age(late[0])}, more than {in_words(max_age)}: look why asd nightly did not run{more}")


def _age(night: NewestNight) -> str:
    when = f"{at_minute(night.committed_at)} UTC, {in_words(night.age())} ago"
    return f"the newest night of {night.key} is {night.date}, committed {when}"

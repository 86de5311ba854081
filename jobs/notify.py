"""``asd notify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asd_core.errors import AsdError, UsageError
from jobs.job import Job, on_scores
from jobs.notify_options import NOTIFY_VARIABLE, audience_of, notify_options

if TYPE_CHECKING:
    from asd_core.runs.notify import Outcome


@click.command("notify")
@notify_options
@click.option("--test", "is_trial", is_flag=True, help="Send a message that tries the receivers, and no other.")
@on_scores
def command(
    job: Job, notify: tuple[str, ...], notify_file: str | None, notify_link: str | None, is_trial: bool
) -> None:
    """Tell receivers what changed since they were told last: machines in alarm, and alarms that are over.

    The newest scored night counts, as asd alarms judges it. Each alarm is told once, and once more when it is over.
    Messages that could not be sent before are sent first. After each night, asd nightly --notify does the same.

    \b
    Example:
      asd notify --store store --notify-file receivers.txt
    """
    from asd_core.runs.alarm_summary import AlarmSummary
    from asd_core.runs.alarms import find_alarms
    from asd_core.runs.notify import tell_night, tell_trial
    from asd_core.runs.report import latest_scored

    audience, date = audience_of(notify, notify_file, notify_link), None
    if audience is None:
        raise UsageError(f"nobody is to be told: give --notify URL, --notify-file FILE or {NOTIFY_VARIABLE}")
    key = job.recipe.key()
    if is_trial:
        outcome = tell_trial(job.store, key, audience)
    else:
        job.refuse_unscored()
        date = latest_scored(job.store, key)
        found = find_alarms(job.store, job.recipe, [date], progress=job.talk.progress)
        config = job.recipe.for_machine("").alarm
        outcome = tell_night(job.store, key, AlarmSummary(date, found[date], config), audience)
    notes = outcome.notes()
    told = {"date": date, "messages": outcome.json(), "key": key, "notes": notes}
    job.talk.result(told, "\n".join([messages_text(outcome), *(f"note: {note}" for note in notes)]))
    if not outcome.is_whole:
        raise AsdError("not all messages were taken; run the same command again")


def messages_text(outcome: Outcome) -> str:
    """How many messages were sent, in one line."""
    counts = outcome.json()
    again = f" ({counts['possibly_repeated']} possibly for the second time)" if counts["possibly_repeated"] else ""
    return f"messages: {counts['sent']} sent{again}, {counts['pending']} waiting"

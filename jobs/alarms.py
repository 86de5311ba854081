"""``asd alarms``."""

from __future__ import annotations

from dataclasses import replace

import click

from asd_core.errors import UsageError
from jobs.cheap_checks import check_date
from jobs.job import Job, on_scores

ALARM_CODE = 4
"""Exit code of ``--fail-on-alarm``: all went well, and a machine is in alarm."""


@click.command("alarms")
@click.option("--date", metavar="DATE", help="The night. [default: the latest scored]")
@click.option(
    "--false-alarms",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="False alarms expected a night over the fleet if all is well, as alarm.false_alarms. [default: the recipe's]",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print a line a machine as CSV.")
@click.option("--fail-on-alarm", is_flag=True, help=f"Exit {ALARM_CODE} where a machine is in alarm.")
@on_scores
def command(job: Job, date: str | None, false_alarms: float | None, as_csv: bool, fail_on_alarm: bool) -> None:
    """Name the machines of a scored night that are in alarm, from what is stored.

    A night of a machine is judged as a whole, against nights that its scorer learnt. Nothing is decoded or fitted: the
    rule stands in [alarm] of the recipe, and takes another --false-alarms at once. The night's page stays as it is; a
    note says so where it tells other alarms.

    \b
    Example:
      asd alarms --store store --date 2026-11-19 --false-alarms 1
    """
    from asd_core.runs.alarm_summary import AlarmSummary
    from asd_core.runs.alarms import find_alarms, past_precision
    from asd_core.runs.fleet_history import past_alarms
    from asd_core.runs.report import is_stale, latest_scored

    check_date(date)
    if as_csv and job.options["as_json"]:
        raise UsageError("--csv and --json exclude each other: leave one out")
    job.refuse_unscored()
    date = date or latest_scored(job.store, job.recipe.key())
    config = job.recipe.for_machine("").alarm
    config = config if false_alarms is None else replace(config, false_alarms=false_alarms)
    found = find_alarms(job.store, job.recipe, [date], progress=job.talk.progress, config=config)
    night, notes = AlarmSummary(date, found[date], config), job.recipe.notes()
    if is_stale(job.store, job.recipe, night):
        rule = "" if false_alarms is None else f" --set alarm.false_alarms={false_alarms:g}"
        notes = [*notes, f"the page of this night says otherwise: asd report --date {date}{rule} writes it anew"]
    known, past = past_precision(job.store, job.recipe.key(), date), past_alarms(job.store, job.recipe, date, config)
    said = [night.text(), *filter(None, [known.sentence()]), *([past.sentence()] if past.nights > 1 else [])]
    text = night.csv() if as_csv else "\n".join([*said, *(f"note: {note}" for note in notes)])
    told = {"precision": known.json() if known.alarms else None, "past": past.json(), "key": job.recipe.key()}
    job.talk.result({**night.json(), **told, "notes": notes}, text)
    if fail_on_alarm and night.alarms:
        click.get_current_context().exit(ALARM_CODE)

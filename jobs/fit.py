"""``asd fit``."""

from __future__ import annotations

import click

from jobs.cheap_checks import check_normals
from jobs.fit_lines import fit_line, type_line
from jobs.job import Job, on_archive
from jobs.options import normal_options


@click.command("fit")
@click.argument("archive", required=False)
@normal_options
@click.option("--labels/--no-labels", "joins", default=True, help="Learn clips too that asd label says are normal.")
@click.option(
    "--no-lending",
    is_flag=True,
    help="Fit no scorers of machine types, which new machines borrow until they have 2 normal nights of their own.",
)
@on_archive
def command(
    job: Job, since: str | None, until: str | None, normal_list: str | None, joins: bool, no_lending: bool
) -> None:
    """Learn the normal sound of every machine from its normal clips.

    The normal clips are those of split train where the archive has one, else those of the nights from --since to
    --until, those on a list, or all that are known to be normal. Clips that asd label says are normal join them, and
    those with a fault leave. Leave ARCHIVE out to learn from what is embedded in the store.

    \b
    Example:
      asd fit recordings --store store --since 2026-11-01 --until 2026-11-14
    """
    from asd_core.clips.notes import notes_on_training
    from asd_core.clips.selection import training_clips
    from asd_core.errors import AsdError
    from asd_core.runs.fit import fit
    from asd_core.runs.labelled_bank import labelled_bank

    check_normals(since, until, normal_list)
    listed = job.clips()
    clips = training_clips(listed, since, until, normal_list)
    for note in notes_on_training(listed, clips, is_told=bool(since or until or normal_list)):
        job.talk.say(f"note: {note}")
    bank = labelled_bank(job.store, job.recipe.key(), listed, clips, joins=joins)
    for note in bank.notes:
        job.talk.say(f"note: {note}")
    with job.engine("fit") as engine:
        record, outcomes = fit(
            job.store,
            job.recipe,
            bank.clips,
            engine,
            job.talk.progress,
            labelled=bank.joined,
            lends=not no_lending,
        )
    for outcome in outcomes:
        job.talk.say(fit_line(outcome))
    for one in record.get("types", ()):
        shown = ("machine_type", "clips", "lenders", "false_alarm_rate", "error")
        job.talk.say(type_line(*(one[name] for name in shown)))
    counts = record["counts"]
    fitted = f"fitted {counts['fitted']} of {counts['machines']} machines, {counts['new_scorers']} new scorers"
    job.result(record, fitted)
    if not counts["fitted"]:
        raise AsdError(f"no machine could be fitted, the first for this: {outcomes[0].error}")

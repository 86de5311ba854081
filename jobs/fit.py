"""``asd fit``."""

from __future__ import annotations

import click

from asd_core.errors import UsageError
from jobs.cheap_checks import check_normals
from jobs.fit_lines import fit_line, type_line, update_lines
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
@click.option(
    "--update",
    "is_update",
    is_flag=True,
    help="Let the banks of the store grow by nights that were well, and publish each refit that passes its checks.",
)
@click.option(
    "--most-nights",
    type=click.IntRange(min=1),
    default=28,
    show_default=True,
    help="Nights that a machine may learn beyond those of its fit, with --update.",
)
@click.option(
    "--quarantine",
    type=click.IntRange(min=3),
    default=7,
    show_default=True,
    help="Nights that a night waits before it joins, and that no alarm may follow in, with --update.",
)
@on_archive
def command(
    job: Job,
    since: str | None,
    until: str | None,
    normal_list: str | None,
    joins: bool,
    no_lending: bool,
    is_update: bool,
    most_nights: int,
    quarantine: int,
) -> None:
    """Learn the normal sound of every machine from its normal clips.

    The normal clips are those of split train where the archive has one, else those of the nights from --since to
    --until, those on a list, or all that are known to be normal. Clips that asd label says are normal join them, and
    those with a fault leave. Leave ARCHIVE out to learn from what is embedded in the store.

    With --update a scheduled refit needs no dates and no archive: nights without an alarm join what a machine has
    learnt, after a quarantine. A machine that stands apart from the fleet learns nothing.

    \b
    Example:
      asd fit recordings --store store --since 2026-11-01 --until 2026-11-14
      asd fit --update --store store
    """
    from asd_core.clips.notes import notes_on_training
    from asd_core.clips.selection import training_clips
    from asd_core.errors import AsdError
    from asd_core.runs.fit import fit
    from asd_core.runs.labelled_bank import labelled_bank

    if is_update:
        _update(job, [since, until, normal_list, no_lending or None, None if joins else "no"], most_nights, quarantine)
        return
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


def _update(job: Job, others: list[object], most_nights: int, quarantine: int) -> None:
    from asd_core.alarms.well_nights import GrowthRules
    from asd_core.runs.update import update

    if job.options["archive"] is not None:
        raise UsageError("--update learns nights that the store has scored: leave ARCHIVE out")
    if any(one is not None for one in others):
        raise UsageError(
            "--update chooses nights by their alarms and labels: leave out --since, --until, --normal-list, "
            "--no-labels and --no-lending"
        )
    rules = GrowthRules(quarantine=quarantine, most_nights=most_nights)
    with job.engine("fit") as engine:
        record, outcomes = update(job.store, job.recipe, engine, job.talk.progress, rules)
    for line in update_lines(outcomes, record["update"]["apart"]):
        job.talk.say(line)
    counts, told = record["counts"], record["update"]
    run_id = record["run_id"] if record["scorers"] else None  # a run that publishes nothing has no record
    job.result(
        {**record, "run_id": run_id},
        f"{counts['new_scorers']} of {counts['machines']} machines have a new scorer, {counts['refused']} refits were "
        "refused and their scorers stay",
        joined_nights=told["joined_nights"],
        refits_refused=told["refused"],
        apart=told["apart"],
    )

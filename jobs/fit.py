"""``asd fit``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from jobs.console import counts_text, note_text
from jobs.job import Job, on_archive

if TYPE_CHECKING:
    from asd_core.pipeline.machine_tasks import FitOutcome


@click.command("fit")
@click.argument("archive", required=False)
@click.option("--since", metavar="DATE", help="First normal night, e.g. 2026-11-01.")
@click.option("--until", metavar="DATE", help="Last normal night.")
@click.option("--normal-list", metavar="FILE", help="Text file that names the normal clips, one a line.")
@on_archive
def command(job: Job, since: str | None, until: str | None, normal_list: str | None) -> None:
    """Learn the normal sound of every machine from its normal clips.

    Those are the clips of split train where the archive has one, else the nights of --since and --until, or a list.
    ARCHIVE may be left out where embeddings are stored.

    \b
    Example:
      asd fit recordings --recipe twfr-gmm --store store --since 2026-11-01 --until 2026-11-14
    """
    from asd_core.errors import AsdError
    from asd_core.runs.fit import fit
    from jobs.clips import training_clips

    clips = training_clips(job.clips(), since, until, normal_list)
    with job.engine("fit") as engine:
        record, outcomes = fit(job.store, job.recipe, clips, engine, job.talk.progress)
    for outcome in outcomes:
        job.talk.say(_line(outcome))
    counts = record["counts"]
    fitted = f"fitted {counts['fitted']} of {counts['machines']} machines, {counts['new_scorers']} new scorers"
    notes = job.recipe.notes()
    summary = {**counts, "key": record["key"], "seconds": sum(record["seconds"].values()), "notes": notes}
    job.talk.result(summary, "\n".join([counts_text(counts), fitted, *map(note_text, notes)]))
    if not counts["fitted"]:
        raise AsdError(f"no machine could be fitted, the first for this: {outcomes[0].error}")


def _line(outcome: FitOutcome) -> str:
    name = f"{outcome.machine_type} {outcome.machine_id}"
    if outcome.error is not None:
        return f"{name}: no scorer: {outcome.error}"
    rate = outcome.false_alarm_rate
    expected = "unknown" if rate is None or math.isnan(rate) else f"{rate:.0%}"
    line = f"{name}: {outcome.normal_clips} normal clips, threshold {outcome.threshold:.6g}, "
    return "; ".join([f"{line}false alarms on unseen normals {expected}", *outcome.notes])

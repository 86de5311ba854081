"""``asd embed``."""

from __future__ import annotations

import click

from jobs.console import counts_text
from jobs.job import Job, on_archive


@click.command("embed")
@click.argument("archive")
@on_archive
def command(job: Job) -> None:
    """Embed the recordings of ARCHIVE that are not embedded yet: turn each into the numbers that detectors compare.

    \b
    Example:
      asd embed recordings --store store
    """
    from asd_core.errors import AsdError
    from asd_core.runs.embed import embed_run

    clips = job.clips()
    with job.engine("embed") as engine:
        record = embed_run(job.store, job.recipe, clips, engine, job.talk.progress)
    counts = record["counts"]
    job.talk.result({**counts, "seconds": record["seconds"]["embed"]}, counts_text(counts))
    if not counts["embedded"]:
        raise AsdError(f"nothing was listened to: not one of {counts['listed']} recordings could be embedded")

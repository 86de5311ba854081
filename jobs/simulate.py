"""``asd simulate``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from jobs.console import Talk
from jobs.job import with_talk
from jobs.options import names_of
from jobs.simulated_changes import change_options, changes_of


@click.command("simulate")
@click.argument("folder")
@click.option(
    "--nights", type=click.IntRange(min=1), default=15, show_default=True, help="Number of nights, one after the other."
)
@click.option(
    "--machines-per-type", type=click.IntRange(min=1), default=2, show_default=True, help="Machines of each type."
)
@click.option(
    "--clips-per-night",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Recordings of each machine in a night.",
)
@click.option(
    "--seconds", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Length of a recording."
)
@click.option(
    "--sample-rate",
    type=click.IntRange(min=8000),
    default=16_000,
    show_default=True,
    help="Sample rate of the recordings, in Hz.",
)
@click.option("--first-date", default="2026-11-01", show_default=True, metavar="DATE", help="Date of the first night.")
@click.option(
    "--fault-night",
    "fault_nights",
    type=click.IntRange(min=1),
    multiple=True,
    help="Night with faults and broken files, from 1 (repeatable). [default: the last]",
)
@click.option("--healthy", is_flag=True, help="No night has faults or broken files.")
@change_options
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random.")
@click.option("--format", "file_format", type=click.Choice(["wav", "flac"]), default="wav", help="Format of the files.")
@with_talk
def command(
    talk: Talk,
    folder: str,
    fault_nights: tuple[int, ...],
    healthy: bool,
    **settings: Any,
) -> None:
    """Write a simulated fleet into FOLDER: fans, pumps, ... with nights of normal sound and a night of faults.

    FOLDER/manifest.csv says which recordings are faulty. It is itself an archive with labels, for asd evaluate.
    Nights can also differ by drift, seasons, gains and microphones, and faults can grow from night to night.

    \b
    Example:
      asd simulate recordings --nights 15
      asd fit recordings --store store --since 2026-11-01 --until 2026-11-14
    """
    from asd_core.errors import UsageError
    from asd_core.synthesis.fleet import simulate_fleet

    if healthy and fault_nights:
        raise UsageError("--healthy and --fault-night exclude each other")
    changing = names_of(change_options)
    fleet = simulate_fleet(
        folder,
        **{name: value for name, value in settings.items() if name not in changing},
        fault_nights=[] if healthy else [night - 1 for night in fault_nights] or None,
        changes=changes_of(**{name: settings[name] for name in changing}),
        on_progress=lambda done, total: talk.progress("simulating recordings", done, total),
    )
    summary = asdict(fleet)
    faults = [f"  {f.date} {f.machine_type} {f.machine_id}: {f.kind}, {f.severity}" for f in fleet.faults]
    silent = [f"  {date} {kind} {name}: records nothing" for date, kind, name in fleet.silent]
    line = f"{fleet.clips} recordings of {fleet.machines} machines, {fleet.dates[0]} to {fleet.dates[-1]}"
    broken = f"{len(fleet.broken)} of them are broken files"
    talk.result(summary, "\n".join([f"{line}, in {folder}; {broken}", *faults, *silent]))

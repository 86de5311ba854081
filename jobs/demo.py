"""``asd demo``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from jobs.console import Talk, counts_text, report_text
from jobs.engines import engine_named, open_engine
from jobs.job import listed_clips, with_talk
from jobs.opened import open_recipe, open_store_of
from jobs.options import engine_options

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.synthesis.fleet import SimulatedFleet

_NIGHTS = 15
_FIT_NIGHTS = 9  # the nights after them, up to the last, are history in the report


@click.command("demo")
@click.argument("folder", default="demo")
@click.option("--recipe", "recipe_name", default="fleet", show_default=True, metavar="NAME", help="Recipe to use.")
@engine_options
@with_talk
def command(talk: Talk, folder: str, recipe_name: str, **engine: Any) -> None:
    """Try everything on a simulated fleet: learn its normal sound, score and explain a night, and write the report.

    All files go into FOLDER, and nothing is fetched from outside. The work is done on a Ray of its own, to show it,
    unless --engine names another. Run it again to see the same results at once.

    \b
    Example:
      asd demo demo
    """
    from asd_core.clips.selection import clips_to_score, select, training_clips
    from asd_core.runs.fit import fit
    from asd_core.runs.nightly import nightly
    from asd_core.runs.report import report_night
    from asd_core.runs.score import score
    from asd_core.synthesis.fleet import simulate_fleet

    engine_named(engine)  # refuses options that exclude each other
    recipe = open_recipe(recipe_name, ())
    archive, store = f"{folder}/recordings", open_store_of(f"{folder}/store")
    talk.say(f"1/4 simulating {_NIGHTS} nights of a small fleet in {archive}")
    fleet = simulate_fleet(
        archive,
        nights=_NIGHTS,
        machines_per_type=2,
        on_progress=lambda done, total: talk.progress("simulating recordings", done, total),
    )
    clips = listed_clips(talk, store, recipe, archive)
    with open_engine(talk.say, engine, recipe.settings, shows_ray=True) as chosen:
        last_fit, tonight = fleet.dates[_FIT_NIGHTS - 1], fleet.dates[-1]
        talk.say(f"2/4 fitting every machine on the nights up to {last_fit}")
        fit(store, recipe, training_clips(clips, fleet.dates[0], last_fit), chosen, talk.progress)
        talk.say("3/4 scoring the nights since, in which all machines are well")
        history = select(clips, since=fleet.dates[_FIT_NIGHTS], until=fleet.dates[-2])
        score(store, recipe, history, chosen, talk.progress)
        for date in fleet.dates[_FIT_NIGHTS:-1]:
            report_night(store, recipe, date, chosen.map)
        talk.say(f"4/4 the night of {tonight}, with faults and broken files")
        night = nightly(store, recipe, clips_to_score(clips, tonight)[0], chosen, talk.progress)
    if night.failure is not None:
        raise night.failure
    (page,) = night.reports
    counts = night.record["counts"]
    found = found_faults(fleet, store.read_scores(night.record))
    alarms = night.alarms[-1] if night.alarms else None
    in_alarm = [] if alarms is None else alarms.json()["alarms"]
    right = found_machines(fleet, [] if alarms is None else alarms.alarms)
    summary = {**counts, **found, **right, "report": page, "key": night.record["key"], "captions": night.captions}
    summary["alarms"] = in_alarm
    lines = [
        counts_text(counts),
        f"{found['faulty_clips_flagged']} of {found['faulty_clips']} faulty clips are flagged, and "
        f"{found['normal_clips_flagged']} of {found['normal_clips']} normal ones (simulated sound: this shows that "
        "the job works, not how well it detects)",
        *([] if alarms is None else [alarms.text()]),
        f"{right['faulty_machines_in_alarm']} of {right['faulty_machines']} faulty machines are in alarm, and "
        f"{right['normal_machines_in_alarm']} of the others",
        report_text(page),
    ]
    talk.result(summary, "\n".join(lines))


def found_faults(fleet: SimulatedFleet, scores: pa.Table) -> dict[str, int]:
    """Counts of scored and of flagged clips, of faulty machines and of the others."""
    from asd_core.store.tables import rows_of

    faulty = {(fault.date, fault.machine_type, fault.machine_id) for fault in fleet.faults}
    counts = {"faulty_clips": 0, "faulty_clips_flagged": 0, "normal_clips": 0, "normal_clips_flagged": 0}
    for *machine_night, flagged in rows_of(scores, "date", "machine_type", "machine_id", "is_flagged"):
        if flagged is not None:
            kind = "faulty_clips" if tuple(machine_night) in faulty else "normal_clips"
            counts[kind] += 1
            counts[f"{kind}_flagged"] += flagged
    return counts


def found_machines(fleet: SimulatedFleet, alarms: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Counts of faulty machines, and of these and of the others in alarm, from rows of ALARMS."""
    faulty = {(fault.machine_type, fault.machine_id) for fault in fleet.faults}
    in_alarm = {(row["machine_type"], row["machine_id"]) for row in alarms}
    return {
        "faulty_machines": len(faulty),
        "faulty_machines_in_alarm": len(faulty & in_alarm),
        "normal_machines_in_alarm": len(in_alarm - faulty),
    }

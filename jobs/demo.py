"""``asd demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jobs.console import Talk, counts_text
from jobs.options import engine_options, open_engine, open_recipe, open_store_of, output_options

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.synthesis.fleet import SimulatedFleet

_NIGHTS = 15
_FIT_NIGHTS = 9  # the nights after them, up to the last, are history in the report


@click.command("demo")
@click.argument("folder", default="demo")
@click.option("--recipe", "recipe_name", default="twfr-gmm", show_default=True, metavar="NAME", help="Recipe to use.")
@engine_options
@output_options
def command(folder: str, recipe_name: str, as_json: bool, quiet: bool, **engine: Any) -> None:
    """Simulate a fleet, fit, score and explain its last night, and write the report: all in FOLDER, none from outside.

    Doing it again finds what is there and does nothing twice.

    \b
    Example:
      asd demo demo
    """
    from asd_core.captions.selection import Order, flagged
    from asd_core.runs.caption import CaptionRun
    from asd_core.runs.fit import fit
    from asd_core.runs.score import score
    from asd_core.synthesis.fleet import simulate_fleet
    from jobs.clips import clips_to_score, listed_clips, training_clips
    from jobs.nightly import reports

    recipe = open_recipe(recipe_name, (), None)
    archive, store = f"{folder}/recordings", open_store_of(f"{folder}/store")
    with Talk(as_json=as_json, quiet=quiet) as talk:
        talk.say(f"1/4 simulating {_NIGHTS} nights of a small fleet in {archive}")
        fleet = simulate_fleet(
            archive,
            nights=_NIGHTS,
            machines_per_type=2,
            on_progress=lambda done, total: talk.progress("simulating recordings", done, total),
        )
        clips = listed_clips(talk, store, recipe, archive)
        with open_engine(talk, engine) as chosen:
            last_fit, tonight = fleet.dates[_FIT_NIGHTS - 1], fleet.dates[-1]
            talk.say(f"2/4 fitting every machine on the nights up to {last_fit}")
            fit(store, recipe, training_clips(clips, fleet.dates[0], last_fit, None), chosen, talk.progress)
            talk.say("3/4 scoring the nights since, for their history")
            score(store, recipe, _between(clips, last_fit, tonight), chosen, talk.progress)
            talk.say(f"4/4 the night of {tonight}, with faults and broken files")
            night, _ = clips_to_score(clips, tonight, latest=False)
            record = score(store, recipe, night, chosen, talk.progress, job="nightly")
            captions = CaptionRun(store, recipe, Order("acoustic"), chosen, progress=talk.progress)
            captions.add(flagged(store.read_scores(record)))
            explained = captions.finish()
            (page,) = reports(talk, store, recipe, record, chosen, is_news=explained["asked"] > 0)
        scores = store.read_scores(record)
        found = found_faults(fleet, scores)
        summary = {**record["counts"], **found, "report": page, "key": record["key"], "captions": explained}
        lines = [
            counts_text(record["counts"]),
            f"{found['faulty_clips_flagged']} of {found['faulty_clips']} faulty clips are flagged, and "
            f"{found['normal_clips_flagged']} of {found['normal_clips']} normal ones (simulated sound: this shows that "
            "the job works, not how well it detects)",
            f"report: {page}",
        ]
        talk.result(summary, "\n".join(lines))


def found_faults(fleet: SimulatedFleet, scores: pa.Table) -> dict[str, int]:
    """How many scored clips of faulty and of other machines are flagged."""
    faulty = {(fault.date, fault.machine_type, fault.machine_id) for fault in fleet.faults}
    keys = zip(
        scores["date"].to_pylist(), scores["machine_type"].to_pylist(), scores["machine_id"].to_pylist(), strict=True
    )
    counts = {"faulty_clips": 0, "faulty_clips_flagged": 0, "normal_clips": 0, "normal_clips_flagged": 0}
    for key, flagged in zip(keys, scores["is_flagged"].to_pylist(), strict=True):
        if flagged is not None:
            kind = "faulty_clips" if key in faulty else "normal_clips"
            counts[kind] += 1
            counts[f"{kind}_flagged"] += flagged
    return counts


def _between(clips: pa.Table, after: str, before: str) -> pa.Table:
    import pyarrow.compute as pc

    return clips.filter(pc.and_(pc.greater(clips["date"], after), pc.less(clips["date"], before)))

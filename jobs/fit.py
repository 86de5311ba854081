"""``asd fit``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from jobs.console import Talk, counts_text
from jobs.options import (
    archive_options,
    engine_options,
    listed_clips,
    lock_option,
    only_run,
    open_engine,
    open_recipe,
    open_store_of,
    output_options,
    recipe_options,
    store_option,
)

if TYPE_CHECKING:
    from asd_core.scoring import FitOutcome


@click.command("fit")
@click.argument("archive", required=False)
@recipe_options
@store_option
@click.option("--since", metavar="DATE", help="First normal night, e.g. 2026-11-01.")
@click.option("--until", metavar="DATE", help="Last normal night.")
@click.option("--normal-list", metavar="FILE", help="Text file that names the normal clips, one a line.")
@archive_options
@engine_options
@lock_option
@output_options
def command(
    archive: str | None,
    recipe_name: str,
    settings: tuple[str, ...],
    encoder_name: str | None,
    store_url: str,
    since: str | None,
    until: str | None,
    normal_list: str | None,
    layout: str,
    pattern: str | None,
    channel: int | None,
    no_wait: bool,
    as_json: bool,
    quiet: bool,
    **engine: Any,
) -> None:
    """Learn the normal sound of every machine from its normal clips.

    Those are the clips of split train where the archive has one, else the nights of --since and --until, or a list.
    ARCHIVE may be left out where embeddings are stored.

    \b
    Example:
      asd fit recordings --recipe twfr-gmm --store store --since 2026-11-01 --until 2026-11-14
    """
    from asd_core.errors import AsdError
    from asd_core.runs import fit
    from jobs.selection import training_clips

    recipe = open_recipe(recipe_name, settings, encoder_name, channel)
    store = open_store_of(store_url)
    with Talk(as_json=as_json, quiet=quiet) as talk:
        clips = training_clips(listed_clips(talk, store, recipe, archive, layout, pattern), since, until, normal_list)
        with only_run(talk, store, no_wait, "fit", recipe.key()), open_engine(talk, engine) as chosen:
            record, outcomes = fit(store, recipe, clips, chosen, talk.progress)
        for outcome in outcomes:
            talk.say(_line(outcome))
        counts = record["counts"]
        fitted = f"fitted {counts['fitted']} of {counts['machines']} machines, {counts['new_scorers']} new scorers"
        text = f"{counts_text(counts)}\n{fitted}"
        talk.result({**counts, "key": record["key"], "seconds": sum(record["seconds"].values())}, text)
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

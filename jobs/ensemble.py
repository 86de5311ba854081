"""``asd ensemble``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from asd_core.errors import AsdError, UsageError
from jobs.console import Talk
from jobs.fit_lines import fit_line
from jobs.job import with_talk
from jobs.opened import open_store_of
from jobs.options import choice, store_option


@click.command("ensemble")
@click.argument("members", nargs=-1, required=True, metavar="NAME=KEY...")
@click.option("--as", "name", required=True, metavar="ENSEMBLE", help="Name of the ensemble: --recipe takes it.")
@click.option("--weight", "weights", multiple=True, metavar="NAME=WEIGHT", help="Weight of a member. [default: 1]")
@choice("--rule", values=["z", "robust", "rank"], help="How scores are standardised on normals not seen in fitting.")
@click.option("--out", metavar="RECIPE.toml", help="Write the ensemble here too, as a recipe.")
@store_option
@with_talk
def command(
    talk: Talk,
    members: tuple[str, ...],
    name: str,
    weights: tuple[str, ...],
    rule: str,
    out: str | None,
    store_url: str,
) -> None:
    """Combine the scores of several recipes, machine by machine, into a scorer like any other.

    Each member is a name of your choice and the KEY of a recipe that the store holds (asd recipes --store lists them).
    Each member's score is standardised on normal recordings that it has not seen: by their mean and deviation (z), by
    their median and its deviation (robust), or as the share of them that lie below (rank). The ensemble's score is the
    weighted mean. Its threshold and false-alarm rate come from the members' unseen scores of the same recordings. No
    recording is read. A member that is fitted again keeps its place by running the same command again.

    \b
    Example:
      asd ensemble near=twfr-knn-1afbd967 spread=twfr-gmm-50b6dd2a --as fused --store store
      asd nightly recordings --recipe fused --store store
    """
    from asd_core.pipeline.engine import LocalEngine
    from asd_core.recipe.text import recipe_text
    from asd_core.runs.combine import combine
    from asd_core.runs.named_recipes import check_free, keep_recipe
    from asd_core.runs.new_ensemble import new_ensemble

    if out is not None and (not out.endswith(".toml") or Path(out).exists()):
        raise UsageError(f"--out {out}: name a .toml file that is not there yet")
    named = _pairs("a member", members, "NAME=KEY, such as near=twfr-knn-1afbd967")
    given = _pairs("--weight", weights, "NAME=WEIGHT, such as near=0.5")
    store = open_store_of(store_url)
    recipe = new_ensemble(store, name, named, {one: _number(one, text) for one, text in given.items()}, rule)
    check_free(store, name, recipe)
    record, outcomes = combine(store, recipe, LocalEngine(), talk.progress)
    for outcome in outcomes:
        talk.say(fit_line(outcome))
    counts = record["counts"]
    if not counts["fitted"]:
        raise AsdError(f"no machine could be combined, the first for this: {outcomes[0].error}")
    keep_recipe(store, recipe)
    if out is not None:
        Path(out).write_text(recipe_text(recipe, [f"{name}: an ensemble of {', '.join(named)}."]), encoding="utf-8")
        talk.say(f"wrote {out}")
    machines = {one: counts[one] for one in ("machines", "fitted", "new_scorers")}
    seconds = sum(record["seconds"].values())
    summary = {**machines, "key": recipe.key(), "run_id": record["run_id"], "notes": recipe.notes(), "seconds": seconds}
    lines = [f"{recipe.key()}: combined {counts['fitted']} of {counts['machines']} machines, --recipe {name} takes it"]
    talk.result(summary, "\n".join([*lines, *(f"note: {note}" for note in recipe.notes())]))


def _pairs(what: str, texts: Sequence[str], form: str) -> dict[str, str]:
    """NAME=VALUE options as a mapping."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise UsageError(f"{what} is {form}, got {text!r}")
        if name in found:
            raise UsageError(f"{what} {name} is named twice: {name}={found[name]} and {text}; leave one out")
        found[name] = value
    return found


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"--weight {name}={text}: a weight is a number, such as 0.5") from error

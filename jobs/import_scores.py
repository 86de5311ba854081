"""``asd import-scores``."""

from __future__ import annotations

from pathlib import Path

import click

from jobs.console import Talk, counts_text
from jobs.job import with_talk
from jobs.opened import open_store_of
from jobs.options import store_option


@click.command("import-scores")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, dir_okay=False))
@click.option("--as", "name", required=True, metavar="NAME", help="Name to keep them under: --recipe takes it.")
@click.option("--system", help="The one to take, where the files have a column system.")
@store_option
@with_talk
def command(talk: Talk, files: tuple[str, ...], name: str, system: str | None, store_url: str) -> None:
    """Import anomaly scores made elsewhere, to be evaluated and combined: .csv and .parquet files.

    The columns are anomaly_score, and uri, path or file. The machine is read from DCASE names, or from machine_type
    and machine_id (or section); split, domain and condition likewise. Rows of split train are scores of normals that
    the system had not seen: thresholds come from them. Without such rows scores are judged by one another.

    \b
    Example:
      asd import-scores scores.parquet --system stgram --as stgram --store store
      asd evaluate --recipe stgram --store store
    """
    from asd_core.runs.import_scores import import_scores

    store, waiting = open_store_of(store_url), talk.waiting("an import of that name")
    recipe, record = import_scores(store, name, list(map(Path, files)), system, talk.progress, waiting)
    counts, notes = record["counts"], [*recipe.notes(), *record["notes"]]
    summary = {**counts, "key": record["key"], "run_id": record["run_id"], "notes": notes}
    summary["seconds"] = sum(record["seconds"].values())
    talk.result(summary, "\n".join([counts_text(counts), record["key"], *(f"note: {note}" for note in notes)]))

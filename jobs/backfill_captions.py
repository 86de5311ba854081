"""``asd backfill-captions``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import AsdError, UsageError
from jobs.caption_options import caption_options, captions_text, llm_settings, method_of, open_captions
from jobs.job import Job, on_store

if TYPE_CHECKING:
    import pyarrow as pa


@click.command("backfill-captions")
@click.option("--since", metavar="DATE", required=True, help="First night.")
@click.option("--until", metavar="DATE", required=True, help="Last night.")
@click.option(
    "--machine", "machines", multiple=True, metavar="TYPE/ID", help="Only this machine, or all of a type (repeatable)."
)
@click.option("--limit", type=click.IntRange(min=1), help="So many clips at most, the latest nights first.")
@click.option("--top", type=click.IntRange(min=1), help="Each machine's so many highest clips of each night instead.")
@click.option("--dry-run", is_flag=True, help="Only count the clips, their tokens and what they cost.")
@click.option("--read-audio", is_flag=True, help="Read recordings of which nothing is stored.")
@click.option("--batch-api", is_flag=True, help="By OpenAI's Batch API: cheaper, within a day; run again to collect.")
@caption_options
@on_store
def command(
    job: Job,
    since: str,
    until: str,
    machines: Sequence[str],
    limit: int | None,
    top: int | None,
    dry_run: bool,
    read_audio: bool,
    batch_api: bool,
    **options: Any,
) -> None:
    """Explain flagged clips of past nights that have no explanation yet, from what is stored of them.

    \b
    Example:
      asd backfill-captions --recipe clap-knn --store store --since 2026-01-01 --until 2026-06-30 --dry-run
    """
    from asd_core.clips import checked_date
    from asd_core.runs.captioning import Order, uncaptioned

    since, until = checked_date(since), checked_date(until)
    if since > until:
        raise UsageError(f"--since {since} is after --until {until}: exchange them")
    llm = llm_settings(options)
    method = method_of(options, job.recipe, llm)
    rows = _historical(job, since, until, machines, top)
    rows = uncaptioned(rows, job.store.captions(job.recipe.key()), Order(method, llm=llm.name if llm else ""))
    if limit is not None:
        rows = rows.slice(0, limit)
    if dry_run:
        estimate = _estimate(job, len(rows), method, llm)
        job.talk.result(estimate, _estimate_text(estimate))
        return
    with (
        job.engine("backfill-captions") as engine,
        open_captions(job, options, engine, may_read_audio=read_audio, by_batch=batch_api) as captions,
    ):
        captions.add(rows)
        summary = captions.finish()
    job.talk.result({**summary, "key": job.recipe.key()}, captions_text(summary))


def _historical(job: Job, since: str, until: str, machines: Sequence[str], top: int | None) -> pa.Table:
    """The clips of the nights asked for, latest first."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from asd_core.nights import scored_runs
    from asd_core.runs.captioning import flagged, highest
    from asd_core.tables import SCORES

    key = job.recipe.key()
    dates = {date for record in scored_runs(job.store, key) for date in record["dates"] if since <= date <= until}
    if not dates:
        raise AsdError(f"nothing is scored for {key} from {since} to {until}: run asd nightly for these nights first")
    tables = [SCORES.empty_table()]
    for date in sorted(dates, reverse=True):
        scores = job.store.scores(key, date)
        tables.append(highest(scores, top) if top else flagged(scores))
    rows = pa.concat_tables(tables)
    if machines:
        names = pc.binary_join_element_wise(rows["machine_type"], rows["machine_id"], "/")
        wanted = pa.array(list(machines), pa.string())
        known = set(names.to_pylist()) | set(rows["machine_type"].to_pylist())
        if unknown := [machine for machine in machines if machine not in known]:
            job.talk.say(f"no clip to explain of {', '.join(unknown)}")
        rows = rows.filter(pc.or_(pc.is_in(names, value_set=wanted), pc.is_in(rows["machine_type"], value_set=wanted)))
    return rows


def _estimate(job: Job, clips: int, method: Any, llm: Any) -> dict[str, Any]:
    from asd_core.captions.llm import tokens_of
    from asd_core.captions.texts import texts_of
    from asd_core.runs.captioning import TYPICAL_ANSWER, typical_prompt

    estimate: dict[str, Any] = {
        "asked": clips,
        "method": method,
        "llm": llm.name if llm else "",
        "tokens": 0,
        "usd": 0.0,
    }
    if llm is None:
        return estimate
    config = job.recipe.for_machine("").captions
    prompt = typical_prompt(method, texts_of(config.texts), config.k)
    tokens_in, tokens_out = clips * tokens_of(prompt), clips * TYPICAL_ANSWER
    return {**estimate, "tokens": tokens_in + tokens_out, "usd": llm.usd(tokens_in, tokens_out)}


def _estimate_text(estimate: dict[str, Any]) -> str:
    line = f"{estimate['asked']} clips to explain ({estimate['method']})"
    if not estimate["llm"]:
        return f"{line}, no language model asked: no tokens"
    cost = (
        f"about {estimate['usd']:.2f} USD"
        if estimate["usd"] is not None
        else "cost unknown: give --llm-usd-per-million-input and --llm-usd-per-million-output"
    )
    return f"{line} by {estimate['llm']}: about {estimate['tokens']} tokens, {cost}"

"""``asd backfill-captions``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import AsdError, UsageError
from jobs.caption_options import (
    ask_again_option,
    caption_options,
    captions_text,
    explained_text,
    llm_settings,
    method_of,
    open_captions,
)
from jobs.job import Job, on_store

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.llm.settings import LlmSettings
    from asd_core.recipe.caption_settings import Method
    from asd_core.recipe.recipe import Recipe


@click.command("backfill-captions")
@click.option("--since", metavar="DATE", help="First night.")
@click.option("--until", metavar="DATE", help="Last night.")
@click.option("--undated", is_flag=True, help="Also the clips of no night, or these alone.")
@click.option(
    "--machine", "machines", multiple=True, metavar="TYPE/ID", help="Only this machine, or all of a type (repeatable)."
)
@click.option("--limit", type=click.IntRange(min=1), help="So many clips at most, the latest nights first.")
@click.option("--top", type=click.IntRange(min=1), help="Each machine's so many highest clips of each night instead.")
@click.option("--dry-run", is_flag=True, help="Only count the clips, their tokens and what they cost.")
@click.option("--read-audio", is_flag=True, help="Read recordings of which nothing is stored.")
@click.option("--batch-api", is_flag=True, help="By OpenAI's Batch API: cheaper, within a day; run again to collect.")
@ask_again_option
@caption_options
@on_store
def command(
    job: Job,
    since: str | None,
    until: str | None,
    undated: bool,
    machines: Sequence[str],
    limit: int | None,
    top: int | None,
    dry_run: bool,
    read_audio: bool,
    batch_api: bool,
    ask_again: bool,
    **options: Any,
) -> None:
    """Explain flagged clips of past nights that have no explanation yet, from what is stored of them.

    \b
    Example:
      asd backfill-captions --recipe clap-knn --store store --since 2026-01-01 --until 2026-06-30 --dry-run
    """
    from asd_core.captions.selection import Order, uncaptioned

    dates = _dates(job, _nights(since, until, undated), undated)
    llm = llm_settings(options)
    method = method_of(options, job.recipe, llm)
    found = _historical(job, dates, machines, top)
    rows = found
    if not ask_again:
        captions = job.store.captions(job.recipe.key(), dates)
        rows = uncaptioned(found, captions, Order(method, llm=llm.name if llm else ""))
    explained = len(found) - len(rows)
    if limit is not None:
        rows = rows.slice(0, limit)
    if dry_run:
        estimate = {**_estimate(job.recipe, rows, method, llm), "explained": explained}
        job.talk.result(estimate, _estimate_text(estimate) + explained_text(explained))
        return
    with (
        job.engine("backfill-captions") as engine,
        open_captions(
            job, options, engine, may_read_audio=read_audio, by_batch=batch_api, asks_again=ask_again
        ) as captioning,
    ):
        captioning.add(rows)
        summary = captioning.finish()
    summary["explained"] += explained
    job.talk.result({**summary, "key": job.recipe.key()}, captions_text(summary))


def _nights(since: str | None, until: str | None, undated: bool) -> tuple[str, str] | None:
    """The first and the last night asked for; None for none."""
    from asd_core.clips import checked_date

    if since is None and until is None and undated:
        return None
    if since is None or until is None:
        raise UsageError("name the nights by --since and --until, or take --undated")
    since, until = checked_date(since), checked_date(until)
    if since > until:
        raise UsageError(f"--since {since} is after --until {until}: exchange them")
    return since, until


def _dates(job: Job, nights: tuple[str, str] | None, undated: bool) -> list[str]:
    """The scored dates among those asked for, latest first, undated last."""
    from asd_core.clips.clip import UNDATED

    key = job.recipe.key()
    scored = set(job.store.scored_dates(key))
    dates = sorted((date for date in scored if nights and nights[0] <= date <= nights[1]), reverse=True)
    dates += [UNDATED] if undated and UNDATED in scored else []
    if not dates:
        asked = ([f"from {nights[0]} to {nights[1]}"] if nights else []) + (["undated"] if undated else [])
        raise AsdError(f"nothing is scored for {key} {' or '.join(asked)}: run asd nightly or asd score first")
    return dates


def _historical(job: Job, dates: Sequence[str], machines: Sequence[str], top: int | None) -> pa.Table:
    """The clips of these dates, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from asd_core.captions.selection import flagged, highest
    from asd_core.store.tables import SCORES

    key = job.recipe.key()
    tables = [SCORES.empty_table()]
    for date in dates:
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


def _estimate(recipe: Recipe, rows: pa.Table, method: Method, llm: LlmSettings | None) -> dict[str, Any]:
    """What captions of rows of SCORES take; refuses what captioning them would refuse as wrong usage."""
    from asd_core.captions.rows import TYPICAL_ANSWER
    from asd_core.captions.selection import by_machine_type

    for machine_type in ["", *recipe.settings.get("machine", {})]:
        _prompt_tokens(recipe, machine_type, method)
    estimate: dict[str, Any] = {
        "asked": len(rows),
        "method": method,
        "llm": llm.name if llm else "",
        "tokens": 0,
        "usd": 0.0,
    }
    if llm is None:
        return estimate
    tokens_in = sum(
        len(part) * _prompt_tokens(recipe, part["machine_type"][0].as_py(), method) for part in by_machine_type(rows)
    )
    tokens_out = len(rows) * TYPICAL_ANSWER
    return {**estimate, "tokens": tokens_in + tokens_out, "usd": llm.usd(tokens_in, tokens_out)}


def _prompt_tokens(recipe: Recipe, machine_type: str, method: Method) -> int:
    """How long most prompts of a machine type are."""
    from asd_core.captions.rows import typical_prompt
    from asd_core.captions.sources import refuse_without_clap
    from asd_core.captions.texts import texts_of
    from asd_core.llm.settings import tokens_of
    from asd_core.recipe.caption_settings import WITH_TEXTS

    setting = recipe.for_machine(machine_type)
    if method != "acoustic":
        refuse_without_clap(setting.captions, setting.encoder)
    texts = texts_of(setting.captions.texts) if method in WITH_TEXTS else ()
    return tokens_of(typical_prompt(method, texts, setting.captions.k))


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

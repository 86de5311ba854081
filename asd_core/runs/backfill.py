"""Explaining flagged clips of past nights: which clips are left, what they cost, and the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from asd_core.captions.prompts import acoustic_prompt
from asd_core.captions.rows import prompt_of
from asd_core.captions.selection import CaptionOrder, Unexplained, flagged, highest
from asd_core.captions.sources import refuse_without_clap
from asd_core.captions.texts import texts_of
from asd_core.clips.clip import UNDATED
from asd_core.clips.selection import checked_date
from asd_core.errors import AsdError, UsageError
from asd_core.llm.settings import LlmSettings, tokens_of
from asd_core.recipe.caption_settings import WITH_TEXTS, Method
from asd_core.recipe.recipe import Recipe
from asd_core.runs.caption import CaptionRun
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, rows_of

TYPICAL_ANSWER = 60  # tokens: forty words


@dataclass(frozen=True)
class Backlog:
    """Past clips that are left to explain.

    Attributes:
        rows: of SCORES, latest night first, undated last.
        explained: how many clips are left out because they are explained already.
        without_clips: the names of machines asked for that have no clip to explain.
    """

    rows: pa.Table
    explained: int
    without_clips: tuple[str, ...]


def backlog(
    store: Store,
    recipe: Recipe,
    order: CaptionOrder,
    *,
    since: str | None = None,
    until: str | None = None,
    undated: bool = False,
    machines: Sequence[str] = (),
    top: int | None = None,
    limit: int | None = None,
) -> Backlog:
    """The flagged clips of past nights that are not explained yet.

    Args:
        store: where scores and captions are.
        recipe: whose scores.
        order: method and language model.
        since: the first night.
        until: the last night.
        undated: whether clips of no night are taken, with those of the nights or alone.
        machines: "TYPE/ID" or "TYPE" of the machines to take; all where empty.
        top: takes each machine's so many highest clips of each night instead of the flagged ones.
        limit: the most clips to take.

    Raises:
        UsageError: no nights are named, or dates that are none or in the wrong order.
        AsdError: nothing is scored on these dates.
    """
    tables = [SCORES.empty_table()]
    for date in _dates(store, recipe, since, until, undated):
        scores = store.scores(recipe.key(), date)
        tables.append(highest(scores, top) if top else flagged(scores))
    found = pa.concat_tables(tables)
    names = [{kind, f"{kind}/{name}"} for kind, name in rows_of(found, "machine_type", "machine_id")]
    known = set[str]().union(*names)
    if machines:
        found = found.filter(pa.array([not own.isdisjoint(machines) for own in names], pa.bool_()))
    unexplained = Unexplained(store, recipe.key(), order)
    rows = unexplained.of(found)
    without_clips = tuple(machine for machine in machines if machine not in known)
    return Backlog(rows if limit is None else rows.slice(0, limit), unexplained.explained, without_clips)


def _dates(store: Store, recipe: Recipe, since: str | None, until: str | None, undated: bool) -> list[str]:
    """The scored dates among those asked for, latest first, undated last."""
    nights = nights_asked(since, until, undated)
    scored = set(store.scored_dates(recipe.key()))
    dates = sorted((date for date in scored if nights and nights[0] <= date <= nights[1]), reverse=True)
    dates += [UNDATED] if undated and UNDATED in scored else []
    if not dates:
        asked = ([f"from {nights[0]} to {nights[1]}"] if nights else []) + (["undated"] if undated else [])
        raise AsdError(f"nothing is scored for {recipe.key()} {' or '.join(asked)}: run asd nightly or asd score first")
    return dates


def nights_asked(since: str | None, until: str | None, undated: bool) -> tuple[str, str] | None:
    """The first and the last night asked for; None for undated clips alone.

    Raises:
        UsageError: no nights are named, or dates that are none or in the wrong order.
    """
    if since is None and until is None and undated:
        return None
    if since is None or until is None:
        raise UsageError("name the nights by --since and --until, or take --undated")
    since, until = checked_date(since), checked_date(until)
    if since > until:
        raise UsageError(f"--since {since} is after --until {until}: exchange them")
    return since, until


def estimate(recipe: Recipe, backlog: Backlog, order: CaptionOrder, llm: LlmSettings | None) -> dict[str, Any]:
    """The tokens and the cost of captions for a backlog, before any is made.

    Returns:
        ``asked`` and ``explained`` (clips), ``method``, ``llm``, ``tokens`` and ``usd`` (None where no price is known).

    Raises:
        UsageError: wherever `backfill` would refuse the order.
    """
    prompts = {name: _prompt_tokens(recipe, name, order.method) for name in ["", *recipe.settings.get("machine", {})]}
    rows = backlog.rows
    tokens_in = tokens_out = 0
    if llm is not None:
        tokens_out = len(rows) * TYPICAL_ANSWER
        tokens_in = sum(prompts.get(kind, prompts[""]) for kind in rows["machine_type"].to_pylist())
    return {
        "asked": len(rows),
        "method": order.method,
        "llm": order.llm,
        "tokens": tokens_in + tokens_out,
        "usd": llm.usd(tokens_in, tokens_out) if llm is not None else 0.0,
        "explained": backlog.explained,
    }


def _prompt_tokens(recipe: Recipe, machine_type: str, method: Method) -> int:
    """Tokens of most prompts of a machine type."""
    setting = recipe.for_machine(machine_type)
    if method == "tags":
        return 0
    if method != "acoustic":
        refuse_without_clap(setting)
    texts = texts_of(setting.captions.texts) if method in WITH_TEXTS else ()
    return tokens_of(typical_prompt(method, texts, setting.captions.k))


def typical_prompt(method: Method, texts: Sequence[str], k: int) -> str:
    """A prompt as long as most, for a clip with k normal clips and these texts, (L,)."""
    sentence, similarities = "Sounds like a machine running with a steady hum and a light rattle", [0.125] * len(texts)
    if method == "acoustic":
        return acoustic_prompt("machine", [sentence] * 6)
    row: dict[str, Any] = {"method": method, "machine_type": "machine", "clip_caption": sentence, "texts": list(texts)}
    row |= {"normal_captions": [sentence] * k, "similarities": similarities, "normal_similarities": [similarities] * k}
    return prompt_of(row)


def backfill(run: CaptionRun, backlog: Backlog) -> dict[str, Any]:
    """Explain a backlog and publish its captions.

    Returns:
        The counts as of `CaptionRun.finish`; ``explained`` counts the backlog's too.
    """
    run.add(backlog.rows)
    counts = run.finish()
    return {**counts, "explained": counts["explained"] + backlog.explained}

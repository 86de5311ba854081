"""``asd prune``."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import UsageError
from asd_core.runs.pruning.kinds import BY_NAME, LEAST, USUAL
from jobs.console import Talk
from jobs.durations import Duration, in_words
from jobs.job import with_talk
from jobs.opened import open_store_of
from jobs.options import store_option
from jobs.status_lines import columns, size_text

if TYPE_CHECKING:
    from asd_core.runs.pruning.prune import PrunePlan
    from asd_core.store.store import Store

_WORDS = USUAL | BY_NAME


class Kinds(click.ParamType[tuple[str, ...]]):
    """Kinds of things, separated by commas."""

    name = "kinds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The kinds that a text names."""
        kinds = tuple(word.strip() for word in str(value).split(","))
        for kind in kinds:
            if kind not in _WORDS:
                self.fail(f"there is no kind {kind!r}: name some of {', '.join(_WORDS)}.", param, ctx)
        return kinds


@click.command("prune")
@click.option(
    "--older-than",
    type=Duration(LEAST),
    required=True,
    metavar="TIME",
    help="Least age of what is removed, such as 180d or 26w; a day at least.",
)
@click.option(
    "--what",
    "kinds",
    type=Kinds(),
    multiple=True,
    metavar="KIND[,KIND]...",
    help=f"Some of {', '.join(USUAL)} (all of these by default), {', '.join(BY_NAME)}.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@store_option
@with_talk
def command(
    talk: Talk, store_url: str, older_than: timedelta, kinds: tuple[tuple[str, ...], ...], dry_run: bool, yes: bool
) -> None:
    """Remove what a store needs no more: old reports, superseded scorers, and what was begun and never ended.

    Nothing is removed that the record of a run names, but for scorers that only the fits name which made them. Labels,
    scores, alarms, run records and answers of language models stay. It may run beside a night, and a prune that was
    stopped is finished by the next one.

    \b
    Example:
      asd prune --store store --older-than 180d --dry-run
      asd prune --store store --older-than 180d --what reports,scorers --yes
    """
    if dry_run and yes:
        raise UsageError("--dry-run and --yes exclude each other: leave one out")
    if not (dry_run or yes) and (talk.as_json or sys.stdin is None or not sys.stdin.isatty()):
        raise UsageError("nobody can be asked here: --yes removes, --dry-run only tells what would be removed")
    store = open_store_of(store_url)
    wanted = [kind for given in kinds for kind in given] or list(USUAL)
    if dry_run:
        _tell(talk, store, older_than, wanted)
    else:
        _remove(talk, store, older_than, wanted, is_asked=not yes)


def _tell(talk: Talk, store: Store, older_than: timedelta, wanted: list[str]) -> None:
    from asd_core.runs.pruning.prune import find_prunable

    plan = find_prunable(store, older_than, wanted)
    talk.result(_summary(plan, None), f"{_table(plan, older_than)}\nnothing is removed")


def _remove(talk: Talk, store: Store, older_than: timedelta, wanted: list[str], *, is_asked: bool) -> None:
    from asd_core.runs.pruning.prune import find_prunable, prune
    from asd_core.store.locks import lock_name, run_lock

    plan = find_prunable(store, older_than, wanted)
    table = _table(plan, older_than)
    if is_asked:
        talk.result({}, table)
        count = sum(one["files"] for one in plan.counts().values())
        if not count or not click.confirm("Remove them?", err=True):
            talk.result({}, "nothing is removed")
            return
    with run_lock(store.files, lock_name("prune"), waiting=talk.waiting("another prune"), work="prune"):
        if is_asked:  # people take their time, and what is needed may be another
            plan = find_prunable(store, older_than, wanted)
        record = prune(store, plan, talk.progress)
    done = record["counts"]
    said = f"files removed: {done['files']}, {size_text(done['bytes'])}, see asd runs show {record['run_id']}"
    said = said if done["files"] else "nothing is removed"
    talk.result(_summary(plan, record["run_id"] if done["files"] else None), said if is_asked else f"{table}\n{said}")


def _summary(plan: PrunePlan, run_id: str | None) -> dict[str, Any]:
    counts = plan.counts()
    return {
        "before": plan.limit.before.isoformat(timespec="seconds"),
        "kinds": counts,
        "files": sum(one["files"] for one in counts.values()),
        "bytes": sum(one["bytes"] for one in counts.values()),
        "superseded_kept": plan.superseded_kept,
        "run_id": run_id,
    }


def _table(plan: PrunePlan, older_than: timedelta) -> str:
    counts = plan.counts()
    rows = [("what", "", "number", "files", "size")]
    for kind, one in counts.items():
        rows.append((kind, _WORDS[kind], str(one["things"]), str(one["files"]), size_text(one["bytes"])))
    total = {name: sum(one[name] for one in counts.values()) for name in ("things", "files", "bytes")}
    rows.append(("all", "", str(total["things"]), str(total["files"]), size_text(total["bytes"])))
    lines = [f"older than {in_words(older_than)}:", *columns(rows, ("number", "files", "size"))]
    if plan.superseded_kept:
        lines.append(f"  {plan.superseded_kept} superseded scorers stay: runs name them, or they are not so old")
    return "\n".join(lines)

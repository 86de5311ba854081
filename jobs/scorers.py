"""``asd scorers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import AsdError, UsageError
from jobs.job import Job, on_scores

if TYPE_CHECKING:
    from asd_core.runs.rollback import Restored


@click.command("scorers")
@click.option(
    "--machine",
    "machines",
    multiple=True,
    metavar="TYPE/ID",
    help="Only this machine, with every version of it (repeatable); TYPE alone is the scorer that new machines borrow.",
)
@click.option("--rollback", "is_rollback", is_flag=True, help="Make earlier scorers the newest ones.")
@click.option(
    "--to",
    metavar="DATE|VERSION",
    help="Go back to the scorers as they were at the end of a date (UTC), or to a version such as v000002. "
    "[default: before the last fit that changed any]",
)
@click.option("--dry-run", is_flag=True, help="Tell what a rollback would do, and do nothing.")
@on_scores
def command(job: Job, machines: tuple[str, ...], is_rollback: bool, to: str | None, dry_run: bool) -> None:
    """List the scorers of every machine, or go back to earlier ones.

    A rollback publishes an earlier version again under a new number. Nights that are scored from then on have its
    scores, equal to the bit; nights of before stay as they are until they are scored again.

    \b
    Example:
      asd scorers --store store --machine fan/01
      asd scorers --store store --rollback --to 2026-11-20 --dry-run
    """
    if not is_rollback and (to or dry_run):
        raise UsageError(f"{'--to' if to else '--dry-run'} is for --rollback: add it, or leave this out")
    if is_rollback:
        _roll_back(job, machines, to or "", dry_run)
    else:
        _list(job, machines)


def _roll_back(job: Job, machines: tuple[str, ...], to: str, is_dry: bool) -> None:
    from asd_core.runs.rollback import rollback

    record, done = rollback(job.store, job.recipe, to, machines, is_dry=is_dry)
    rows: list[dict[str, Any]] = [
        {
            "machine": _name(one.folder),
            "before": one.before,
            "target": one.target,
            "version": one.version,
            "changed": one.is_new,
            "error": one.error,
        }
        for one in done
    ]
    changed = sum(one.is_new for one in done)
    lines = [_restored_line(one, is_dry) for one in done if one.is_new or one.error]
    what = "would go back" if is_dry else "went back"
    lines.append(f"{changed} of {len(done)} scorers {what}; the next nights are scored with them" * bool(changed))
    lines[-1:] = [lines[-1] or f"nothing to do: {len(done) - sum(1 for one in done if one.error)} scorers are these"]
    run_id = None if record is None else record["run_id"]
    job.talk.result({"key": job.recipe.key(), "run_id": run_id, "restored": changed, "scorers": rows}, "\n".join(lines))
    if all(one.error for one in done):
        raise AsdError(f"no scorer went back, the first for this: {_name(done[0].folder)}: {done[0].error}")


def _restored_line(one: Restored, is_dry: bool) -> str:
    if one.error:
        return f"{_name(one.folder)}: {one.error}"
    return f"{_name(one.folder)}: {one.before} -> {one.target}" + ("" if is_dry else f", as {one.version}")


def _list(job: Job, machines: tuple[str, ...]) -> None:
    from asd_core.runs.scorer_list import listed_scorers

    rows = listed_scorers(job.store, job.recipe.key(), machines)
    lines = [
        f"{one['machine']}: {one['version']}{' (now)' if one['current'] else ''}, {_when(one)}, "
        f"{one['clips']} clips{_nights(one)}, threshold {one['threshold']:.6g}{_more(one)}"
        for one in rows
    ]
    job.talk.result({"key": job.recipe.key(), "scorers": rows}, "\n".join(lines))


def _when(row: dict[str, Any]) -> str:
    return f"{row['made_by']} of {row['made_at'][:10]}" if row["made_at"] else "of a fit that did not end"


def _nights(row: dict[str, Any]) -> str:
    return f" ({row['joined_nights']} nights joined)" if row["joined_nights"] else ""


def _more(row: dict[str, Any]) -> str:
    return f"; {row['versions'] - 1} earlier" if row["versions"] > 1 and row["current"] else ""


def _name(folder: str) -> str:
    from asd_core.runs.rollback import known_machines

    return known_machines([folder])[0]

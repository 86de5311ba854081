"""``asd maintenance``."""

from __future__ import annotations

from typing import Any

import click

from asd_core.errors import UsageError
from jobs.cheap_checks import check_date
from jobs.console import Talk
from jobs.job import with_talk
from jobs.opened import open_store_of
from jobs.options import store_option


@click.command("maintenance")
@click.option("--machine", "machines", multiple=True, metavar="TYPE/ID", help="A machine (repeatable).")
@click.option("--since", metavar="DATE", help="First night of the maintenance.")
@click.option("--until", metavar="DATE", help="Last night. [default: it goes on]")
@click.option("--reason", default="", metavar="WORDS", help="What is done.")
@click.option("--by", default="", metavar="NAME", help="Who says so. [default: nobody is named]")
@click.option("--remove", "is_removed", is_flag=True, help="Take back the window that begins on --since.")
@click.option("--list", "lists", is_flag=True, help="Print the windows.")
@store_option
@with_talk
def command(
    talk: Talk,
    machines: tuple[str, ...],
    since: str | None,
    until: str | None,
    reason: str,
    by: str,
    is_removed: bool,
    lists: bool,
    store_url: str,
) -> None:
    """Name the nights on which a machine is worked on.

    Its nights make no alarm then, end one that goes on, and no update learns them. For two weeks after it the machine's
    line asks whether it has to be fitted again. Name the same first night again to set the last one.

    \b
    Example:
      asd maintenance --store store --machine fan/01 --since 2026-11-19 --reason "new bearing"
      asd maintenance --store store --list
    """
    from asd_core.runs.maintenance import name_window

    if lists == bool(machines):
        raise UsageError("name a machine, or --list" + (", not both" if lists else ""))
    if not lists and since is None:
        raise UsageError("name the first night of the maintenance: --since DATE")
    check_date(since)
    check_date(until)
    store = open_store_of(store_url)
    for machine in machines:
        name_window(store, machine, since or "", until or "", reason, by, is_removed=is_removed)
    rows = [row | {"named_at": row["named_at"].isoformat()} for row in store.maintenance().to_pylist()]
    for row in rows:
        del row["is_removed"]
    talk.result({"windows": rows}, "\n".join([*map(_line, rows), f"{len(rows)} windows"]))


def _line(row: dict[str, Any]) -> str:
    from asd_core.readable import machine_name, readable

    until = f" until {row['until']}" if row["until"] else ", goes on"
    reason = f" ({readable(row['reason'])})" if row["reason"] else ""
    by = f", by {readable(row['named_by'])}" if row["named_by"] else ""
    return f"{machine_name(row['machine_type'], row['machine_id'])}: since {row['since']}{until}{reason}{by}"

"""Naming maintenance windows: each is checked before it is kept."""

from __future__ import annotations

import urllib.parse

from asd_core.clips.selection import checked_date
from asd_core.errors import UsageError, did_you_mean
from asd_core.readable import readable
from asd_core.runs.known_clips import is_text
from asd_core.runs.label import MOST_CHARACTERS
from asd_core.store.store import Store


def name_window(
    store: Store, machine: str, since: str, until: str = "", reason: str = "", by: str = "", *, is_removed: bool = False
) -> None:
    """Keep a maintenance window of a machine, or take one back. Naming its first night again changes its end.

    Args:
        store: whose machine.
        machine: ``TYPE/ID`` of a machine that has a scorer of any recipe.
        since: first night.
        until: last night; "" while it goes on.
        reason: in words.
        by: name of the person who says so; "" names nobody.
        is_removed: take the window back that begins on this night.

    Raises:
        UsageError: an unknown machine, no date, a window that ends before it begins, or none to take back.
    """
    first = checked_date(since)
    last = checked_date(until) if until else None
    if last is not None and last < first:
        raise UsageError(f"the window ends on {last}, before it begins on {first}: exchange the dates")
    if too_long := next((text for text in (reason, by) if len(text) > MOST_CHARACTERS), ""):
        raise UsageError(f"{len(too_long)} characters are too many: write at most {MOST_CHARACTERS}")
    if not is_text(reason + by):
        raise UsageError(f"{readable(reason or by)!r} is no UTF-8: write it in letters")
    known = _machines(store)
    if machine not in known:
        raise UsageError(f"no machine {readable(machine)!r} has a scorer" + did_you_mean(machine, known))
    kind, _, name = machine.partition("/")
    if is_removed and not any(
        (row["machine_type"], row["machine_id"], row["since"]) == (kind, name, first)
        for row in store.maintenance().to_pylist()
    ):
        raise UsageError(f"no window of {machine} begins on {first}: asd maintenance --list names those that there are")
    store.keep_maintenance(
        {
            "machine_type": kind,
            "machine_id": name,
            "since": first,
            "until": last,
            "reason": reason.strip() or None,
            "named_by": by.strip() or None,
            "is_removed": is_removed,
        }
    )


def _machines(store: Store) -> set[str]:
    """``TYPE/ID`` of the machines with a scorer of any recipe."""
    infos = store.files.list("newest_scorers") or store.files.list("scorers")
    parts = (info.path.split("/") for info in infos)
    return {"/".join(urllib.parse.unquote(one) for one in path[2:4]) for path in parts if len(path) > 4}

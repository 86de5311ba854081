"""Selections of rows of a clips table."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import SPLITS, UNDATED, UNPLACED
from asd_core.clips.dates import parse_date
from asd_core.errors import UsageError, did_you_mean


def select(
    clips: pa.Table,
    *,
    split: str | None = None,
    date: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> pa.Table:
    """The rows that meet every condition given, in their order.

    Args:
        clips: a table with the columns of CLIPS.
        split: "train", "test" or "".
        date: ``2026-11-19``, or "undated".
        since: the first date, inclusive. Clips without a date are in no span.
        until: the last date, inclusive.

    Raises:
        UsageError: an unknown split, a text that is no date, or a span that ends before it begins.
    """
    keep: list[pa.ChunkedArray] = []
    if split is not None:
        if split not in SPLITS:
            raise UsageError(f"unknown split {split!r}" + did_you_mean(split, SPLITS[1:]))
        keep.append(pc.equal(clips["split"], split))
    if date is not None:
        keep.append(pc.equal(clips["date"], date if date == UNDATED else checked_date(date)))
    first, last = since and checked_date(since), until and checked_date(until)
    if first and last and first > last:
        raise UsageError(f"no date is since {first} and until {last}: the span ends before it begins")
    if first or last:
        keep.append(pc.not_equal(clips["date"], UNDATED))
    if first:
        keep.append(pc.greater_equal(clips["date"], first))
    if last:
        keep.append(pc.less_equal(clips["date"], last))
    for mask in keep[1:]:
        keep[0] = pc.and_(keep[0], mask)
    return clips.filter(keep[0]) if keep else clips


def of_machine(clips: pa.Table, machine_type: str, machine_id: str) -> pa.Table:
    """The rows of one machine, in their order."""
    is_own = pc.and_(pc.equal(clips["machine_type"], machine_type), pc.equal(clips["machine_id"], machine_id))
    return clips.filter(is_own)


def latest_date(clips: pa.Table, until: str) -> str | None:
    """The latest date of a clip of a known machine; None where no such clip has a date.

    Args:
        clips: a table with the columns of CLIPS.
        until: later dates count only where there are no earlier ones.
    """
    placed = pc.and_(pc.not_equal(clips["machine_type"], UNPLACED), pc.not_equal(clips["machine_id"], UNPLACED))
    dates = clips["date"].filter(pc.and_(placed, pc.not_equal(clips["date"], UNDATED)))
    latest: str | None = pc.max(dates.filter(pc.less_equal(dates, until))).as_py() or pc.max(dates).as_py()
    return latest


def dated_after(clips: pa.Table, until: str) -> pa.Table:
    """The clips of dates after this one."""
    return clips.filter(pc.and_(pc.not_equal(clips["date"], UNDATED), pc.greater(clips["date"], until)))


def checked_date(text: str) -> str:
    """A date as the tables write it.

    Raises:
        UsageError: the text is no date.
    """
    date = parse_date(text)
    if date is None:
        raise UsageError(f"{text!r} is no date: write it as 2026-11-19")
    return date

"""Choosing rows of a clips table: by condition, the clips to fit on, and the clips to score."""

from __future__ import annotations

import urllib.parse

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import CURE_OF_NO_DATE, SPLITS, UNDATED, UNPLACED
from asd_core.clips.dates import parse_date, tomorrow
from asd_core.clips.held_out import held_out
from asd_core.clips.splits import by_split, has_test_split
from asd_core.errors import UsageError, did_you_mean
from asd_core.store.tables import rows_of
from asd_core.text_files import read_text


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
    if split is not None:
        if split not in SPLITS:
            raise UsageError(f"unknown split {split!r}" + did_you_mean(split, SPLITS[1:]))
        clips = clips.filter(pc.equal(clips["split"], split))
    if date is not None:
        clips = clips.filter(pc.equal(clips["date"], date if date == UNDATED else checked_date(date)))
    first, last = since and checked_date(since), until and checked_date(until)
    if first and last and first > last:
        raise UsageError(f"no date is since {first} and until {last}: the span ends before it begins")
    if first or last:
        clips = clips.filter(pc.not_equal(clips["date"], UNDATED))
    if first:
        clips = clips.filter(pc.greater_equal(clips["date"], first))
    if last:
        clips = clips.filter(pc.less_equal(clips["date"], last))
    return clips


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


def notes_on_dates(clips: pa.Table) -> list[str]:
    """A line on clips of dates to come: no such night is scored unless it is named."""
    future = dated_after(clips, tomorrow())
    if not len(future):
        return []
    example = future.slice(0, 1).to_pylist()[0]
    return [
        f"{len(future)} clips are of dates to come, such as {example['uri']} of {example['date']}: "
        f"no such night is scored unless it is named (--date {example['date']}) or there is no other; "
        "correct their dates, or this machine's clock"
    ]


def checked_date(text: str) -> str:
    """A date as the tables write it.

    Raises:
        UsageError: the text is no date.
    """
    date = parse_date(text)
    if date is None:
        raise UsageError(f"{text!r} is no date: write it as 2026-11-19")
    return date


def training_clips(
    clips: pa.Table, since: str | None = None, until: str | None = None, normal_list: str | None = None
) -> pa.Table:
    """The normal clips to fit on; never one known to be anomalous.

    They are chosen by dates, or by a list. Else they are those of split ``train``, or, where there is no split, those
    that are known to be normal, but for some that stay for the test where a machine has anomalous ones: see `held_out`.

    Args:
        clips: a table with the columns of CLIPS.
        since: the first normal night.
        until: the last normal night.
        normal_list: path of a text file that names the normal clips, one a line.

    Raises:
        UsageError: nothing says which clips are normal, both dates and a list do, or no clip is left.
    """
    if normal_list is not None and (since or until):
        raise UsageError("--normal-list and --since or --until exclude each other: leave one out")
    if normal_list is not None:
        chosen = _listed(clips, normal_list)
    elif since or until:
        chosen = select(clips, since=since, until=until)
        if not pc.any(pc.not_equal(clips["date"], UNDATED)).as_py():
            raise UsageError(f"none of {len(clips)} clips has a date for --since and --until: {CURE_OF_NO_DATE}")
        chosen = chosen.filter(pc.not_equal(chosen["split"], "test"))
    else:
        chosen = clips.filter(pc.equal(clips["split"], "train"))
        if not len(chosen) and not has_test_split(clips):
            chosen = _known_normal(clips)
        if not len(chosen):
            raise UsageError(_no_normal_clip(clips))
    chosen = chosen.filter(pc.not_equal(chosen["condition"], "anomalous"))
    for name in ("machine_type", "machine_id"):
        chosen = chosen.filter(pc.not_equal(chosen[name], UNPLACED))
    if not len(chosen):
        raise UsageError(f"no normal clip is left of {len(clips)}: widen --since and --until")
    return chosen


def _known_normal(clips: pa.Table) -> pa.Table:
    conditions = clips["condition"].to_pylist()
    machines = list(rows_of(clips, "machine_type", "machine_id"))
    held = held_out(machines, clips["uri"].to_pylist(), conditions)
    keep = [condition == "normal" and place not in held for place, condition in enumerate(conditions)]
    return clips.filter(pa.array(keep, pa.bool_()))


def _no_normal_clip(clips: pa.Table) -> str:
    first = "no clip is of split train, so which nights were normal is not known: "
    if latest_date(clips, tomorrow()) is None:
        return (
            f"{first}none of {len(clips)} clips has a date, so list the clips with --normal-list, or {CURE_OF_NO_DATE}"
        )
    return f"{first}name them with --since and --until, or list the clips with --normal-list"


def clips_to_score(
    clips: pa.Table, date: str | None = None, *, latest: bool = False, include_train: bool = False
) -> tuple[pa.Table, str | None]:
    """The clips to score, and the date they are of where there is one; see `asd_core.clips.splits`.

    Args:
        clips: a table with the columns of CLIPS.
        date: takes only clips of this date.
        latest: without a date and without a split ``test``, takes only clips of the latest date that is not in the
            future.
        include_train: takes clips of split ``train`` too.

    Raises:
        UsageError: no clip is left.
    """
    chosen = by_split(clips, include_train=include_train)
    if date is None and latest and not has_test_split(clips):
        date = latest_date(chosen, tomorrow())
    if date is not None:
        chosen = select(chosen, date=date)
        if not len(chosen):
            last = latest_date(clips, tomorrow())
            raise UsageError(
                f"no clip is of {date}" + (f"; the latest are of {last}" if last else "; no clip has a date")
            )
    elif not len(chosen):
        supplemental = " or supplemental" * pc.any(pc.not_equal(clips["split"], "train")).as_py()
        raise UsageError(
            f"none of {len(clips)} clips is to be scored: all are of split train{supplemental}; add --include-train"
        )
    return chosen, date


def _listed(clips: pa.Table, normal_list: str) -> pa.Table:
    """Clips whose uri, or the end of whose decoded path, stands in a text file, one a line."""
    lines = map(_as_path, read_text(normal_list, f"--normal-list {normal_list}").splitlines())
    wanted = {line for line in lines if line}
    found: set[str] = set()
    keep = []
    for uri in clips["uri"].to_pylist():
        parts = _as_path(urllib.parse.unquote(uri)).split("/")
        names = {uri, *("/".join(parts[i:]) for i in range(len(parts)))} & wanted
        found |= names
        keep.append(bool(names))
    if unknown := sorted(wanted - found):
        raise UsageError(f"{len(unknown)} lines of {normal_list} name no listed clip, the first: {unknown[0]!r}")
    return clips.filter(pa.array(keep))


def _as_path(line: str) -> str:
    """A path as it is compared: without quotes and blanks around it, and with slashes where Windows has backslashes."""
    return line.strip().strip('"').replace("\\", "/").removeprefix("./")

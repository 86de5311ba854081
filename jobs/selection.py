"""Which of the listed clips a job is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asd_core.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa


def training_clips(clips: pa.Table, since: str | None, until: str | None, normal_list: str | None) -> pa.Table:
    """The normal clips to fit on: by dates, by a list, or those of split ``train``; never one known to be anomalous.

    Raises:
        UsageError: none of the three says which clips are normal, both dates and a list do, or none is left.
    """
    import pyarrow.compute as pc

    from asd_core.clips import UNPLACED, select

    if normal_list is not None and (since or until):
        raise UsageError("--normal-list and --since or --until exclude each other: leave one out")
    if normal_list is not None:
        chosen = _listed(clips, normal_list)
    elif since or until:
        chosen = select(clips, since=since, until=until)
        chosen = chosen.filter(pc.not_equal(chosen["split"], "test"))
    else:
        chosen = clips.filter(pc.equal(clips["split"], "train"))
        if not len(chosen):
            raise UsageError(
                "no clip is of split train, so which nights were normal is not known: "
                "name them with --since and --until, or list the clips with --normal-list"
            )
    chosen = chosen.filter(pc.not_equal(chosen["condition"], "anomalous"))
    for name in ("machine_type", "machine_id"):
        chosen = chosen.filter(pc.not_equal(chosen[name], UNPLACED))
    if not len(chosen):
        raise UsageError(f"no normal clip is left of {len(clips)}: widen --since and --until")
    return chosen


def clips_to_score(
    clips: pa.Table, date: str | None, *, latest: bool, include_train: bool = False
) -> tuple[pa.Table, str | None]:
    """The clips to score, and the date they are of where there is one.

    Args:
        clips: all that are listed.
        date: only of this date.
        latest: where no date is named and no clip has a split, only those of the latest date that is not in the future.
        include_train: also clips of split ``train``.
    """
    import pyarrow.compute as pc

    from asd_core.clips import latest_date, select, tomorrow

    chosen = clips if include_train else clips.filter(pc.not_equal(clips["split"], "train"))
    has_splits = len(clips) > 0 and pc.any(pc.not_equal(clips["split"], "")).as_py()
    if date is None and latest and not has_splits:
        date = latest_date(chosen, tomorrow())
    if date is not None:
        chosen = select(chosen, date=date)
        if not len(chosen):
            last = latest_date(clips, tomorrow())
            raise UsageError(
                f"no clip is of {date}" + (f"; the latest are of {last}" if last else "; no clip has a date")
            )
    elif not len(chosen):
        raise UsageError(f"none of {len(clips)} clips is to be scored: all are of split train; add --include-train")
    return chosen, date


def _listed(clips: pa.Table, normal_list: str) -> pa.Table:
    """Clips whose uri, or the end of whose decoded path, stands in a text file, one a line."""
    import urllib.parse

    import pyarrow as pa

    try:
        lines = Path(normal_list).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read --normal-list {normal_list}: {error}") from error
    wanted = {line.strip().removeprefix("./") for line in lines if line.strip()}
    found: set[str] = set()
    keep = []
    for uri in clips["uri"].to_pylist():
        parts = urllib.parse.unquote(uri).split("/")
        names = {uri, *("/".join(parts[i:]) for i in range(len(parts)))} & wanted
        found |= names
        keep.append(bool(names))
    if unknown := sorted(wanted - found):
        raise UsageError(f"{len(unknown)} lines of {normal_list} name no listed clip, the first: {unknown[0]!r}")
    return clips.filter(pa.array(keep))

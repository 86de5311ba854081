"""The night of an archive without dates and splits: the recordings that have no score yet.

Nothing tells one night from another there. To score the whole archive each night again would be slow, and would report
each recording anew every night.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import CURE_OF_NO_DATE, UNDATED
from asd_core.clips.splits import has_test_split
from asd_core.store.store import Store

_TRY_AGAIN = ("no_scorer", "not_committed", "unreadable", "vanished", "changed")


def undated_night(store: Store, key: str, clips: pa.Table) -> tuple[pa.Table, str | None]:
    """The clips of a night, and a line that says how they were chosen; all clips and None where dates or splits tell.

    Where nothing is new, the clips of the last night are its clips, so that the same command finishes a broken run.

    Args:
        store: that was scored with.
        key: of the recipe.
        clips: of the archive that are to be scored, with the columns of CLIPS.
    """
    if has_test_split(clips) or pc.any(pc.not_equal(clips["date"], UNDATED)).as_py():
        return clips, None
    none_dated = f"none of {len(clips)} recordings has a date"
    rows = store.scores(key, UNDATED, ["clip_id", "error_reason"])
    settled = rows.filter(pc.invert(pc.is_in(rows["error_reason"], value_set=pa.array(_TRY_AGAIN))))
    new = clips.filter(pc.invert(_is_in(clips, settled)))
    if len(new):
        return new, f"{none_dated}, so this night is the {len(new)} that have no score yet; {CURE_OF_NO_DATE}"
    last = _last_night(store, key, clips)
    return last, f"{none_dated}, and all have a score: nothing is new (asd score scores them again); {CURE_OF_NO_DATE}"


def _last_night(store: Store, key: str, clips: pa.Table) -> pa.Table:
    for entry in reversed(store.entries(["nightly"], key, [UNDATED])):
        listed = store.read_clips(store.record(entry))
        if listed is not None and len(last := clips.filter(_is_in(clips, listed))):
            return last
    return clips


def _is_in(clips: pa.Table, others: pa.Table) -> pa.ChunkedArray:
    return pc.is_in(clips["clip_id"], value_set=others["clip_id"].combine_chunks())

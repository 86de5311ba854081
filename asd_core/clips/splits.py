"""The clips that an archive's splits leave to be scored.

Where an archive has a split ``test``, only its clips are scored and submitted. Where it has none, the clips of no split
are. Supplemental recordings (DCASE from 2025 on) are neither for training nor for testing.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import UNPLACED


def has_test_split(clips: pa.Table) -> bool:
    """True where a clip of a known machine is of split ``test``."""
    return bool(pc.any(pc.and_(pc.equal(clips["split"], "test"), _is_placed(clips))).as_py())


def by_split(clips: pa.Table, *, include_train: bool = False) -> pa.Table:
    """The clips that are to be scored, in their order.

    Clips of no known machine stay, whatever their split: a run over them is how people see them.

    Args:
        clips: a table with the columns of CLIPS or SCORES.
        include_train: takes clips of split ``train`` too.
    """
    is_train = pc.equal(clips["split"], "train")
    if has_test_split(clips):
        is_seen = pc.and_(pc.invert(_is_placed(clips)), pc.invert(pc.or_(is_train, _is_supplemental(clips))))
        keep = pc.or_(pc.equal(clips["split"], "test"), is_seen)
    elif pc.any(is_train).as_py():
        keep = pc.invert(pc.or_(is_train, _is_supplemental(clips)))
    else:
        keep = pc.is_valid(clips["split"])
    return clips.filter(pc.or_(keep, is_train) if include_train else keep)


def notes_on_no_split(clips: pa.Table) -> list[str]:
    """A line on clips that are left out because they are of no split in an archive that has splits."""
    is_of_none = pc.and_(pc.equal(clips["split"], ""), pc.or_(_is_placed(clips), _is_supplemental(clips)))
    if not has_test_split(clips):
        is_of_none = pc.and_(is_of_none, _is_supplemental(clips))
        if not pc.any(pc.equal(clips["split"], "train")).as_py():
            return []
    left_out = clips.filter(is_of_none)
    if not len(left_out):
        return []
    return [
        f"{len(left_out)} recordings of no split are left out, such as {left_out['uri'][0].as_py()}: "
        "where an archive has splits, split test is scored"
    ]


def _is_placed(clips: pa.Table) -> pa.ChunkedArray:
    return pc.and_(pc.not_equal(clips["machine_type"], UNPLACED), pc.not_equal(clips["machine_id"], UNPLACED))


def _is_supplemental(clips: pa.Table) -> pa.ChunkedArray:
    return pc.match_substring_regex(clips["uri"], r"/supplemental/[^/]*$")

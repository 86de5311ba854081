"""Lines that tell a user how the clips were chosen, where it may not be what they expect."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import CURE_OF_NO_DATE, UNDATED, UNPLACED
from asd_core.clips.dates import tomorrow
from asd_core.clips.selection import latest_date
from asd_core.clips.splits import has_test_split


def notes_on_no_date(clips: pa.Table) -> list[str]:
    """A line on clips without a date that no night will ever hold; none where splits or no dates at all decide.

    Args:
        clips: of an archive, with the columns of CLIPS.
    """
    undated = clips.filter(pc.and_(pc.equal(clips["date"], UNDATED), pc.not_equal(clips["machine_id"], UNPLACED)))
    if has_test_split(clips) or not len(undated) or latest_date(clips, tomorrow()) is None:
        return []
    return [
        f"{len(undated)} of {len(clips)} recordings have no date and are of no night, such as "
        f"{undated['uri'][0].as_py()} (asd score scores them): {CURE_OF_NO_DATE}"
    ]


def notes_on_training(clips: pa.Table, chosen: pa.Table, *, is_told: bool) -> list[str]:
    """Lines on clips that are learnt because they are known to be normal, and on an archive without dates.

    Args:
        clips: of the archive, with the columns of CLIPS.
        chosen: by `training_clips`.
        is_told: True where dates or a list were given.
    """
    notes = []
    if not is_told and not pc.any(pc.equal(chosen["split"], "train")).as_py():
        normal = pc.sum(pc.equal(clips["condition"], "normal")).as_py()
        notes.append(
            f"no recording is of split train, so {len(chosen)} of the {normal} known to be normal are learnt; of each "
            "machine as many as there are anomalous ones, at most half, the first by name, are left to measure false "
            "alarms on (--since and --until, --normal-list or a split choose others)"
        )
    has_splits = pc.any(pc.not_equal(clips["split"], "")).as_py()
    if not has_splits and latest_date(clips, tomorrow()) is None:
        notes.append(
            f"none of {len(clips)} recordings has a date, so asd nightly will take those that have no score yet for a "
            f"night: {CURE_OF_NO_DATE}"
        )
    return notes

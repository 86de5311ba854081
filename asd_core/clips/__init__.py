"""Archives of recordings as the clips table: one row per recording, for every layout of names."""

from asd_core.clips.archive import Listing, list_archive
from asd_core.clips.clip import UNPLACED, Clip, clip_id
from asd_core.clips.dates import tomorrow
from asd_core.clips.selection import (
    checked_date,
    clips_to_score,
    dated_after,
    latest_date,
    notes_on_dates,
    select,
    training_clips,
)

__all__ = [
    "UNPLACED",
    "Clip",
    "Listing",
    "checked_date",
    "clip_id",
    "clips_to_score",
    "dated_after",
    "latest_date",
    "list_archive",
    "notes_on_dates",
    "select",
    "tomorrow",
    "training_clips",
]

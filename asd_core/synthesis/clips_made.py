"""The table of generated clips beside a folder of them: ``clips.parquet``, and what it says of all of them."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.clips.manifest_table import is_manifest
from asd_core.errors import AsdError
from asd_core.store.addresses import open_files

CLIPS_MADE = "clips.parquet"
"""Name of the table in a folder of generated clips."""


def notes_on_clips_made(place: str) -> list[str]:
    """The notes that the table of a folder of generated clips has on them, such as random weights; none without one.

    Args:
        place: folder, address or manifest.

    Raises:
        AsdError: the table is broken.
    """
    if is_manifest(place):
        return []
    files = open_files(place)
    if not files.exists(CLIPS_MADE):
        return []
    try:
        table = pq.read_table(io.BytesIO(files.read(CLIPS_MADE)))
    except pa.ArrowException as error:
        raise AsdError(f"{CLIPS_MADE} in {place} is broken ({error}): make the clips again") from error
    notes = table["note"].unique().to_pylist() if "note" in table.column_names else []
    return [f"the generated clips: {note}" for note in notes if note]

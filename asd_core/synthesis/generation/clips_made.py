"""The table of generated clips beside a folder of them: ``clips.parquet``, and what it says of all of them."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.clips.manifest_table import is_manifest
from asd_core.errors import AsdError
from asd_core.store.addresses import open_files
from asd_core.synthesis.generation.archive import TABLE


def notes_on_clips_made(place: str) -> list[str]:
    """The notes that the table of a folder of generated clips has on them, such as random weights; none without one.

    Args:
        place: folder, address or manifest.

    Raises:
        AsdError: the table is broken.
    """
    place = place.removesuffix(f"/{TABLE}")
    if is_manifest(place):
        return []
    files = open_files(place)
    if not files.exists(TABLE):
        return []
    try:
        table = pq.read_table(io.BytesIO(files.read(TABLE)))
    except pa.ArrowException as error:
        raise AsdError(f"{TABLE} in {place} is broken ({error}): make the clips again") from error
    notes = table["note"].unique().to_pylist() if "note" in table.column_names else []
    return [f"the generated clips: {note}" for note in notes if note]

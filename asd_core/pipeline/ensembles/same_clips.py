"""Which clip of one table is which of another: by clip id, else by address, else by file name within a machine.

Clips that were imported have ids and addresses of their own, so that two imports of the same recording do not share
them. Their file names tell that they are the same. Recordings at real addresses are never the same by file name alone:
many archives call the first one of every night ``00.wav``.
"""

from __future__ import annotations

import urllib.parse
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.store.tables import rows_of


def places_of(clips: pa.Table, rows: pa.Table) -> pa.Array:
    """The place of each clip among rows, (N,) int64; null where it is not among them.

    Args:
        clips: N rows with ``clip_id``, ``uri``, ``machine_type`` and ``machine_id``.
        rows: likewise, each clip once.
    """
    found = pc.index_in(clips["clip_id"], value_set=rows["clip_id"].combine_chunks())
    if found.null_count:
        found = pc.coalesce(found, pc.index_in(clips["uri"], value_set=rows["uri"].combine_chunks()))
    if found.null_count:
        own, others = _names(clips), _names(rows)
        of_own, of_others = Counter(own), Counter(others)
        places = {name: place for place, name in enumerate(others) if of_others[name] == 1}
        by_name = [places.get(name) if of_own[name] == 1 else None for name in own]
        uris = rows["uri"].to_pylist()
        for number, uri in enumerate(clips["uri"].to_pylist()):
            place = by_name[number]
            if place is not None and not (is_imported(uri) or is_imported(uris[place])):
                by_name[number] = None
        found = pc.coalesce(found, pa.chunked_array([pa.array(by_name, pa.int32())]))
    return found.combine_chunks().cast(pa.int64())


def file_name(uri: str) -> str:
    """The name of the file at an address, its percent signs undone."""
    return urllib.parse.unquote(uri.rpartition("/")[2])


def is_imported(uri: str) -> bool:
    """True for the address of a clip that was imported without its own."""
    return uri.startswith("import:")


def _names(clips: pa.Table) -> list[tuple[str, str, str]]:
    return [(kind, name, file_name(uri)) for kind, name, uri in rows_of(clips, "machine_type", "machine_id", "uri")]

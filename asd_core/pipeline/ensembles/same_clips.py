"""Which clip of one table is which of another: by clip id, else by address, else by file name within a machine.

Clips that were imported have ids and addresses of their own, so that two imports of the same recording do not share
them. Their file names tell that they are the same.
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
        is_unique, twice = Counter(own), Counter(others)
        places = {name: place for place, name in enumerate(others) if twice[name] == 1}
        by_name = [places.get(name) if is_unique[name] == 1 else None for name in own]
        found = pc.coalesce(found, pa.chunked_array([pa.array(by_name, pa.int32())]))
    return found.combine_chunks().cast(pa.int64())


def file_name(uri: str) -> str:
    """The name of the file at an address, its percent signs undone."""
    return urllib.parse.unquote(uri.rpartition("/")[2])


def _names(clips: pa.Table) -> list[tuple[str, str, str]]:
    return [(kind, name, file_name(uri)) for kind, name, uri in rows_of(clips, "machine_type", "machine_id", "uri")]

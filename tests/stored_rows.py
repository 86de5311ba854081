"""Rows of the store's tables."""

import pyarrow as pa


def rows(schema, ids, **given):
    """Rows of a schema with these clip ids, other columns blank or as given."""
    blank = {pa.string(): "", pa.int64(): 0}
    columns = {f.name: [None if f.nullable else blank[f.type]] * len(ids) for f in schema}
    columns |= {"clip_id": ids, "uri": [f"file:///{i}" for i in ids], "date": ["2026-11-01"] * len(ids)}
    columns |= {"extra": ["{}"] * len(ids)} if "extra" in columns else {}
    return pa.table({**columns, **given}, schema=schema)


def blank_rows(schema, count, **given):
    """So many rows of a schema, blank where nothing is given."""
    blank = {pa.string(): "", pa.int64(): 0, pa.float64(): 0.0}
    columns = {f.name: [None if f.nullable else blank[f.type]] * count for f in schema}
    return pa.table({**columns, **given}, schema=schema)

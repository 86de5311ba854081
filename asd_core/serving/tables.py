"""Tables of the store as CSV, sent while they are read: never more than a piece of a night is held.

Text that a spreadsheet would take for a formula gets an apostrophe before it, as everywhere
(`asd_core.evaluation.csv_cells`). Lists are JSON.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from asd_core.evaluation.csv_cells import inert
from asd_core.serving.answers import store_of
from asd_core.serving.scored_clips import ScoredClips
from asd_core.store.alarm_schemas import ALARMS, EVIDENCE, LABELS
from asd_core.store.layout import name_of
from asd_core.store.run_records import SCORING
from asd_core.store.store import Store
from asd_core.store.tables import CAPTIONS, CLIPS, NIGHT

_ROWS_AT_ONCE = 512  # that are text at once

Read = Callable[[Store, str, str], Iterator[pa.Table]]
"""Reads a table of a KEY and a night, in pieces."""


def routes() -> list[Route]:
    """``/tables/<name>.csv?key=<KEY>&date=<date>``; without a date all nights of the KEY, the oldest first."""
    return [Route("/tables/{name}.csv", _table)]


def _scores(store: Store, key: str, date: str) -> Iterator[pa.Table]:
    return ScoredClips(store).columns(key, date, tuple(NIGHT.names))


def _clips(store: Store, key: str, date: str) -> Iterator[pa.Table]:
    return ScoredClips(store).columns(key, date, tuple(CLIPS.names))


def _alarms(store: Store, key: str, date: str) -> Iterator[pa.Table]:
    return (night.rows for night in store.kept_alarms(key, [date]).values())


def _evidence(store: Store, key: str, date: str) -> Iterator[pa.Table]:
    return (night.rows for night in store.kept_evidence(key, [date]).values())


def _captions(store: Store, key: str, date: str) -> Iterator[pa.Table]:
    yield store.captions(key, [date])


_OF_NIGHTS: dict[str, tuple[pa.Schema, Read]] = {
    "scores": (NIGHT, _scores),
    "clips": (CLIPS, _clips),
    "alarms": (ALARMS, _alarms),
    "evidence": (EVIDENCE, _evidence),
    "captions": (CAPTIONS, _captions),
}
TABLES = (*_OF_NIGHTS, "labels")
"""The tables that can be had."""


def csv_pieces(schema: pa.Schema, tables: Iterator[pa.Table]) -> Iterator[bytes]:
    """Tables as the pieces of one CSV file in UTF-8: a header, then some rows at a time.

    Args:
        schema: of all of them.
        tables: rows, read as they are wanted.
    """
    yield _lines([schema.names])
    for table in tables:
        for batch in table.select(schema.names).to_batches(_ROWS_AT_ONCE):
            yield _lines([[_cell(value) for value in row.values()] for row in batch.to_pylist()])


def _lines(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)  # lines end in CR LF (RFC 4180), so that either of them in a cell is quoted
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, list):
        return inert(json.dumps(value, ensure_ascii=False))
    return value.isoformat() if isinstance(value, datetime) else value


def _table(request: Request) -> Response:
    store, name = store_of(request), request.path_params["name"]
    key, date = (request.query_params.get(one, "") for one in ("key", "date"))
    if name == "labels":
        schema, tables = LABELS, iter([store.all_labels()])
    elif name in _OF_NIGHTS:
        schema, read = _OF_NIGHTS[name]
        tables = itertools.chain.from_iterable(read(store, key, night) for night in _nights(store, key, date))
    else:
        raise HTTPException(404)
    headers = {"Content-Disposition": f'attachment; filename="{name_of(*filter(None, (name, key, date)))}.csv"'}
    headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        return Response(headers=headers, media_type="text/csv; charset=utf-8")
    pieces = csv_pieces(schema, tables)
    begun = [next(pieces), next(pieces, b"")]  # a table that cannot be read is told before anything is sent
    return StreamingResponse(itertools.chain(begun, pieces), media_type="text/csv; charset=utf-8", headers=headers)


def _nights(store: Store, key: str, date: str) -> list[str]:
    """The scored nights of a KEY, or the one of them that is asked for."""
    if key not in {entry.key for entry in store.entries(SCORING)}:
        raise HTTPException(404)
    scored = sorted(store.scored_dates(key))
    if date and date not in scored:
        raise HTTPException(404)
    return [date] if date else scored

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from asd_core.clips.manifest_times import days, moments, moments_of_dates, text_column, translate
from asd_core.errors import UsageError

NIGHT, MORNING = datetime(2026, 11, 1, 3, 15), datetime(2026, 11, 1)
EAST = timezone(timedelta(hours=9))


def column(values: list[Any], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize(
    "values",
    [
        column(["2026-11-01", "20261101", "2026-11-01 03:15:00", "2026-11-01T23:15:00Z", "", "undated"]),
        column([MORNING, None, NIGHT], pa.timestamp("ns")),
        column([date(2026, 11, 1), None], pa.date32()),
        column([datetime(2026, 11, 1, 3, 15, tzinfo=EAST)], pa.timestamp("us", tz="Asia/Tokyo")),
        column([20261101]),
        column(["2026-11-01 03:15:00"]).dictionary_encode(),
    ],
)
def test_the_day_of_a_date_is_the_one_that_is_written(values: pa.ChunkedArray) -> None:
    assert set(days("list", values).to_pylist()) <= {"2026-11-01", ""}


def test_a_text_that_is_no_date_or_time_is_refused_with_its_row() -> None:
    with pytest.raises(UsageError, match=r"row 2 of list: date '19.11.2026' is not known: write 2026-11-19"):
        days("list", column(["2026-11-01", "19.11.2026"]))
    with pytest.raises(UsageError, match="row 1 of list: recorded_at 'soon'"):
        moments("list", column(["soon"]))


def test_moments_keep_their_instant_and_the_clock_that_wrote_them() -> None:
    written = [NIGHT.replace(tzinfo=EAST)]
    for values in (column(written, pa.timestamp("us", tz="Asia/Tokyo")), column(["2026-11-01T03:15:00+09:00"])):
        instants, local = moments("list", values)
        assert instants.to_pylist() == [datetime(2026, 10, 31, 18, 15, tzinfo=UTC)] and local.to_pylist() == [NIGHT]
    assert moments("list", column([date(2026, 11, 1)]))[1].to_pylist() == [MORNING]


@pytest.mark.parametrize(
    "values",
    [column([NIGHT, MORNING, None], pa.timestamp("ns")), column(["2026-11-01 3:15", "2026-11-01 00:00", ""])],
)
def test_dates_with_times_tell_moments(values: pa.ChunkedArray) -> None:
    instants, local = moments_of_dates(values)
    assert local.to_pylist() == [NIGHT, MORNING, None]
    assert instants.to_pylist() == [NIGHT.replace(tzinfo=UTC), MORNING.replace(tzinfo=UTC), None]


@pytest.mark.parametrize(
    "values",
    [
        column([MORNING, None], pa.timestamp("ns")),
        column(["2026-11-01 00:00:00", "2026-11-02 00:00:00"]),
        column(["2026-11-01", "", "undated"]),
        column([date(2026, 11, 1)]),
        column([20261101]),
    ],
)
def test_dates_alone_tell_none(values: pa.ChunkedArray) -> None:
    instants, local = moments_of_dates(values)
    assert set(instants.to_pylist()) == set(local.to_pylist()) == {None}


def test_each_text_is_translated_once_and_nothing_stays_nothing() -> None:
    asked: list[str] = []
    found = translate(column(["a", "", "a"]), lambda text: asked.append(text) or text.upper(), "list", "x", "a")
    assert found.to_pylist() == ["A", "", "A"] and asked == ["a"]
    assert text_column(column([7.0, None, True and 1.5])).to_pylist() == ["7", "", "1.5"]

from __future__ import annotations

import pyarrow as pa
import pytest

from asd_core.clips import dated_after, latest_date, select
from asd_core.clips.clip import UNPLACED, Placement, clips_table
from asd_core.clips.selection import of_machine
from asd_core.errors import UsageError

TODAY = "2026-11-19"
DATES = ["2026-11-01", "2026-11-02", "2026-11-03", "undated"]
CLIPS = clips_table(
    [f"file:///{i}.wav" for i in range(4)],
    [1] * 4,
    ["v"] * 4,
    [Placement("fan", "00", "test" if i % 2 else "train", date=date) for i, date in enumerate(DATES)],
)


def dates(**conditions: str) -> list[str]:
    chosen: list[str] = select(CLIPS, **conditions)["date"].to_pylist()
    return chosen


def test_no_condition_keeps_everything() -> None:
    assert dates() == DATES


def test_spans_are_inclusive_and_leave_out_what_has_no_date() -> None:
    assert dates(since="2026-11-02") == DATES[1:3]
    assert dates(until="20261102") == DATES[:2]
    assert dates(since="2026-11-02", until="2026-11-02") == DATES[1:2]


def test_conditions_hold_together() -> None:
    assert dates(date="undated") == ["undated"]
    assert dates(split="test", until="2026-11-03") == ["2026-11-02"]


@pytest.mark.parametrize(
    "conditions",
    [{"date": "19.11.2026"}, {"since": "yesterday"}, {"split": "dev"}, {"since": "2026-11-02", "until": "2026-11-01"}],
)
def test_a_wrong_condition_is_refused(conditions: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        select(CLIPS, **conditions)


def test_a_machine_has_the_clips_of_its_type_and_id_alone() -> None:
    places = [Placement(kind, ident) for kind, ident in (("fan", "00"), ("fan", "02"), ("pump", "00"))]
    clips = clips_table([f"file:///{i}.wav" for i in range(3)], [1] * 3, ["v"] * 3, places)
    assert of_machine(clips, "fan", "02")["uri"].to_pylist() == ["file:///1.wav"]
    assert not len(of_machine(clips, "pump", "02"))


def test_the_latest_date_is_of_the_dated_clips_only() -> None:
    assert latest_date(CLIPS, TODAY) == "2026-11-03"
    assert latest_date(select(CLIPS, date="undated"), TODAY) is None
    assert latest_date(CLIPS.slice(0, 0), TODAY) is None


def test_a_clip_of_no_known_machine_makes_no_night() -> None:
    stray = clips_table(["file:///x.wav"], [1], ["v"], [Placement(UNPLACED, UNPLACED, date="2026-11-18")])
    assert latest_date(pa.concat_tables([CLIPS, stray]), TODAY) == "2026-11-03"


def test_a_date_to_come_is_the_latest_only_where_there_is_no_other() -> None:
    assert latest_date(CLIPS, "2026-11-02") == "2026-11-02"
    assert latest_date(CLIPS, "1970-01-02") == "2026-11-03"
    assert dated_after(CLIPS, "2026-11-02")["date"].to_pylist() == ["2026-11-03"]
    assert len(dated_after(CLIPS, TODAY)) == 0

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from asd_core.clips.clip import UNPLACED, Placement, clips_table
from asd_core.clips.selection import (
    clips_to_score,
    dated_after,
    latest_date,
    notes_on_dates,
    of_machine,
    select,
    training_clips,
)
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


def labelled(*rows: dict[str, str]) -> pa.Table:
    """Clips of fan 00 of one date, but for the fields given."""
    usual = {"machine_type": "fan", "machine_id": "00", "date": "2026-11-01", "split": "", "condition": ""}
    return pa.Table.from_pylist([{**usual, "uri": f"file:///a/{i}%20b.wav", **row} for i, row in enumerate(rows)])


def numbers(clips: pa.Table) -> list[str]:
    return [uri.removeprefix("file:///a/")[0] for uri in clips["uri"].to_pylist()]


def test_clips_to_fit_on_are_those_of_split_train_or_of_nights_and_never_anomalous_or_unplaced() -> None:
    clips = labelled(
        {"split": "train"},
        {"split": "test"},
        {"split": "train", "condition": "anomalous"},
        {"split": "train", "machine_id": UNPLACED},
        {},
    )
    assert numbers(training_clips(clips)) == ["0"]
    assert numbers(training_clips(clips, since="2026-11-01")) == ["0", "4"]
    with pytest.raises(UsageError, match="no clip is of split train, so which nights were normal is not known"):
        training_clips(labelled({}))
    with pytest.raises(UsageError, match="no normal clip is left of 5"):
        training_clips(clips, until="2026-10-31")


def test_clips_known_to_be_normal_are_learnt_where_there_is_no_split() -> None:
    normal = [{"condition": "normal"}] * 3
    clips = labelled(*normal, {"condition": "anomalous"}, {})
    assert numbers(training_clips(clips)) == ["1", "2"]  # one stays for the test
    assert numbers(training_clips(labelled(*normal, {}))) == ["0", "1", "2"]
    assert numbers(training_clips(clips, since="2026-11-01")) == ["0", "1", "2", "4"]
    with pytest.raises(UsageError, match="no clip is of split train"):
        training_clips(labelled({"condition": "anomalous"}, {}))
    with pytest.raises(UsageError, match="no clip is of split train"):
        training_clips(labelled({"condition": "normal", "split": "test"}))


def test_an_archive_without_dates_is_told_so_rather_than_to_widen_them() -> None:
    undated = labelled(*[{"date": "undated"}] * 14)
    with pytest.raises(UsageError, match=r"none of 14 clips has a date for --since and --until: .*--pattern"):
        training_clips(undated, since="2026-11-01", until="2026-11-05")
    with pytest.raises(UsageError, match=r"none of 14 clips has a date, so list the clips with --normal-list"):
        training_clips(undated)


def test_a_list_names_clips_to_fit_on_by_the_end_of_their_path(tmp_path: Path) -> None:
    clips = labelled({}, {}, {})
    names = tmp_path / "normal.txt"
    names.write_text("./1 b.wav\n\na/2 b.wav\n")
    assert numbers(training_clips(clips, normal_list=str(names))) == ["1", "2"]
    names.write_text("3 b.wav")
    with pytest.raises(UsageError, match="1 lines of .* name no listed clip, the first: '3 b.wav'"):
        training_clips(clips, normal_list=str(names))
    with pytest.raises(UsageError, match="exclude each other"):
        training_clips(clips, since="2026-11-01", normal_list=str(names))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line", ["1 b.wav", r"a\1 b.wav", r".\a\1 b.wav", '"a/1 b.wav"', " a/1 b.wav "])
def test_a_list_of_normal_clips_may_come_from_windows(tmp_path: Path, encoding: str, line: str) -> None:
    (tmp_path / "normal.txt").write_bytes(f"{line}\r\n\r\n".encode(encoding))
    assert numbers(training_clips(labelled({}, {}), normal_list=str(tmp_path / "normal.txt"))) == ["1"]


def test_clips_to_score_are_of_the_latest_night_or_of_all_but_split_train() -> None:
    nights = labelled({}, {"date": "2026-11-02"})
    assert [numbers(clips_to_score(nights, latest=latest)[0]) for latest in (True, False)] == [["1"], ["0", "1"]]
    assert clips_to_score(nights, latest=True)[1] == "2026-11-02"
    split = labelled({"split": "train"}, {"split": "test"})
    assert numbers(clips_to_score(split, latest=True)[0]) == ["1"]
    assert numbers(clips_to_score(split, include_train=True)[0]) == ["0", "1"]
    learnt = labelled({"split": "train"}, {}, {"date": "2026-11-02"})
    assert numbers(clips_to_score(learnt, latest=True)[0]) == ["2"]
    with pytest.raises(UsageError, match="no clip is of 2026-12-24; the latest are of 2026-11-02"):
        clips_to_score(nights, "2026-12-24")
    with pytest.raises(UsageError, match="all are of split train; add --include-train"):
        clips_to_score(labelled({"split": "train"}))


def test_clips_of_dates_to_come_are_noted_with_an_example() -> None:
    assert notes_on_dates(labelled({})) == []
    (note,) = notes_on_dates(labelled({}, {"date": "2999-01-01"}))
    assert note.startswith("1 clips are of dates to come, such as file:///a/1%20b.wav of 2999-01-01: ")
